// Which peers a requester gets, copied as runs of bytes from a random place: a leecher gets both kinds in the proportion
// in which they are there, a seeder leechers only, nobody itself.
import { HEAD } from './layout.js'
import type { Arena } from './arena.js'
import type { Layout } from './layout.js'
import type { PackedPeers } from './packed-peers.js'
import type { Swarm } from './swarm.js'

/** Blocks of a large swarm that are looked into for one reply: what a swarm of many seeders can cost at most. */
const MOST_BLOCKS = 64

/** Reserved words of the arena where a reply is put together: 200 IPv6 peers. */
export const STAGE_WORDS = 900

export class PeerChoice {
  private out: Uint8Array = new Uint8Array(0)
  /** The beginning of the stage, as long as `out` if it is that long. */
  private stage: Uint8Array = this.out
  private staged = false
  private filled = 0
  private block = 0
  private self = -1
  private left = 0

  constructor(
    private readonly arena: Arena,
    private readonly layout: Layout,
    private readonly peers: PackedPeers,
    private readonly random: () => number,
    private readonly stageWord: number,
  ) {}

  /** Fills `out` with up to `want` peers; `self` is the requester's place in `own`, or -1. Gives the bytes filled. */
  fill(swarm: Swarm, own: number, self: number, seeder: boolean, want: number, out: Uint8Array): number {
    if (out !== this.out) {
      const at = 4 * this.stageWord
      this.out = out
      this.stage = this.arena.u8.subarray(at, at + Math.min(out.length, 4 * STAGE_WORDS))
    }
    this.filled = 0
    this.staged = want * this.layout.peerBytes <= this.stage.length
    if (swarm.wide) this.gather(swarm, own, self, seeder, want)
    else this.take(swarm.root, self, seeder, want)
    if (this.staged) out.set(this.stage)
    return this.filled
  }

  private gather(swarm: Swarm, own: number, self: number, seeder: boolean, want: number): void {
    const { entries } = swarm
    swarm.turn(this.random() % entries)
    let entry = swarm.firstEntry
    for (let i = 0, walked = 0; i < MOST_BLOCKS && walked < entries; i++) {
      swarm.turn(entry)
      const got = this.filled / this.layout.peerBytes
      if (got >= want) break
      this.take(swarm.block, swarm.block === own ? self : -1, seeder, want - got)
      const { nextEntry } = swarm
      walked += nextEntry - entry
      entry = nextEntry % entries
    }
  }

  private take(block: number, self: number, seeder: boolean, want: number): void {
    const leechers = this.peers.leechers(block)
    const seeders = this.peers.seeders(block)
    const end = this.peers.end(block)
    this.block = block
    this.self = self
    if (seeder) return this.ring(0, leechers, want)
    const otherSeeders = self >= leechers ? seeders - 1 : seeders
    const others = leechers + seeders - (self < 0 ? 0 : 1)
    const count = Math.min(want, others)
    if (count === 0) return
    const fromSeeders = Math.ceil((count * otherSeeders) / others)
    this.ring(end - seeders, end, fromSeeders)
    this.ring(0, leechers, count - fromSeeders)
  }

  /** `count` peers of those from `from` to `to`, without the requester, going round from a random one. */
  private ring(from: number, to: number, count: number): void {
    const all = to - from
    const others = this.self >= from && this.self < to ? all - 1 : all
    if (others <= 0 || count <= 0) return
    this.left = Math.min(count, others)
    const start = this.left === others ? from : from + (this.random() % all)
    this.run(start, to)
    this.run(from, start)
  }

  /** Copies from this run what is still wanted, the requester left out. */
  private run(from: number, to: number): void {
    const { self } = this
    if (self >= from && self < to) {
      this.copy(from, self)
      this.copy(self + 1, to)
    } else this.copy(from, to)
  }

  private copy(from: number, to: number): void {
    const count = Math.min(this.left, to - from)
    if (count <= 0) return
    this.left -= count
    const bytes = this.layout.peerBytes
    const at = 4 * (this.block + HEAD) + from * bytes
    // Within the arena a run is copied without making a view of it, which costs more than the bytes.
    if (this.staged) this.arena.u8.copyWithin(4 * this.stageWord + this.filled, at, at + count * bytes)
    else this.out.set(this.arena.u8.subarray(at, at + count * bytes), this.filled)
    this.filled += count * bytes
  }
}
