// Before a store that may answer later: how many answers it may owe at one time, and for how long. A store behind a
// network that hangs must cost neither the tracker its memory nor the clients their patience.
import { isRefusal } from '../contracts/refusal.js'
import type { Clock, Timer } from '../base/clock.js'
import type { Later } from '../base/later.js'
import type { Refused } from '../contracts/refusal.js'
import type {
  AnnounceReply,
  AnnounceRequest,
  ScrapeCounts,
  SwarmLimits,
  SwarmStore,
  SwarmTotals,
} from '../contracts/swarm-store.js'
import type { InfoHash } from '../protocol/ids.js'

/** Answers owed. A reply of 200 peers is about 1.5 KiB, and what waits for one some hundreds of bytes. */
const MOST_WAITING = 10_000
/** Looked at so often; who has then waited for so long is told. */
const LOOK_MS = 100
const LONGEST_MS = 900

/** Silence is better by UDP: the client asks again by itself, and an answer costs as much as the question. */
const BUSY: Refused = {
  reason: 'the tracker has too much to do; try again later',
  kind: 'busy',
  retryMinutes: 1,
  quiet: true,
}
const OVERDUE = 'the tracker got no answer from its store; try again later'

interface Wait {
  readonly since: number
  readonly done: (result: string) => void
}

export class BoundedStore implements SwarmStore {
  /** In the order in which they came. */
  private readonly waiting = new Set<Wait>()
  private timer: Timer | null = null
  readonly walk?: NonNullable<SwarmStore['walk']>

  constructor(
    private readonly store: SwarmStore,
    private readonly clock: Clock,
  ) {
    if (store.walk !== undefined) this.walk = (...cursor) => store.walk?.(...cursor) ?? 0
  }

  limit(limits: SwarmLimits): void {
    this.store.limit(limits)
  }

  announce(request: AnnounceRequest, now: number, reply: AnnounceReply): ReturnType<SwarmStore['announce']> {
    if (this.waiting.size >= MOST_WAITING) return BUSY
    const answer = this.store.announce(request, now, reply)
    return answer === true || isRefusal(answer) ? answer : this.bounded(answer)
  }

  scrape(infoHash: InfoHash, family: 4 | 6, out: ScrapeCounts): boolean | Later<ScrapeCounts> {
    if (this.waiting.size >= MOST_WAITING) {
      return { settle: done => void this.clock.after(0, () => done(BUSY.reason)) }
    }
    const answer = this.store.scrape(infoHash, family, out)
    return typeof answer === 'boolean' ? answer : this.bounded(answer)
  }

  sweep(now: number, budgetMs: number): boolean {
    return this.store.sweep(now, budgetMs)
  }

  totals(): SwarmTotals {
    return this.store.totals()
  }

  /** Nobody is told any more. */
  close(): void {
    this.waiting.clear()
    this.timer?.cancel()
    this.timer = null
  }

  private bounded<T>(answer: Later<T>): Later<T> {
    return {
      settle: done => {
        const wait: Wait = { since: this.clock.now(), done }
        this.waiting.add(wait)
        this.timer ??= this.clock.after(LOOK_MS, this.look)
        answer.settle(result => {
          // An answer that comes after all finds nobody who wants it.
          if (this.waiting.delete(wait)) done(result)
        })
      },
    }
  }

  private readonly look = (): void => {
    const begun = this.clock.now() - LONGEST_MS
    for (const wait of this.waiting) {
      if (wait.since > begun) break
      this.waiting.delete(wait)
      wait.done(OVERDUE)
    }
    this.timer = this.waiting.size > 0 ? this.clock.after(LOOK_MS, this.look) : null
  }
}
