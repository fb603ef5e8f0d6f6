/**
 * Bytes that may be used: they come at a steady rate, and no more of them are kept than `most`. Time is passed in. With
 * an infinite rate, which is how it begins, there are always enough.
 */
export class TokenBucket {
  rate = Infinity
  private most = Infinity
  private tokens = Infinity
  private filledAt = 0

  /** From now on `rate` a second. One that was without end begins empty, or `full`; else what is kept stays. */
  set(rate: number, most: number, now: number, full = false): void {
    this.fill(now)
    if (rate === Infinity) this.tokens = Infinity
    else this.tokens = this.tokens === Infinity ? (full ? most : 0) : Math.min(most, this.tokens)
    this.rate = rate
    this.most = most
  }

  fill(now: number): void {
    this.put((this.rate * (now - this.filledAt)) / 1000)
    this.filledAt = now
  }

  /** What may be used; less than nothing after it was overdrawn. */
  get level(): number {
    return this.tokens
  }

  put(bytes: number): void {
    if (this.rate !== Infinity) this.tokens = Math.min(this.most, this.tokens + bytes)
  }

  take(bytes: number): void {
    this.tokens -= bytes
  }

  /** Milliseconds until so many can be taken, or, where that is more than are ever kept, until it is full. */
  wait(bytes: number): number {
    const missing = Math.min(bytes, this.most) - this.tokens
    return missing <= 0 ? 0 : (1000 * missing) / this.rate
  }
}
