/** A pending call; cancelling one that has run, or twice, does nothing. */
export interface Timer {
  cancel(): void
}

/** Time as the node sees it: the system's in production, a simulated world's under test. */
export interface Clock {
  /** Monotonic milliseconds from an arbitrary start; never jumps with the wall clock. */
  now(): number
  /** Wall-clock milliseconds since 1970; for logs and files only, never for intervals. */
  epoch(): number
  /**
   * Minutes by which local time is ahead of UTC at that moment of `epoch`, summer time included; for what people say by
   * the hour of the day. Absent: local time is UTC.
   */
  utcOffset?(epoch: number): number
  /** Calls `run` once, not before `ms` have passed, never inside `after` itself. A pending timer keeps the process up. */
  after(ms: number, run: () => void): Timer
  /** Calls `run` every `ms` until cancelled. */
  every(ms: number, run: () => void): Timer
}

/** Resolves after `ms` of the given clock; rejects with the signal's reason when that is aborted first. */
export function delay(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error)
    const abort = (): void => {
      timer.cancel()
      reject(signal?.reason as Error)
    }
    const timer = clock.after(ms, () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    })
    signal?.addEventListener('abort', abort, { once: true })
  })
}

/**
 * Where a time stands before the first tick. Practically 0, but no whole number: a field that begins as one and becomes
 * a fraction has V8 throw away all compiled code that read it.
 */
export const LONG_AGO = Number.MIN_VALUE
