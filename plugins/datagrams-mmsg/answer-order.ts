// What passes between the main thread and one that answers.
import type { LogLevel } from '../../core/base/log.js'
import type { Portable } from '../../core/base/portable.js'
import type { Answerer } from '../../core/contracts/host.js'

/** All that a thread is given. */
export interface AnswerOrder {
  readonly answerer: Portable<Answerer>
  readonly fd: number
  readonly family: 4 | 6
  readonly batch: number
  /** Of the thread, as the node numbers them. */
  readonly number: number
  readonly seed: number
  /** By how many milliseconds the node's clock is ahead of the system's monotonic one. */
  readonly ahead: number
  /** Not 0: the thread is to end. */
  readonly stop: Int32Array<SharedArrayBuffer>
  readonly counts: Float64Array<SharedArrayBuffer>
}

export type FromAnswerer =
  | 'reading'
  | {
      readonly level: Exclude<LogLevel, 'silent'>
      readonly message: string
      readonly fields: Readonly<Record<string, unknown>> | undefined
    }

/**
 * By how many milliseconds a clock is ahead of the one that all threads share: as the quickest of a few looks says, since
 * a thread may be put to sleep between two.
 */
export function aheadOfSystem(now: () => number): number {
  let ahead = 0
  let least = Infinity
  for (let look = 0; look < 5; look++) {
    const before = process.hrtime.bigint()
    const at = now()
    const took = Number(process.hrtime.bigint() - before) / 1e6
    if (took >= least) continue
    least = took
    ahead = at - took / 2 - Number(before) / 1e6
  }
  return ahead
}
