/**
 * Work that cannot be called back, left alone when the signal is aborted: rejects then with what `reason` makes. A late
 * outcome of the work is dropped.
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, reason: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(reason())
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
