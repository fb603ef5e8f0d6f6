// Published as `shoal/conformance`: the suites that every provider of a contract runs.
export * from './case.js'
export * from './manual-clock.js'
export * from './peer-discovery.js'
export * from './datagram-net.js'
export * from './file-system.js'
export * from './http-net.js'
export * from './names.js'
export * from './passing.js'
