// The tracker's memory in one arena: exact, at once, nothing allocated for an announce. Both families share the arena
// and the caps; everything else they have for themselves.
import { Arena } from './arena.js'
import { audit } from './audit.js'
import { FAMILY_WORDS, FamilyStore } from './family-store.js'
import { INFO_HASH } from './layout.js'
import { Sweeper } from './sweeper.js'
import { TABLES } from './swarm-table.js'
import type { Clock } from '../../core/base/clock.js'
import type { Host } from '../../core/base/host.js'
import type { Probe } from '../../core/contracts/probe.js'
import type { Refused } from '../../core/contracts/refusal.js'
import type {
  AnnounceReply,
  AnnounceRequest,
  ScrapeCounts,
  SwarmLimits,
  SwarmStore,
} from '../../core/contracts/swarm-store.js'
import type { InfoHash } from '../../core/protocol/ids.js'
import type { Census } from './family-store.js'

/** Ticks in a time-out. A tick is a byte, so a silent peer must be swept before another three time-outs have passed. */
const TICKS = 64

export class MemoryStore implements SwarmStore, Probe {
  readonly name = 'swarm-store-memory'
  private readonly census: Census = { swarms: 0, peers: 0 }
  private readonly arena: Arena
  private readonly v4: FamilyStore
  private readonly v6: FamilyStore
  private readonly sweeper: Sweeper
  private tickSeconds = 1

  private readonly clock: Clock

  constructor(memoryBytes: number, { clock, random, entropy }: Pick<Host, 'clock' | 'random' | 'entropy'>) {
    this.clock = clock
    const key = new Int32Array(4)
    entropy.fill(new Uint8Array(key.buffer))
    const seed = { key, random: xorShift(random.u32()) }
    this.arena = Arena.reserve(memoryBytes, 2 * FAMILY_WORDS)
    const { reserved } = this.arena
    this.v4 = new FamilyStore(4, this.arena, reserved, seed, this.census)
    this.v6 = new FamilyStore(6, this.arena, reserved + FAMILY_WORDS, seed, this.census)
    this.sweeper = new Sweeper([this.v4, this.v6], this.census, TICKS, clock)
  }

  limit(limits: SwarmLimits): void {
    this.v4.limits = this.v6.limits = limits
    this.tickSeconds = limits.peerTimeoutSeconds / TICKS
  }

  announce(request: AnnounceRequest, now: number, reply: AnnounceReply): true | Refused {
    return (request.from.family === 4 ? this.v4 : this.v6).announce(request, this.tick(now), reply)
  }

  scrape(infoHash: InfoHash, family: 4 | 6, out: ScrapeCounts): boolean {
    out.seeders = out.leechers = out.completed = 0
    return (family === 4 ? this.v4 : this.v6).scrape(infoHash, out)
  }

  sweep(now: number, budgetMs: number): boolean {
    return this.sweeper.sweep(this.tick(now), budgetMs)
  }

  totals(): Readonly<Census> {
    return this.census
  }

  walk(cursor: number, budgetMs: number, visit: (infoHash: InfoHash) => void): number {
    const bytes = new Uint8Array(20) as InfoHash
    const end = this.clock.now() + budgetMs
    let at = cursor
    do {
      const table = at % TABLES
      const store = at < TABLES ? this.v4 : this.v6
      for (let slot = 0; slot < store.table.slotsOf(table); slot++) {
        const root = store.table.at(table, slot)
        if (root === 0) continue
        const from = 4 * (root + INFO_HASH)
        bytes.set(this.arena.u8.subarray(from, from + 20))
        if (store === this.v4 || this.v4.table.find(bytes) === 0) visit(bytes)
      }
      if (++at === 2 * TABLES) return 0
    } while (this.clock.now() < end)
    return at
  }

  check(): readonly string[] {
    return audit(this.arena, [this.v4, this.v6], this.census)
  }

  private tick(now: number): number {
    return Math.floor(now / this.tickSeconds) & 0xff
  }
}

/** Marsaglia's xorshift: enough to choose whom to name in a reply. */
function xorShift(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
