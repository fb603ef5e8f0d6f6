// How a suite lets time pass, so that the same cases run against real sockets and in simulated worlds: a suite itself
// has no timers.

export interface Passing {
  /** Lets time pass until the condition holds; rejects when it does not come true for long. */
  until(holds: () => boolean): Promise<void>
  /** Lets pass what is under way: long enough for what was sent to have arrived. */
  settle(): Promise<void>
}

/** Lets time pass until the promise is settled, and gives what came of it. */
export async function finish<T>(passing: Passing, promise: Promise<T>): Promise<T> {
  let settled = false
  const over = (): void => {
    settled = true
  }
  promise.then(over, over)
  await passing.until(() => settled)
  return promise
}
