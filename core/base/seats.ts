// Work of which only so much may be under way at once: whoever finds no seat free waits in line.

export class Seats {
  private readonly waiting = new Set<(seated: boolean) => void>()

  constructor(private free: number) {}

  /** Resolves with true once there is a seat, to be given back by `leave`; with false when the signal is aborted before. */
  take(signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted) return Promise.resolve(false)
    if (this.free > 0) {
      this.free--
      return Promise.resolve(true)
    }
    return new Promise(resolve => {
      const given = (seated: boolean): void => {
        this.waiting.delete(given)
        signal?.removeEventListener('abort', tooLate)
        resolve(seated)
      }
      const tooLate = (): void => given(false)
      signal?.addEventListener('abort', tooLate, { once: true })
      this.waiting.add(given)
    })
  }

  leave(): void {
    const [next] = this.waiting
    if (next === undefined) this.free++
    else next(true)
  }
}
