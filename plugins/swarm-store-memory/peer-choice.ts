// Which peers a requester gets, copied as runs of bytes from a random place: a leecher gets both kinds in the proportion
// in which they are there, a seeder leechers only, nobody itself.
import { HEAD } from './layout.js'
import { ReplyViews } from './reply-views.js'
import type { Arena } from './arena.js'
import type { Layout } from './layout.js'
import type { PackedPeers } from './packed-peers.js'
import type { Swarm } from './swarm.js'

/** Blocks of a large swarm that are looked into for one reply: what a swarm of many seeders can cost at most. */
const MOST_BLOCKS = 64

/** From so many peers on of one kind not every place is one to begin at: all are handed out all the same. */
const ALIGNED = 16

const LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

export class PeerChoice {
  private readonly aim = new ReplyViews()
  /** Where the next peer goes, in units of 16 bits. */
  private to = 0
  private block = 0
  private self = -1
  private left = 0
  private readonly u16: Uint16Array
  private readonly i32: Int32Array
  private readonly i64: BigInt64Array
  private readonly units: number

  constructor(
    arena: Arena,
    layout: Layout,
    private readonly peers: PackedPeers,
    private readonly random: () => number,
  ) {
    this.u16 = arena.u16
    this.i32 = arena.i32
    this.i64 = new BigInt64Array(arena.i32.buffer)
    this.units = layout.peerUnits
  }

  /** Fills `out` with up to `want` peers; `self` is the requester's place in `own`, or -1. Gives the bytes filled. */
  fill(swarm: Swarm, own: number, self: number, seeder: boolean, want: number, out: Uint8Array): number {
    this.aim.at(out)
    this.to = this.aim.begin
    if (swarm.wide) this.gather(swarm, own, self, seeder, want)
    else this.take(swarm.root, self, seeder, want)
    const bytes = 2 * (this.to - this.aim.begin)
    this.aim.done(bytes)
    return bytes
  }

  private gather(swarm: Swarm, own: number, self: number, seeder: boolean, want: number): void {
    const { entries } = swarm
    swarm.turn(this.below(entries))
    let entry = swarm.firstEntry
    for (let i = 0, walked = 0; i < MOST_BLOCKS && walked < entries; i++) {
      swarm.turn(entry)
      const got = (this.to - this.aim.begin) / this.units
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
    const start = this.left === others ? from : this.start(from, to)
    this.run(start, to)
    this.run(from, start)
  }

  /** A random number, `most` being at most 65,536. */
  private below(most: number): number {
    return Math.imul(this.random(), most) >>> 16
  }

  /** A random place; where many are wanted, one from which they can be copied fast. */
  private start(from: number, to: number): number {
    const start = from + this.below(to - from)
    if (this.left < ALIGNED) return start
    // 3 and 9, the units of a peer, are their own inverses modulo 4.
    const aligned = start - ((start - this.units * this.to) & 3)
    return aligned >= from ? aligned : start
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
    const { u16, i64 } = this
    const { units, longs } = this.aim
    let source = 2 * (this.block + HEAD) + from * this.units
    let to16 = this.to
    const end = to16 + count * this.units
    this.to = end
    // Eight bytes at a time, which neither a call nor a view of so few can beat, where both sides allow it.
    if (((source - to16) & 3) === 0) {
      // A peer is three units and more, so what is no whole step at the beginning does not reach the end.
      while ((to16 & 3) !== 0) units[to16++] = u16[source++]!
      const last = end >> 2
      let long = source >> 2
      for (let i = to16 >> 2; i < last; i++) longs[i] = i64[long++]!
      source = 4 * long
      to16 = end & ~3
    } else if (count > 4) return this.copyWords(source, to16, end)
    while (to16 < end) units[to16++] = u16[source++]!
  }

  /** From one place to another in units, by words put together of two. */
  private copyWords(from: number, to: number, end: number): void {
    const { u16, i32 } = this
    const { units, words } = this.aim
    let from16 = from
    let to16 = to
    if ((to16 & 1) !== 0) units[to16++] = u16[from16++]!
    const last = end >> 1
    let source = from16 >> 1
    if ((from16 & 1) === 0) for (let w = to16 >> 1; w < last; w++) words[w] = i32[source++]!
    else {
      let before = i32[source]!
      for (let w = to16 >> 1; w < last; w++) {
        const behind = i32[++source]!
        words[w] = LITTLE ? (before >>> 16) | (behind << 16) : (before << 16) | (behind >>> 16)
        before = behind
      }
    }
    if ((end & 1) !== 0) units[end - 1] = u16[from16 + end - 1 - to16]!
  }
}
