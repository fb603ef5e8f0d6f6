// How long answers took: a histogram whose buckets are a sixty-fourth wide at most, so that percentiles cost nothing to gather.

/** Milliseconds. NaN: nothing was answered. */
export interface AnswerTimes {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

const STEPS = 64
/** Powers of two of microseconds: up to an hour and more. */
const POWERS = 32

export class Histogram {
  private readonly buckets = new Float64Array(STEPS * POWERS)
  private count = 0
  private mostUs = 0

  add(ms: number): void {
    const us = ms * 1000
    if (us > this.mostUs) this.mostUs = us
    this.count++
    this.buckets[bucketOf(us)]! += 1
  }

  summary(): AnswerTimes {
    return {
      p50Ms: this.percentile(0.5),
      p99Ms: this.percentile(0.99),
      maxMs: this.count === 0 ? NaN : this.mostUs / 1000,
    }
  }

  private percentile(part: number): number {
    let left = this.count * part
    for (let i = 0; i < this.buckets.length; i++) {
      left -= this.buckets[i]!
      if (left <= 0 && this.count > 0) return Math.min(this.mostUs, endOf(i)) / 1000
    }
    return NaN
  }
}

/** Below 64 us a bucket for each; then 64 for each power of two. */
function bucketOf(us: number): number {
  const whole = Math.min(Math.max(0, Math.floor(us)), 2 ** 31 - 1)
  if (whole < STEPS) return whole
  const power = 31 - Math.clz32(whole) - 6
  return (power + 1) * STEPS + ((whole >>> power) - STEPS)
}

/** The first microsecond after the bucket. */
function endOf(bucket: number): number {
  if (bucket < STEPS) return bucket + 1
  const power = Math.floor(bucket / STEPS) - 1
  return ((bucket % STEPS) + STEPS + 1) * 2 ** power
}
