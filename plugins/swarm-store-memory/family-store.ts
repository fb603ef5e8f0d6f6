// The swarms of one address family: the announce and scrape of a SwarmStore over packed blocks.
import { AnnounceEvent } from '../../core/contracts/swarm-store.js'
import { KeyIndex } from './key-index.js'
import { COMPLETED, Layout } from './layout.js'
import { PackedPeers } from './packed-peers.js'
import { PeerChoice, STAGE_WORDS } from './peer-choice.js'
import { PeerKey } from './peer-key.js'
import { Swarm } from './swarm.js'
import { SwarmTable, TABLE_WORDS } from './swarm-table.js'
import type { Refused } from '../../core/contracts/refusal.js'
import type { AnnounceReply, AnnounceRequest, ScrapeCounts, SwarmLimits } from '../../core/contracts/swarm-store.js'
import type { InfoHash } from '../../core/protocol/ids.js'
import type { Arena } from './arena.js'

const SCRATCH_WORDS = 32
/** Reserved words of the arena that a family needs: scratch, the tables, the reply. */
export const FAMILY_WORDS = SCRATCH_WORDS + TABLE_WORDS + STAGE_WORDS

/** Room comes back as peers fall silent. */
const WAIT = 15

const REFUSED = {
  swarms: { reason: 'the tracker is full: it takes no further torrents', kind: 'full', retryMinutes: WAIT },
  peers: { reason: 'the tracker is full: it takes no further peers', kind: 'full', retryMinutes: WAIT },
  address: { reason: 'too many peers of your address in this torrent', kind: 'full', retryMinutes: WAIT },
  memory: { reason: 'the tracker is out of memory', kind: 'full', retryMinutes: WAIT },
} satisfies Record<string, Refused>

const UNLIMITED: SwarmLimits = {
  maxSwarms: Infinity,
  maxPeers: Infinity,
  maxPeersPerAddress: Infinity,
  peerTimeoutSeconds: Infinity,
}

/** Counted over both families. */
export interface Census {
  swarms: number
  peers: number
}

/** The secrets of the hashes, and what chooses peers. */
export interface FamilySeed {
  readonly key: Int32Array
  readonly random: () => number
}

export class FamilyStore {
  readonly layout: Layout
  readonly table: SwarmTable
  readonly swarm: Swarm
  readonly peers: PackedPeers
  limits: SwarmLimits = UNLIMITED
  private readonly i32: Int32Array
  private readonly key: PeerKey
  private readonly choice: PeerChoice

  constructor(
    family: 4 | 6,
    readonly arena: Arena,
    words: number,
    seed: FamilySeed,
    private readonly census: Census,
  ) {
    const [k0 = 0, k1 = 0, k2 = 0, k3 = 0] = seed.key
    this.layout = new Layout(family)
    this.key = new PeerKey(arena, this.layout, words, k0, k1)
    const other = new PeerKey(arena, this.layout, words + 8, k0, k1)
    const index = new KeyIndex(arena, this.layout, this.key, other)
    this.peers = new PackedPeers(arena, this.layout, this.key, other, index)
    this.swarm = new Swarm(arena, this.layout, this.peers, this.key)
    this.table = new SwarmTable(arena, words + SCRATCH_WORDS, words + 16, k2, k3)
    this.choice = new PeerChoice(arena, this.layout, this.peers, seed.random, words + SCRATCH_WORDS + TABLE_WORDS)
    this.i32 = arena.i32
  }

  announce(request: AnnounceRequest, tick: number, reply: AnnounceReply): true | Refused {
    const { swarm, peers, census, limits } = this
    const { event } = request
    const seeder = request.left === 0
    const found = this.table.find(request.infoHash)
    if (event === AnnounceEvent.Stopped) return this.stop(found, request, reply)
    this.key.read(request.from.ip, request.from.port)
    const hash = this.key.hash()
    let root = found
    if (root === 0) {
      if (census.swarms >= limits.maxSwarms) return REFUSED.swarms
      if (census.peers >= limits.maxPeers) return REFUSED.peers
      root = this.table.create()
      if (root === 0) return REFUSED.memory
      census.swarms++
    }
    swarm.look(root)
    let p = found === 0 ? -1 : peers.find(swarm.block, hash)
    if (p < 0) {
      const refused = found === 0 ? null : this.refusal()
      if (refused !== null) return refused
      p = swarm.add(hash, seeder, tick)
      census.peers++
    } else {
      const wasLeecher = p < peers.leechers(swarm.block)
      if (event === AnnounceEvent.Completed && wasLeecher && seeder) this.i32[swarm.root + COMPLETED]!++
      if (wasLeecher === seeder) {
        swarm.remove(p, hash)
        p = swarm.add(hash, seeder, tick)
      } else peers.touch(swarm.block, p, tick)
    }
    reply.leechers = swarm.leechers
    reply.seeders = swarm.seeders
    const want = Math.min(request.numWant, Math.floor(reply.peers.length / this.layout.peerBytes))
    reply.peerBytes = want > 0 ? this.choice.fill(swarm, swarm.block, p, seeder, want, reply.peers) : 0
    return true
  }

  /** Adds to `out`. False: no such swarm. */
  scrape(infoHash: InfoHash, out: ScrapeCounts): boolean {
    const root = this.table.find(infoHash)
    if (root !== 0) this.count(root, out)
    return root !== 0
  }

  count(root: number, out: ScrapeCounts): void {
    this.swarm.look(root)
    out.leechers += this.swarm.leechers
    out.seeders += this.swarm.seeders
    out.completed += this.i32[root + COMPLETED]!
  }

  /** Puts down what became of the swarm looked at: gone when empty, else known by its present root. */
  settle(root: number): void {
    if (this.swarm.leechers + this.swarm.seeders === 0) {
      this.swarm.close()
      this.table.drop()
      this.census.swarms--
    } else if (this.swarm.root !== root) this.table.replace(this.swarm.root)
  }

  /** Does looking for the endpoint at this place lead back to it? For checks. */
  findsItself(root: number, block: number, p: number): boolean {
    this.key.take(block, p)
    this.swarm.look(root)
    return this.swarm.block === block && this.peers.find(block, this.key.hash()) === p
  }

  private stop(root: number, request: AnnounceRequest, reply: AnnounceReply): true {
    const { swarm } = this
    reply.leechers = reply.seeders = reply.peerBytes = 0
    if (root === 0) return true
    this.key.read(request.from.ip, request.from.port)
    const hash = this.key.hash()
    swarm.look(root)
    const p = this.peers.find(swarm.block, hash)
    reply.leechers = swarm.leechers
    reply.seeders = swarm.seeders
    if (p < 0) return true
    swarm.remove(p, hash)
    this.census.peers--
    reply.leechers = swarm.leechers
    reply.seeders = swarm.seeders
    swarm.tidy()
    this.settle(root)
    return true
  }

  /** Why the key's peer may not enter the swarm looked at; null: it may, and there is room. */
  private refusal(): Refused | null {
    const { swarm, peers, limits } = this
    if (this.census.peers >= limits.maxPeers) return REFUSED.peers
    if (peers.crowded(swarm.block, limits.maxPeersPerAddress)) return REFUSED.address
    const { root } = swarm
    const room = swarm.makeRoom()
    if (swarm.root !== root) this.table.replace(swarm.root)
    return room ? null : REFUSED.memory
  }
}
