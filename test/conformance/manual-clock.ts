// A clock that stands still until it is told to move: tests of hours take milliseconds and never sleep.
import type { Clock, Timer } from '../../core/base/clock.js'

interface Pending {
  at: number
  readonly sequence: number
  readonly every: number
  readonly run: () => void
}

export class ManualClock implements Clock {
  private readonly timers = new Set<Pending>()
  private sequence = 0

  constructor(
    private time = 1000,
    private readonly epochAtStart = Date.UTC(2024, 0, 1),
  ) {}

  now(): number {
    return this.time
  }

  epoch(): number {
    return this.epochAtStart + this.time
  }

  after(ms: number, run: () => void): Timer {
    return this.add(ms, 0, run)
  }

  every(ms: number, run: () => void): Timer {
    const step = Math.max(1, ms)
    return this.add(step, step, run)
  }

  /** Timers that still wait: 0 once everything under test has let go. */
  get pending(): number {
    return this.timers.size
  }

  /**
   * Moves on by `ms`, running what falls due in the order of its time, and of its making where times are equal. What
   * promises do in between is done before the next timer runs, and before this resolves.
   */
  async advance(ms: number): Promise<void> {
    const target = this.time + ms
    await settle()
    for (let next = this.next(target); next !== null; next = this.next(target)) {
      this.time = Math.max(this.time, next.at)
      if (next.every > 0) next.at += next.every
      else this.timers.delete(next)
      next.run()
      await settle()
    }
    this.time = target
  }

  private add(ms: number, every: number, run: () => void): Timer {
    const timer: Pending = { at: this.time + Math.max(0, ms), sequence: this.sequence++, every, run }
    this.timers.add(timer)
    return { cancel: () => void this.timers.delete(timer) }
  }

  private next(target: number): Pending | null {
    let first: Pending | null = null
    for (const timer of this.timers) {
      if (timer.at > target) continue
      if (first === null || timer.at < first.at || (timer.at === first.at && timer.sequence < first.sequence))
        first = timer
    }
    return first
  }
}

/** Lets every promise that can settle without I/O do so. */
export function settle(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
