// Rates driven by a passed-in now, so that virtual time works: an exponential average and a token bucket.

/** Bytes per second, averaged over about `windowMs`. Feed it once a tick. */
export class Meter {
  private value = 0
  private last = -1
  private pending = 0
  total = 0

  constructor(private readonly windowMs = 4000) {}

  add(bytes: number): void {
    this.pending += bytes
    this.total += bytes
  }

  /** Folds what was added since the last tick into the average. */
  tick(now: number): number {
    if (this.last >= 0 && now > this.last) {
      const elapsed = now - this.last
      const weight = Math.min(1, elapsed / this.windowMs)
      this.value += (this.pending * (1000 / elapsed) - this.value) * weight
      if (this.value < 1) this.value = 0
      this.pending = 0
    }
    this.last = now
    return this.value
  }

  get rate(): number {
    return this.value
  }
}

/** Lets `perSecond` through on average and `burst` at once. */
export class TokenBucket {
  private tokens: number
  private last = -1

  constructor(
    private perSecond: number,
    private burst: number,
  ) {
    this.tokens = burst
  }

  /** Takes `amount` if it is there. */
  take(amount: number, now: number): boolean {
    if (this.available(now) < amount) return false
    this.tokens -= amount
    return true
  }

  available(now: number): number {
    if (this.last >= 0) this.tokens = Math.min(this.burst, this.tokens + ((now - this.last) / 1000) * this.perSecond)
    this.last = now
    return this.tokens
  }
}
