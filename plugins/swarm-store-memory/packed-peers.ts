// One block of peers: leechers from the left, seeders from the right, nothing between, so that any number of either is
// one run of bytes as a compact reply wants them. A removed peer's place is taken by the last of its kind.
import { COUNTS, HEAD, META, PARTIAL, TICK } from './layout.js'
import type { Arena } from './arena.js'
import type { KeyIndex } from './key-index.js'
import type { Layout } from './layout.js'
import type { PeerKey } from './peer-key.js'

/** Ticks that one thread's clock may be ahead of another's. */
const AHEAD = 8
const PARTIAL_BIT = 7
/** In a block's META. */
const ONE_PARTIAL = 1 << 16

export class PackedPeers {
  private readonly u8: Uint8Array
  private readonly u16: Uint16Array
  private readonly i32: Int32Array
  private readonly capacity: Int32Array
  private readonly indexed: Int32Array

  constructor(
    private readonly arena: Arena,
    private readonly layout: Layout,
    private readonly key: PeerKey,
    private readonly other: PeerKey,
    private readonly index: KeyIndex,
  ) {
    this.u8 = arena.u8
    this.u16 = arena.u16
    this.i32 = arena.i32
    this.capacity = layout.capacity
    this.indexed = layout.slots
  }

  /** A block without peers, its head but for these two words as it was; 0 when the arena is full. */
  open(order: number, depth: number): number {
    const block = this.arena.alloc(order)
    if (block === 0) return 0
    this.i32[block + META] = order | (depth << 8)
    this.i32[block + COUNTS] = 0
    if (this.indexed[order] !== 0) this.index.clear(block, order)
    return block
  }

  close(block: number): void {
    this.arena.free(block, this.order(block))
  }

  order(block: number): number {
    return this.i32[block + META]! & 0xff
  }

  leechers(block: number): number {
    return this.i32[block + COUNTS]! & 0xffff
  }

  seeders(block: number): number {
    return this.i32[block + COUNTS]! >>> 16
  }

  /** Of the leechers. */
  partialSeeds(block: number): number {
    return this.i32[block + META]! >>> 16
  }

  size(block: number): number {
    const counts = this.i32[block + COUNTS]!
    return (counts & 0xffff) + (counts >>> 16)
  }

  full(block: number): boolean {
    return this.size(block) >= this.capacity[this.order(block)]!
  }

  /** Seeders lie from here to the end. */
  firstSeeder(block: number): number {
    return this.capacity[this.order(block)]! - this.seeders(block)
  }

  end(block: number): number {
    return this.capacity[this.order(block)]!
  }

  /** The place of the key's peer, whose hash is given, or -1. */
  find(block: number, hash: number): number {
    const order = this.order(block)
    if (this.indexed[order] !== 0) return this.index.find(block, order, hash)
    const leechers = this.leechers(block)
    for (let p = 0; p < leechers; p++) if (this.index.same(block, p)) return p
    const end = this.capacity[order]!
    for (let p = end - this.seeders(block); p < end; p++) if (this.index.same(block, p)) return p
    return -1
  }

  /** Puts a key's peer in; there must be room. `stamp`: a tick, and PARTIAL for a partial seed. */
  add(block: number, key: PeerKey, hash: number, seeder: boolean, stamp: number): number {
    const order = this.order(block)
    const p = seeder ? this.firstSeeder(block) - 1 : this.leechers(block)
    const count = this.layout.peerUnits
    const { units } = key
    const at = 2 * (block + HEAD) + p * count
    for (let i = 0; i < count; i++) this.u16[at + i] = units[i]!
    this.u8[this.ticksAt(block) + p] = stamp
    if (stamp >= PARTIAL) this.i32[block + META]! += ONE_PARTIAL
    if (this.indexed[order] !== 0) this.index.put(block, order, hash, p)
    this.i32[block + COUNTS]! += seeder ? 0x10000 : 1
    return p
  }

  /** `hash`: of the peer at `p`. */
  remove(block: number, p: number, hash: number): void {
    const order = this.order(block)
    const leechers = this.leechers(block)
    const seeder = p >= leechers
    const last = seeder ? this.firstSeeder(block) : leechers - 1
    if (this.indexed[order] !== 0) this.index.drop(block, order, hash, p)
    if (this.isPartial(block, p)) this.i32[block + META]! -= ONE_PARTIAL
    if (last !== p) this.shift(block, order, last, p)
    this.i32[block + COUNTS]! -= seeder ? 0x10000 : 1
  }

  /** Gives how many more partial seeds there are by it: -1, 0 or 1. */
  touch(block: number, p: number, stamp: number): number {
    const at = this.ticksAt(block) + p
    const more = (stamp >>> PARTIAL_BIT) - (this.u8[at]! >>> PARTIAL_BIT)
    this.u8[at] = stamp
    if (more !== 0) this.i32[block + META]! += more * ONE_PARTIAL
    return more
  }

