// How fast a node and each of its torrents may go. An upload waits for its turn before a block is sent. A download waits
// before a block is asked for, so that no more is under way than will be read; and where more comes than was to be, as
// after the limit was lowered, its links are paused until that is made up for.
import type { RateLimits } from '../contracts/node-api.js'
import { RateGate, type RateLane } from './rate-gate.js'

/** Reading is let go so much faster than asking: whoever answers what he was asked is never paused. */
const SLACK = 1.02
const READ_BURST = 64 * 1024

/** Calls `gate.woken()` after so many milliseconds. */
export type Wake = (gate: RateGate, ms: number) => void

export class NodePace {
  private readonly asks: RateGate
  private readonly reads: RateGate
  private readonly uploads: RateGate

  constructor(now: () => number, wake: Wake) {
    this.asks = new RateGate(now, ms => wake(this.asks, ms))
    this.reads = new RateGate(now, ms => wake(this.reads, ms), READ_BURST, true)
    this.uploads = new RateGate(now, ms => wake(this.uploads, ms))
  }

  limit({ down, up }: RateLimits): void {
    this.asks.setRate(down ?? Infinity)
    this.reads.setRate((down ?? Infinity) * SLACK)
    this.uploads.setRate(up ?? Infinity)
  }

  torrent(): TorrentPace {
    return new TorrentPace(this.asks.lane(), this.reads.lane(), this.uploads.lane())
  }
}

export class TorrentPace {
  constructor(
    readonly asks: RateLane,
    readonly reads: RateLane,
    readonly uploads: RateLane,
  ) {}

  limit({ down, up }: RateLimits): void {
    this.asks.setRate(down ?? Infinity)
    this.reads.setRate((down ?? Infinity) * SLACK)
    this.uploads.setRate(up ?? Infinity)
  }

  /** What this torrent may send at most, in bytes a second; others may want a part of it. */
  get uploadLimit(): number {
    return this.uploads.rate
  }

  close(): void {
    for (const lane of [this.asks, this.reads, this.uploads]) lane.close()
  }
}
