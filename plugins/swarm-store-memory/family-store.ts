// The swarms of one address family: the announce and scrape of a SwarmStore over packed blocks. All that touches a swarm
// happens while its table is locked.
import { AnnounceEvent } from '../../core/contracts/swarm-store.js'
import { Census } from './census.js'
import { KeyIndex } from './key-index.js'
import { COMPLETED, Layout, PARTIAL } from './layout.js'
import { KEYS, MAX_PEERS, MAX_PER_ADDRESS, MAX_SWARMS } from './memory.js'
import { PackedPeers } from './packed-peers.js'
import { PeerChoice } from './peer-choice.js'
import { PeerKey } from './peer-key.js'
import { REFUSED } from './refused.js'
import { Swarm } from './swarm.js'
import { SwarmTable } from './swarm-table.js'
import type { Refusal } from '../../core/contracts/refusal.js'
import type { AnnounceReply, AnnounceRequest, ScrapeCounts } from '../../core/contracts/swarm-store.js'
import type { InfoHash } from '../../core/protocol/ids.js'
import type { Arena } from './arena.js'
import type { Locks } from './locks.js'

export class FamilyStore {
  readonly layout: Layout
  readonly table: SwarmTable
  readonly swarm: Swarm
  readonly peers: PackedPeers
  readonly index: KeyIndex
  readonly census: Census
  private readonly i32: Int32Array
  private readonly key: PeerKey
  private readonly choice: PeerChoice

  /** `random`: chooses peers. */
  constructor(
    readonly family: 4 | 6,
    readonly arena: Arena,
    readonly locks: Locks,
    random: () => number,
  ) {
    const [k0 = 0, k1 = 0, k2 = 0, k3 = 0] = arena.i32.subarray(KEYS, KEYS + 4)
    this.i32 = arena.i32
    this.layout = new Layout(family)
    this.key = new PeerKey(arena, this.layout, k0, k1)
    const other = new PeerKey(arena, this.layout, k0, k1)
    this.index = new KeyIndex(arena, this.layout, this.key, other)
    this.peers = new PackedPeers(arena, this.layout, this.key, other, this.index)
    this.swarm = new Swarm(arena, this.layout, this.peers, this.key)
    this.table = new SwarmTable(arena, family, k2, k3)
    this.census = new Census(arena.i32, family)
    this.choice = new PeerChoice(arena, this.layout, this.peers, random)
  }

  announce(request: AnnounceRequest, tick: number, reply: AnnounceReply): true | Refusal {
    const lock = this.table.seek(request.infoHash)
    this.key.read(request.from.ip, request.from.port)
    const hash = this.key.hash()
    if (!this.locks.take(lock)) return this.unlucky(REFUSED.busy)
    try {
      const root = this.table.find()
      const answer =
        request.event === AnnounceEvent.Stopped
          ? this.stop(root, hash, reply)
          : this.meet(root, hash, request, tick, reply)
      this.locks.release(lock)
      return answer
    } catch (error) {
      // Nobody knows what was left half done.
      this.locks.break(lock)
      throw error
    }
  }

  /** Adds to `out`. False: no such swarm. */
  scrape(infoHash: InfoHash, out: ScrapeCounts): boolean {
    const lock = this.table.seek(infoHash)
    if (!this.locks.take(lock)) return false
    const root = this.table.find()
    if (root !== 0) {
      this.swarm.look(root)
      out.leechers += this.swarm.leechers
      out.seeders += this.swarm.seeders
      out.completed += this.i32[root + COMPLETED]!
      out.partialSeeds += this.swarm.partialSeeds
    }
    this.locks.release(lock)
    return root !== 0
  }

  has(infoHash: InfoHash): boolean {
    const lock = this.table.seek(infoHash)
    if (!this.locks.take(lock)) return false
    const root = this.table.find()
    this.locks.release(lock)
    return root !== 0
  }

  /** Puts down what became of the swarm looked at: gone when empty, else known by its present root. */
  settle(root: number): void {
    if (this.swarm.leechers + this.swarm.seeders === 0) {
      this.swarm.close()
      this.table.drop()
      this.census.dropSwarm()
    } else if (this.swarm.root !== root) this.table.replace(this.swarm.root)
  }

