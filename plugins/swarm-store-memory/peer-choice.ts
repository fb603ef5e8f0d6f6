// Which peers a requester gets, copied as runs of bytes from a random place: a leecher gets both kinds in the proportion
// in which they are there, a seeder leechers only, nobody itself.
import { HEAD } from './layout.js'
import type { Arena } from './arena.js'
import type { Layout } from './layout.js'
import type { PackedPeers } from './packed-peers.js'
import type { Swarm } from './swarm.js'

/** Blocks of a large swarm that are looked into for one reply: what a swarm of many seeders can cost at most. */
const MOST_BLOCKS = 64

export class PeerChoice {
  private out: Uint8Array = new Uint8Array(0)
  /** The same bytes in units of 16 bits, or a buffer between where they begin at an odd byte. */
  private into: Uint16Array = new Uint16Array(0)
  private between = false
  private readonly known = new WeakMap<Uint8Array, Uint16Array>()
  /** In units. */
  private filled = 0
  private block = 0
  private self = -1
  private left = 0
  private readonly u16: Uint16Array
  private readonly units: number

  constructor(
    arena: Arena,
    layout: Layout,
    private readonly peers: PackedPeers,
    private readonly random: () => number,
  ) {
    this.u16 = arena.u16
    this.units = layout.peerUnits
  }

  /** Fills `out` with up to `want` peers; `self` is the requester's place in `own`, or -1. Gives the bytes filled. */
  fill(swarm: Swarm, own: number, self: number, seeder: boolean, want: number, out: Uint8Array): number {
    if (out !== this.out) this.aim(out)
    this.filled = 0
    if (swarm.wide) this.gather(swarm, own, self, seeder, want)
    else this.take(swarm.root, self, seeder, want)
    const bytes = 2 * this.filled
    if (this.between) out.set(new Uint8Array(this.into.buffer, 0, bytes))
    return bytes
  }

  /** Servers give the same few buffers again and again, so a view of each is made once. */
  private aim(out: Uint8Array): void {
    this.out = out
    this.between = (out.byteOffset & 1) !== 0
    let view = this.known.get(out)
    if (view === undefined) {
      const units = out.length >> 1
      view = this.between ? new Uint16Array(units) : new Uint16Array(out.buffer, out.byteOffset, units)
      this.known.set(out, view)
    }
    this.into = view
  }

  private gather(swarm: Swarm, own: number, self: number, seeder: boolean, want: number): void {
    const { entries } = swarm
    swarm.turn(this.random() % entries)
    let entry = swarm.firstEntry
    for (let i = 0, walked = 0; i < MOST_BLOCKS && walked < entries; i++) {
      swarm.turn(entry)
      const got = this.filled / this.units
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
    const { u16, into, units, filled } = this
    const at = 2 * (this.block + HEAD) + from * units
    const length = count * units
    // A loop: a view of so few bytes, or a call, costs more than they do.
    for (let i = 0; i < length; i++) into[filled + i] = u16[at + i]!
    this.filled = filled + length
  }
}
