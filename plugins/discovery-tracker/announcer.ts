// When which tracker of one torrent is told what: a state machine without I/O. `tick` says whom to ask now; whoever
// asks brings back `answered` or `failed`. A tracker is never asked twice at the same time.
import type { Random } from '../../core/base/random.js'
import type { Progress } from '../../core/contracts/peer-discovery.js'
import { saneInterval, saneMinInterval } from '../../core/protocol/tracker-reply.js'
import { Lane } from './lane.js'
import type { Tiers } from './tiers.js'
import { TrackerRecord, type AnnounceKind } from './tracker-record.js'

const FIRST_RETRY_S = 30
const LONGEST_RETRY_S = 3600
const LONGEST_RETRY_IN_S = 86_400

export interface Attempt {
  readonly tracker: TrackerRecord
  readonly lane: Lane
  readonly kind: AnnounceKind
  /** The lane waits for this one. */
  readonly round: boolean
}

export class Announcer {
  private readonly lanes: readonly Lane[]
  private whole = false

  /** The URLs in `lanes` are distinct, and fit to be asked. */
  constructor(
    lanes: readonly Tiers[],
    private readonly random: Random,
  ) {
    this.lanes = lanes.map(
      tiers =>
        new Lane(
          tiers.map(tier => tier.map(address => new TrackerRecord(address))),
          random,
        ),
    )
  }

  tick(now: number, progress: Progress): Attempt[] {
    const attempts: Attempt[] = []
    for (const lane of this.lanes) {
      const tracker = lane.due(now, progress) ? lane.pick(now) : null
      if (tracker === null) continue
      lane.asking = tracker.busy = true
      attempts.push({ tracker, lane, kind: this.kindFor(tracker), round: true })
    }
    if (this.whole) attempts.push(...this.completions(now))
    return attempts
  }

  /** When `tick` has something to do for a torrent that is whole, unless something happens before. */
  nextDue(): number {
    let due = Infinity
    for (const lane of this.lanes) {
      due = Math.min(due, lane.dueAt)
      if (!this.whole) continue
      for (const tracker of lane.trackers)
        if (!tracker.busy && tracker.owedCompleted) due = Math.min(due, tracker.retryAt)
    }
    return due
  }

  answered(attempt: Attempt, intervalS: number, minIntervalS: number | undefined, now: number): void {
    const { tracker, lane } = attempt
    this.end(attempt)
    tracker.failures = 0
    tracker.retryAt = 0
    if (attempt.round || lane.uses(tracker))
      lane.answered(tracker, saneInterval(intervalS) * 1000, (saneMinInterval(minIntervalS) ?? 0) * 1000, now)
  }

  /** `retryIn`: seconds, or 'never', where the tracker said so (BEP 31). */
  failed(attempt: Attempt, retryIn: number | 'never' | undefined, now: number): void {
    const { tracker } = attempt
    this.end(attempt)
    tracker.failures++
    tracker.retryAt = now + this.backOff(tracker.failures, retryIn) * 1000
    if (attempt.round) attempt.lane.failed()
  }

  /** The download is whole: every tracker that met us as a leecher is to hear it once. */
  completed(): void {
    this.whole = true
  }

  refresh(): void {
    for (const lane of this.lanes) lane.refresh()
  }

  /** What is left to say on leaving, when nothing is under way: to each tracker that knows us, in this order. */
  farewells(): Attempt[][] {
    return this.lanes.flatMap(lane =>
      lane.trackers
        .filter(tracker => tracker.accepted)
        .map(tracker => {
          const stopped: Attempt = { tracker, lane, kind: 'stopped', round: false }
          return this.kindFor(tracker) === 'completed'
            ? [{ ...stopped, kind: 'completed' as const }, stopped]
            : [stopped]
        }),
    )
  }

  private completions(now: number): Attempt[] {
    const attempts: Attempt[] = []
    for (const lane of this.lanes) {
      for (const tracker of lane.trackers) {
        if (tracker.busy || tracker.retryAt > now || !tracker.owedCompleted) continue
        tracker.busy = true
        attempts.push({ tracker, lane, kind: 'completed', round: false })
      }
    }
    return attempts
  }

  private kindFor(tracker: TrackerRecord): AnnounceKind {
    if (!tracker.accepted) return 'started'
    return this.whole && tracker.owedCompleted ? 'completed' : 'regular'
  }

  private end(attempt: Attempt): void {
    attempt.tracker.busy = false
    if (attempt.round) attempt.lane.asking = false
  }

  // Doubled with each failure; up to a quarter more, so that those who failed together do not come back together.
  private backOff(failures: number, retryIn: number | 'never' | undefined): number {
    if (retryIn === 'never') return Infinity
    if (retryIn !== undefined) return Math.min(LONGEST_RETRY_IN_S, Math.max(FIRST_RETRY_S, retryIn))
    const doubled = Math.min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** Math.min(20, failures - 1))
    return Math.min(LONGEST_RETRY_S, doubled * (1 + this.random.below(250) / 1000))
  }
}
