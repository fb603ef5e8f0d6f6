// Published as `shoal/conformance`: the suites that every provider of a contract runs.
export * from './case.js'
