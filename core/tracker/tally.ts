// What strangers do is counted and not logged; here the counters are told of: one line for each of them, at most once a
// second, and only where there was something. A flood fills no log.
import type { Clock, Timer } from '../base/clock.js'
import type { Logger } from '../base/log.js'

const LOOK_MS = 1000

export interface Counted {
  /** How many since the start. */
  read(): number
  /** Follows the number: "packets with wrong connection ids". */
  readonly what: string
  /** debug: for what others do. warn: for what the operator can do something about, once a minute. */
  readonly level: 'debug' | 'warn'
}

const AT_MOST_EVERY = { debug: LOOK_MS, warn: 60_000 } as const

interface Line extends Counted {
  seen: number
  untold: number
  /** Since when there is something untold. */
  since: number
  quietUntil: number
}

export class Tally {
  private readonly lines: Line[]
  private timer: Timer | null = null
  private lookedAt: number

  /** `who` begins each line: "UDP tracker". */
  constructor(
    private readonly who: string,
    counted: readonly Counted[],
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {
    this.lookedAt = clock.now()
    this.lines = counted.map(one => ({
      ...one,
      read: () => one.read(),
      seen: one.read(),
      untold: 0,
      since: 0,
      quietUntil: 0,
    }))
  }

  start(): void {
    this.timer ??= this.clock.every(LOOK_MS, () => this.look())
  }

  stop(): void {
    this.timer?.cancel()
    this.timer = null
  }

  private look(): void {
    const now = this.clock.now()
    for (const line of this.lines) {
      const count = line.read()
      if (line.untold === 0) line.since = this.lookedAt
      line.untold += count - line.seen
      line.seen = count
      if (line.untold > 0 && now >= line.quietUntil) this.tell(line, now)
    }
    this.lookedAt = now
  }

  private tell(line: Line, now: number): void {
    const seconds = Math.max(1, Math.round((now - line.since) / 1000))
    const span = seconds === 1 ? 'second' : `${seconds} seconds`
    this.log[line.level](`${this.who}: ${line.untold.toLocaleString('en-US')} ${line.what} in the last ${span}`)
    line.untold = 0
    // A timer may come a little early or late.
    line.quietUntil = now + AT_MOST_EVERY[line.level] - LOOK_MS / 2
  }
}
