// A view of the swarms in one piece of memory: exact, at once, nothing allocated for an announce. Whoever has the memory
// may open one: the node's own on the main thread, which also sweeps and mends, and one in each tracker thread.
import { Arena } from './arena.js'
import { audit } from './audit.js'
import { allOf } from './census.js'
import { FamilyStore } from './family-store.js'
import { TICK } from './layout.js'
import { Locks } from './locks.js'
import { BUSY, KEYS, MAX_PEERS, MAX_PER_ADDRESS, MAX_SWARMS, reserve, TICK_SECONDS } from './memory.js'
import { Mender } from './mender.js'
import { Sweeper } from './sweeper.js'
import { Walk } from './walk.js'
import type { Clock } from '../../core/base/clock.js'
import type { Host } from '../../core/base/host.js'
import type { Portable } from '../../core/base/portable.js'
import type { Random } from '../../core/base/random.js'
import type { Probe } from '../../core/contracts/probe.js'
import type { Refusal } from '../../core/contracts/refusal.js'
import type {
  AnnounceReply,
  AnnounceRequest,
  ScrapeCounts,
  SwarmLimits,
  SwarmStore,
  SwarmTotals,
} from '../../core/contracts/swarm-store.js'
import type { InfoHash } from '../../core/protocol/ids.js'
import type { Memory } from './memory.js'

/** Ticks in a time-out. They go round after four, so a silent peer must be swept before nearly three more have passed. */
const TICKS = 32
const MOST_INT = 2 ** 31 - 1

/** What a view needs of the thread it is opened in. */
export interface ViewPlace {
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
  /** Of the thread; 0 is the main one. */
  readonly number: number
}

export class MemoryStore implements SwarmStore, Probe {
  readonly name = 'swarm-store-memory'
  readonly inThread?: Portable<SwarmStore>
  private readonly i32: Int32Array
  private readonly f64: Float64Array
  private readonly v4: FamilyStore
  private readonly v6: FamilyStore
  private readonly sweeper: Sweeper
  private readonly walker: Walk
  private readonly mender: Mender

  constructor(memory: Memory, { clock, random, number }: ViewPlace) {
    const locks = new Locks(memory, number)
    const arena = new Arena(memory, locks)
    const choose = xorShift(random.u32())
    this.i32 = arena.i32
    this.f64 = new Float64Array(memory)
    this.v4 = new FamilyStore(4, arena, locks, choose)
    this.v6 = new FamilyStore(6, arena, locks, choose)
    const families = [this.v4, this.v6]
    this.mender = new Mender(arena, families, locks)
    this.sweeper = new Sweeper(families, TICKS, clock)
    this.walker = new Walk(this.v4, this.v6, clock)
    if (memory instanceof SharedArrayBuffer) {
      this.inThread = { module: new URL('./in-thread.js', import.meta.url).href, data: memory }
    }
  }

  /** An empty store of up to so many bytes, shared with threads or not. */
  static create(bytes: number, shared: boolean, host: Pick<Host, 'clock' | 'random' | 'entropy'>): MemoryStore {
    const memory = reserve(bytes, shared)
    const keys = new Int32Array(memory, 4 * KEYS, 4)
    const secret = new Uint8Array(16)
    host.entropy.fill(secret)
    keys.set(new Int32Array(secret.buffer))
    const store = new MemoryStore(memory, { clock: host.clock, random: host.random, number: 0 })
    store.limit({ maxSwarms: MOST_INT, maxPeers: MOST_INT, maxPeersPerAddress: MOST_INT, peerTimeoutSeconds: 3600 })
    return store
  }

  limit(limits: SwarmLimits): void {
    this.i32[MAX_SWARMS] = Math.min(limits.maxSwarms, MOST_INT)
    this.i32[MAX_PEERS] = Math.min(limits.maxPeers, MOST_INT)
    this.i32[MAX_PER_ADDRESS] = Math.min(limits.maxPeersPerAddress, MOST_INT)
    this.f64[TICK_SECONDS] = limits.peerTimeoutSeconds / TICKS
  }

  announce(request: AnnounceRequest, now: number, reply: AnnounceReply): true | Refusal {
    return (request.from.family === 4 ? this.v4 : this.v6).announce(request, this.tick(now), reply)
  }

  scrape(infoHash: InfoHash, family: 4 | 6, out: ScrapeCounts): boolean {
    out.seeders = out.leechers = out.completed = out.partialSeeds = 0
    return (family === 4 ? this.v4 : this.v6).scrape(infoHash, out)
  }

  sweep(now: number, budgetMs: number): boolean {
    this.mender.mendIfNeeded()
    return this.sweeper.sweep(this.tick(now), budgetMs)
  }

  totals(): SwarmTotals {
    const families = [this.v4.census.totals(), this.v6.census.totals()]
    return { ...allOf(this.i32), families, refusedBusy: Atomics.load(this.i32, BUSY) }
  }

  walk(cursor: number, budgetMs: number, visit: (infoHash: InfoHash) => void): number {
    return this.walker.go(cursor, budgetMs, visit)
  }

  threadEnded(number: number): void {
    this.mender.breakLocksOf(number)
    this.mender.mendIfNeeded()
  }

  check(): readonly string[] {
    const faults = this.mender.atRest(() => audit(this.v4.arena, [this.v4, this.v6]))
    return faults ?? ['a lock was not to be had: nothing could be counted']
  }

  private tick(now: number): number {
    return Math.floor(now / this.f64[TICK_SECONDS]!) & TICK
  }
}

/** Marsaglia's xorshift, 16 bits of it: enough to choose whom to name in a reply. */
function xorShift(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 16
  }
}
