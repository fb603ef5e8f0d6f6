// What every tracker server asks: the rate of the asker's network first, then policies, then the swarm store, with
// ceilings and intervals put in. The same on the main thread and beside a socket in another; the store's limits and its
// sweeping are elsewhere (`upkeep`).
import { messageOf } from '../base/errors.js'
import { isRefusal } from '../contracts/refusal.js'
import { FAULT_OF_OURS } from './errors.js'
import { LateScrape } from './late-scrape.js'
import { TOO_FAST, type PrefixRate } from './prefix-rate.js'
import { countRefusal, refusalCounts } from './refusal-counts.js'
import type { Clock } from '../base/clock.js'
import type { Later } from '../base/later.js'
import type { Logger } from '../base/log.js'
import type { Random } from '../base/random.js'
import type { AnnouncePolicy } from '../contracts/announce-policy.js'
import type { Refusal, Refused } from '../contracts/refusal.js'
import type { AnnounceReply, AnnounceRequest, ScrapeCounts, SwarmLimits, SwarmStore } from '../contracts/swarm-store.js'
import type { ScrapeVisit, TrackerService } from '../contracts/tracker.js'
import type { InfoHash } from '../protocol/ids.js'

export interface TrackerOptions extends SwarmLimits {
  readonly intervalSeconds: number
  readonly minIntervalSeconds: number
  /** For those who do not say how many peers they want. */
  readonly peersPerReply: number
  readonly fullScrape: boolean
}

/** Nobody gets more in one reply, whatever they ask. */
export const MOST_PEERS_PER_REPLY = 200
/** Intervals are drawn out by up to this part, so that those who came together do not come together for ever. */
const JITTER = 10

export class TrackerCore implements TrackerService {
  private readonly counts: ScrapeCounts = { seeders: 0, leechers: 0, completed: 0, partialSeeds: 0 }
  private readonly jitter: number
  private readonly minInterval: number
  private faulty = false

  constructor(
    private readonly store: SwarmStore,
    private readonly policies: readonly AnnouncePolicy[],
    private readonly options: TrackerOptions,
    private readonly clock: Pick<Clock, 'now'>,
    private readonly random: Random,
    private readonly log: Logger,
    private readonly rate: PrefixRate | null = null,
    /** This thread's row. */
    private readonly refusals = refusalCounts().row(0),
  ) {
    this.jitter = Math.floor(options.intervalSeconds / JITTER) + 1
    this.minInterval = Math.min(options.minIntervalSeconds, options.intervalSeconds)
  }

  announce(request: AnnounceRequest, reply: AnnounceReply): null | Refusal | Later<AnnounceReply | Refused> {
    const answer = this.decide(request, reply)
    if (answer !== null && isRefusal(answer)) countRefusal(this.refusals, answer)
    return answer
  }

  admitScraper(ip: Uint8Array): Refused | null {
    return this.rate === null || this.rate.take(ip, this.clock.now()) ? null : TOO_FAST
  }

  scrape(hashes: readonly InfoHash[], family: 0 | 4 | 6, visit: ScrapeVisit): null | Later<true> {
    try {
      return this.scrapeEach(hashes, family, visit)
    } catch (error) {
      this.fault(error)
      return null
    }
  }

  scrapeAll(
    cursor: number,
    budgetMs: number,
    visit: (infoHash: InfoHash, seeders: number, completed: number, leechers: number, partialSeeds: number) => void,
  ): number | null {
    const { store } = this
    if (!this.options.fullScrape || store.walk === undefined) return null
    let complete = true
    try {
      const next = store.walk(cursor, budgetMs, hash => {
        const late = this.scrapeEach([hash], 0, (_, seeders, completed, leechers, partialSeeds) => {
          visit(hash, seeders, completed, leechers, partialSeeds)
        })
        if (late !== null) complete = false
      })
      return complete ? next : null
    } catch (error) {
      this.fault(error)
      return null
    }
  }

  private decide(request: AnnounceRequest, reply: AnnounceReply): null | Refusal | Later<AnnounceReply | Refused> {
    if (request.numWant < 0) request.numWant = this.options.peersPerReply
    if (request.numWant > MOST_PEERS_PER_REPLY) request.numWant = MOST_PEERS_PER_REPLY
    try {
      const now = this.clock.now()
      if (this.rate !== null && !this.rate.take(request.from.ip, now)) return TOO_FAST
      for (const policy of this.policies) {
        const refused = policy.admit(request)
        if (refused !== null) return refused
      }
      const answer = this.store.announce(request, now / 1000, reply)
      if (answer === true) {
        this.timed(reply)
        return null
      }
      return isRefusal(answer) ? answer : this.later(answer)
    } catch (error) {
      return this.fault(error)
    }
  }

  private scrapeEach(hashes: readonly InfoHash[], family: 0 | 4 | 6, visit: ScrapeVisit): LateScrape | null {
    let late: LateScrape | null = null
    for (let i = 0; i < hashes.length; i++) {
      const hash = hashes[i]
      if (hash === undefined || !this.mayScrape(hash)) continue
      let seeders = 0
      let leechers = 0
      let completed = 0
      let partialSeeds = 0
      for (const one of family === 0 ? BOTH : family === 4 ? V4 : V6) {
        const answer = this.store.scrape(hash, one, this.counts)
        if (typeof answer !== 'boolean') (late ??= new LateScrape(visit)).wait(i, answer)
        else if (answer) {
          seeders += this.counts.seeders
          leechers += this.counts.leechers
          completed += this.counts.completed
          partialSeeds += this.counts.partialSeeds
        }
      }
      const waits = late !== null && late.add(i, seeders, completed, leechers, partialSeeds)
      if (!waits) visit(i, seeders, completed, leechers, partialSeeds)
    }
    return late
  }

  private timed(reply: AnnounceReply): AnnounceReply {
    reply.interval = this.options.intervalSeconds + (this.random.u32() % this.jitter)
    reply.minInterval = this.minInterval
    return reply
  }

  private later(answer: Later<AnnounceReply | Refused>): Later<AnnounceReply | Refused> {
    return {
      settle: done =>
        answer.settle(result => {
          if (isRefusal(result)) countRefusal(this.refusals, result)
          done(isRefusal(result) ? result : this.timed(result))
        }),
    }
  }

  private mayScrape(infoHash: InfoHash): boolean {
    for (const policy of this.policies) if (policy.admitScrape?.(infoHash) === false) return false
    return true
  }

  /** A policy or a store that throws has broken its contract: nobody is admitted by it, and it is told of once. */
  private fault(error: unknown): Refused {
    const stack = error instanceof Error ? error.stack : undefined
    if (!this.faulty) this.log.error('a policy or the swarm store failed', { error: messageOf(error), stack })
    this.faulty = true
    return FAULT_OF_OURS
  }
}

const V4 = [4] as const
const V6 = [6] as const
const BOTH = [4, 6] as const
