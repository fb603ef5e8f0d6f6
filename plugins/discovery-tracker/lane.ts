// A list of tiers walked as BEP 12 says: each round begins at the front, a tracker that fails is passed over until its
// back-off ends, one that answers moves to the front of its tier. And when the next round is due.
import { shuffle, type Random } from '../../core/base/random.js'
import type { Progress } from '../../core/contracts/peer-discovery.js'
import type { TrackerRecord } from './tracker-record.js'

/** While no peer is connected, a round is asked for this soon, then at twice the time and so on up to the interval. */
const HUNGRY_MS = 30_000

export class Lane {
  asking = false
  /** In the order in which they are asked. */
  readonly trackers: TrackerRecord[]
  /** The tracker that answered last. */
  private latest: TrackerRecord | null = null
  private regularAt = 0
  private hungryAt = 0
  private hungryRounds = 0
  private refreshing = false

  constructor(
    private readonly tiers: readonly TrackerRecord[][],
    random: Random,
  ) {
    for (const tier of tiers) shuffle(tier, random)
    this.trackers = tiers.flat()
  }

  /** Another tracker might answer in this one's place. */
  get hasChoice(): boolean {
    return this.trackers.filter(tracker => tracker.retryAt !== Infinity).length > 1
  }

  due(now: number, progress: Progress): boolean {
    if (this.asking) return false
    const hungry = this.refreshing || (progress.left > 0 && progress.partialSeed !== true && progress.connected === 0)
    if (!hungry) this.hungryRounds = 0
    return now >= (hungry ? this.hungryAt : this.regularAt)
  }

  /** When the next round is due, for a torrent that wants no data. A tracker that is busy with something else is looked at again. */
  get dueAt(): number {
    if (this.asking || this.trackers.length === 0) return Infinity
    return this.refreshing ? this.hungryAt : this.regularAt
  }

  /** The tracker whose turn it is; null when all are backing off (then nothing is due before the first is back) or it is busy. */
  pick(now: number): TrackerRecord | null {
    const { trackers } = this
    const tracker = trackers.find(one => one.retryAt <= now)
    if (tracker !== undefined) return tracker.busy ? null : tracker
    this.hungryAt = this.regularAt = Math.min(...trackers.map(one => one.retryAt))
    return null
  }

  answered(tracker: TrackerRecord, intervalMs: number, minIntervalMs: number, now: number): void {
    this.promote(tracker)
    this.latest = tracker
    const wait = Math.max(intervalMs, minIntervalMs)
    this.regularAt = now + wait
    this.hungryAt = now + Math.min(wait, Math.max(minIntervalMs, HUNGRY_MS * 2 ** this.hungryRounds++))
    this.refreshing = false
  }

  /** An answer outside the lane's own round counts as one where it came from the tracker in use. */
  uses(tracker: TrackerRecord): boolean {
    return this.latest === tracker
  }

  /** Another one answered last. */
  leaves(tracker: TrackerRecord): boolean {
    return this.latest !== null && this.latest !== tracker
  }

  /** The next tracker's turn, at once. */
  failed(): void {
    this.hungryAt = this.regularAt = 0
  }

  refresh(): void {
    this.refreshing = true
  }

  private promote(tracker: TrackerRecord): void {
    let first = 0
    for (const tier of this.tiers) {
      if (tier.includes(tracker)) {
        const at = this.trackers.indexOf(tracker)
        this.trackers.splice(at, 1)
        this.trackers.splice(first, 0, tracker)
        return
      }
      first += tier.length
    }
  }
}