  isPartial(block: number, p: number): boolean {
    return this.u8[this.ticksAt(block) + p]! >= PARTIAL
  }

  /** Ticks since the peer was heard, as far as they are told apart. 0 also where another thread is a little ahead. */
  age(block: number, p: number, tick: number): number {
    const age = (tick - this.u8[this.ticksAt(block) + p]!) & TICK
    return age > TICK - AHEAD ? 0 : age
  }

  /** Have `most` peers the key's address? Looks no further than it must: at most all, mostly a few. */
  crowded(block: number, most: number): boolean {
    // So many others there may be.
    const spare = this.size(block) - most
    if (spare < 0) return false
    const others = this.othersIn(block, 0, this.leechers(block), spare)
    return others + this.othersIn(block, this.firstSeeder(block), this.end(block), spare - others) <= spare
  }

  /** The same peers in a block of another order, the old one freed; 0, and nothing changed, when the arena is full. */
  resize(block: number, order: number): number {
    const to = this.open(order, 0)
    if (to === 0) return 0
    const { i32, u8 } = this
    const bytes = this.layout.peerBytes
    const leechers = this.leechers(block)
    const seeders = this.seeders(block)
    for (let i = 0; i < META; i++) i32[to + i] = i32[block + i]!
    i32[to + META] = (i32[block + META]! & ~0xff) | order
    i32[to + COUNTS] = i32[block + COUNTS]!
    const from = 4 * (block + HEAD)
    const into = 4 * (to + HEAD)
    u8.copyWithin(into, from, from + leechers * bytes)
    u8.copyWithin(this.ticksAt(to), this.ticksAt(block), this.ticksAt(block) + leechers)
    const first = this.firstSeeder(block)
    const firstNow = this.firstSeeder(to)
    u8.copyWithin(into + firstNow * bytes, from + first * bytes, from + (first + seeders) * bytes)
    u8.copyWithin(this.ticksAt(to) + firstNow, this.ticksAt(block) + first, this.ticksAt(block) + first + seeders)
    if (this.indexed[order] !== 0) {
      for (let p = 0; p < leechers; p++) this.index.put(to, order, this.hashAt(to, p), p)
      for (let p = firstNow; p < firstNow + seeders; p++) this.index.put(to, order, this.hashAt(to, p), p)
    }
    this.close(block)
    return to
  }

  /** Puts every peer of `block` into `zero` or `one`, as bit `bit` of its address's hash says. */
  deal(block: number, zero: number, one: number, bit: number): void {
    const leechers = this.leechers(block)
    const end = this.end(block)
    const first = this.firstSeeder(block)
    const ticks = this.ticksAt(block)
    for (let p = leechers === 0 ? first : 0; p < end; p = p + 1 === leechers ? first : p + 1) {
      this.other.take(block, p)
      const into = (this.other.siteHash() >>> bit) & 1 ? one : zero
      this.add(into, this.other, this.other.hash(), p >= leechers, this.u8[ticks + p]!)
    }
  }

  /** Does the hash of every address here, above bit `bit`, equal that of the key's? Then dealing parts nothing. */
  alike(block: number, bit: number): boolean {
    const leechers = this.leechers(block)
    const end = this.end(block)
    const first = this.firstSeeder(block)
    const upper = this.key.siteHash() >>> bit
    for (let p = leechers === 0 ? first : 0; p < end; p = p + 1 === leechers ? first : p + 1) {
      this.other.take(block, p)
      if (this.other.siteHash() >>> bit !== upper) return false
    }
    return true
  }

  /** The hash of the peer at `p`. */
  hashAt(block: number, p: number): number {
    this.other.take(block, p)
    return this.other.hash()
  }

  private shift(block: number, order: number, from: number, to: number): void {
    if (this.indexed[order] !== 0) this.index.move(block, order, this.hashAt(block, from), from, to)
    const { u8, u16 } = this
    const units = this.layout.peerUnits
    const source = 2 * (block + HEAD) + from * units
    const target = 2 * (block + HEAD) + to * units
    for (let i = 0; i < units; i++) u16[target + i] = u16[source + i]!
    const ticks = this.ticksAt(block)
    u8[ticks + to] = u8[ticks + from]!
  }

  /** How many peers of these have another address than the key, counted up to one more than `most`. */
  private othersIn(block: number, from: number, to: number, most: number): number {
    const { u16 } = this
    const units = this.layout.peerUnits
    const wide = this.layout.siteWords > 1
    const key = this.key.units
    const first = key[0]!
    const second = key[1]!
    const end = 2 * (block + HEAD) + to * units
    let others = 0
    for (let at = 2 * (block + HEAD) + from * units; at < end && others <= most; at += units) {
      if (u16[at + 1] !== second || u16[at] !== first) others++
      else if (wide && (u16[at + 2] !== key[2] || u16[at + 3] !== key[3])) others++
    }
    return others
  }

  private ticksAt(block: number): number {
    return 4 * (block + HEAD) + this.layout.peerBytes * this.capacity[this.order(block)]!
  }
}
