// A swarm store on the far side of a network, in one process: whatever it is asked crosses as a message, is worked on
// there when the message arrives, and comes back later, before or after what was asked beside it; or does not come.
// Proves that the contract can be met that way, and shows a tracker what such a store may do to it.
import { toHex } from '../../core/base/bytes.js'
import { FarSwarms } from './far-swarms.js'
import type { Clock } from '../../core/base/clock.js'
import type { Later } from '../../core/base/later.js'
import type { Random } from '../../core/base/random.js'
import type {
  AnnounceReply,
  AnnounceRequest,
  Refused,
  ScrapeCounts,
  SwarmLimits,
  SwarmStore,
} from '../../core/contracts/index.js'
import type { InfoHash } from '../../core/protocol/ids.js'

export interface LateManner {
  readonly clock: Clock
  readonly random: Random
  /** Each way takes up to so long. */
  readonly mostMs: number
  /** Of so many messages one is lost, and its answer is LOST; none where absent. */
  readonly losesOneIn?: number
}

/** What a client is told where the far side could not be asked. */
export const LOST = 'the store could not be reached'

export class LateSwarmStore implements SwarmStore {
  /** Answers that were asked for and are yet to come. */
  owed = 0
  /** The most there ever were at one time. */
  owedAtMost = 0
  /** While true nothing crosses, and nothing comes back; `speak` lets it all through. */
  private silent = false
  private readonly held: (() => void)[] = []
  private readonly far = new FarSwarms()

  constructor(private readonly manner: LateManner) {}

  limit(limits: SwarmLimits): void {
    this.far.limits = { ...limits }
  }

  announce(request: AnnounceRequest, now: number, reply: AnnounceReply): Later<AnnounceReply | Refused> {
    const { from, event } = request
    const peer = Uint8Array.of(...from.ip, from.port >> 8, from.port & 0xff)
    const message = {
      swarm: nameOf(request.infoHash, from.family),
      peer,
      who: toHex(peer),
      site: toHex(from.ip.subarray(0, from.family === 4 ? 4 : 8)),
      event,
      seeder: request.left === 0,
      want: Math.min(request.numWant, Math.floor(reply.peers.length / peer.length)),
      now,
    }
    return this.asked<AnnounceReply | Refused>(() => this.far.announce(message))
  }

  scrape(infoHash: InfoHash, family: 4 | 6): Later<ScrapeCounts> {
    const name = nameOf(infoHash, family)
    return this.asked(() => this.far.scrape(name))
  }

  sweep(now: number): boolean {
    this.far.sweep(now)
    return false
  }

  totals(): { swarms: number; peers: number } {
    return this.far.totals()
  }

  hush(): void {
    this.silent = true
  }

  speak(): void {
    this.silent = false
    for (const act of this.held.splice(0)) act()
  }

  private asked<T>(work: () => T | string): Later<T> {
    return {
      settle: done => {
        this.owed++
        this.owedAtMost = Math.max(this.owedAtMost, this.owed)
        this.heard(() => this.cross(work, done))
      },
    }
  }

  private cross<T>(work: () => T | string, done: (answer: T | string) => void): void {
    const { clock, random, mostMs, losesOneIn = 0 } = this.manner
    const lost = losesOneIn > 0 && random.below(losesOneIn) === 0
    clock.after(random.below(mostMs + 1), () => {
      const answer = lost ? LOST : work()
      clock.after(random.below(mostMs + 1), () =>
        this.heard(() => {
          this.owed--
          done(answer)
        }),
      )
    })
  }

  private heard(act: () => void): void {
    if (this.silent) this.held.push(act)
    else act()
  }
}

const nameOf = (infoHash: Uint8Array, family: 4 | 6): string => `${family}${toHex(infoHash)}`