  /** Does looking for the endpoint at this place lead back to it? For checks. */
  findsItself(root: number, block: number, p: number): boolean {
    this.key.take(block, p)
    this.swarm.look(root)
    return this.swarm.block === block && this.peers.find(block, this.key.hash()) === p
  }

  /** An announce of the key's peer in the swarm at `root`, or in a new one. */
  private meet(
    root: number,
    hash: number,
    request: AnnounceRequest,
    tick: number,
    reply: AnnounceReply,
  ): true | Refusal {
    const { swarm, peers } = this
    const seeder = request.left === 0
    const stamp = request.event === AnnounceEvent.Paused && !seeder ? tick | PARTIAL : tick
    let p = -1
    if (root === 0) {
      const refused = this.found(seeder)
      if (refused !== null) return refused
      p = swarm.add(hash, seeder, stamp)
    } else {
      swarm.look(root)
      p = peers.find(swarm.block, hash)
      if (p < 0) {
        const refused = this.admit(seeder)
        if (refused !== null) return refused
        p = swarm.add(hash, seeder, stamp)
      } else {
        const wasLeecher = p < peers.leechers(swarm.block)
        if (wasLeecher === seeder) {
          if (seeder && request.event === AnnounceEvent.Completed) this.i32[swarm.root + COMPLETED]!++
          swarm.remove(p, hash)
          p = swarm.add(hash, seeder, stamp)
          this.census.turn(seeder)
        } else swarm.touch(p, stamp)
      }
    }
    reply.leechers = swarm.leechers
    reply.seeders = swarm.seeders
    const want = Math.min(request.numWant, Math.floor(reply.peers.length / this.layout.peerBytes))
    reply.peerBytes = want > 0 ? this.choice.fill(swarm, swarm.block, p, seeder, want, reply.peers) : 0
    return true
  }

  private stop(root: number, hash: number, reply: AnnounceReply): true {
    const { swarm } = this
    reply.leechers = reply.seeders = reply.peerBytes = 0
    if (root === 0) return true
    swarm.look(root)
    const p = this.peers.find(swarm.block, hash)
    if (p >= 0) {
      const seeder = p >= this.peers.leechers(swarm.block)
      swarm.remove(p, hash)
      this.census.dropPeers(1, seeder ? 1 : 0)
    }
    reply.leechers = swarm.leechers
    reply.seeders = swarm.seeders
    if (p < 0) return true
    swarm.tidy()
    this.settle(root)
    return true
  }

  /** A new swarm, looked at, with room for the key's peer, which is counted; null, or why not. */
  private found(seeder: boolean): Refusal | null {
    const { census, i32 } = this
    if (!census.reserveSwarm(i32[MAX_SWARMS]!)) return REFUSED.swarms
    if (!census.reservePeer(i32[MAX_PEERS]!, seeder)) {
      census.dropSwarm()
      return REFUSED.peers
    }
    const root = this.table.create()
    if (root === 0) {
      census.dropPeers(1, seeder ? 1 : 0)
      census.dropSwarm()
      return this.unlucky(REFUSED.memory)
    }
    this.swarm.look(root)
    return null
  }

  /** Room in the swarm looked at for the key's peer, which is counted; null, or why not. */
  private admit(seeder: boolean): Refusal | null {
    const { swarm, peers, i32, census } = this
    if (census.fullOfPeers(i32[MAX_PEERS]!)) return REFUSED.peers
    if (peers.crowded(swarm.block, i32[MAX_PER_ADDRESS]!)) return REFUSED.address
    const { root } = swarm
    const room = swarm.makeRoom()
    if (swarm.root !== root) this.table.replace(swarm.root)
    if (!room) return this.unlucky(REFUSED.memory)
    return census.reservePeer(i32[MAX_PEERS]!, seeder) ? null : REFUSED.peers
  }

  /** What seems to be a lack of memory may be a lock that was not to be had. */
  private unlucky(refusal: Refusal): Refusal {
    return this.locks.gaveUp() ? REFUSED.busy : refusal
  }
}
