// One error class for the whole node. A code says what happened, `blame` says who has to act.

/**
 * operator: a profile, a path, a port, a full disk; told without a stack and with what to do.
 * remote: a peer, a tracker or a .torrent; counted, never fatal, never above debug in the log.
 * defect: ours, or a plugin that broke its contract; told with a stack.
 */
export type Blame = 'operator' | 'remote' | 'defect'

export interface NodeErrorOptions {
  readonly cause?: unknown
  readonly details?: Readonly<Record<string, unknown>>
}

const brand = Symbol.for('shoal:node-error')

export class NodeError extends Error {
  readonly code: string
  readonly blame: Blame
  readonly details: Readonly<Record<string, unknown>>
  readonly [brand] = true

  constructor(code: string, blame: Blame, message: string, options: NodeErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'NodeError'
    this.code = code
    this.blame = blame
    this.details = options.details ?? {}
  }

  /** Recognises errors of another copy of the package as well. */
  static is(value: unknown): value is NodeError {
    return value instanceof Error && brand in value
  }
}

/** A layer's codes, each with whom it blames. Codes begin with `ERR_`. */
export type ErrorTable<C extends string> = {
  readonly codes: readonly C[]
  make(code: C, message: string, options?: NodeErrorOptions): NodeError
}

/** Declares the closed table of codes of one layer or plugin; the README beside it lists the same codes. */
export function errorTable<C extends `ERR_${string}`>(table: Readonly<Record<C, Blame>>): ErrorTable<C> {
  return {
    codes: Object.keys(table) as C[],
    make: (code, message, options) => new NodeError(code, table[code], message, options),
  }
}

/** What an unknown thrown value says, in one line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The system's own code of a failed call (ENOENT and the like), "" where there is none. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
