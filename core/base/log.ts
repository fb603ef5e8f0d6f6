export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/**
 * Lines for people. Fields are plain data; a level that is off costs a call and nothing else, so pass no computed
 * text where it matters. Remote misbehaviour stays at debug, and is never logged a line a packet.
 */
export interface Logger {
  child(fields: Readonly<Record<string, unknown>>): Logger
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** Says nothing; for tests and for simulated nodes. */
export const silentLogger: Logger = {
  child: () => silentLogger,
  debug() {},
  info() {},
  warn() {},
  error() {},
}
