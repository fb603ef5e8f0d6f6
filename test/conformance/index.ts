// Published as `shoal/conformance`: the suites that every provider of a contract runs.
export * from './case.js'
export * from './load-plugin.js'
export * from './manual-clock.js'
export * from './peer-discovery.js'
export * from './storage.js'
export * from './tracker-client.js'
export { StorageContent } from './storage-content.js'
