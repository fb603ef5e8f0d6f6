// A window on one swarm at a time. A small swarm is one block of peers. A large one is a directory of blocks, each peer
// in the block that the first bits of its address's hash say (extendible hashing): a block that is full is split in
// two, two sparse halves are joined, so no single step touches more than two blocks however large the swarm.
import { COUNTS, DIRECTORY, HEAD, META, PARTIAL } from './layout.js'
import { MAX_ORDER } from './memory.js'
import type { Arena } from './arena.js'
import type { Layout } from './layout.js'
import type { PackedPeers } from './packed-peers.js'
import type { PeerKey } from './peer-key.js'

// Words of a directory behind its head: totals, then 2 ** depth blocks, each standing as often as its depth is less.
const LEECHERS = HEAD
const SEEDERS = HEAD + 1
export const BLOCKS = HEAD + 2
const MAX_DEPTH = 16

/** Of a block, by its META. */
export function depthIn(meta: number): number {
  return (meta >>> 8) & 0x7f
}

export class Swarm {
  /** The block by which the table knows the swarm; changes as the swarm grows and shrinks. */
  root = 0
  /** The block in which the key's peer lies, or would. */
  block = 0
  private entry = 0
  private readonly i32: Int32Array

  constructor(
    private readonly arena: Arena,
    private readonly layout: Layout,
    private readonly peers: PackedPeers,
    private readonly key: PeerKey,
  ) {
    this.i32 = arena.i32
  }

  /** Looks at the swarm with this root, at the block where the key's peer belongs. */
  look(root: number): void {
    this.root = root
    if (!this.wide) {
      this.entry = 0
      this.block = root
    } else this.turn(this.key.siteHash() >>> (32 - this.depth))
  }

  /** Looks at the block that entry `entry` of the directory names; at the only one where there is no directory. */
  turn(entry: number): void {
    this.entry = entry
    this.block = this.wide ? this.i32[this.root + BLOCKS + entry]! : this.root
  }

  get wide(): boolean {
    return (this.i32[this.root + META]! & DIRECTORY) !== 0
  }

  /** Entries of the directory; 1 where there is none. */
  get entries(): number {
    return this.wide ? 1 << this.depth : 1
  }

  /** The first entry that names the block looked at. */
  get firstEntry(): number {
    if (!this.wide) return 0
    const shift = this.depth - this.depthOf(this.block)
    return (this.entry >> shift) << shift
  }

  /** The entry after those that name it. */
  get nextEntry(): number {
    if (!this.wide) return 1
    const shift = this.depth - this.depthOf(this.block)
    return ((this.entry >> shift) + 1) << shift
  }

  get leechers(): number {
    return this.wide ? this.i32[this.root + LEECHERS]! : this.peers.leechers(this.root)
  }

  /** Of the leechers. */
  get partialSeeds(): number {
    return this.wide ? this.i32[this.root + COUNTS]! : this.peers.partialSeeds(this.root)
  }

  get seeders(): number {
    return this.wide ? this.i32[this.root + SEEDERS]! : this.peers.seeders(this.root)
  }

  /** Puts the key's peer in; there must be room (`makeRoom`). Gives its place in the block. */
  add(hash: number, seeder: boolean, stamp: number): number {
    if (this.wide) {
      this.i32[this.root + (seeder ? SEEDERS : LEECHERS)]!++
      if (stamp >= PARTIAL) this.i32[this.root + COUNTS]!++
    }
    return this.peers.add(this.block, this.key, hash, seeder, stamp)
  }

  /** The peer at `p` was heard again, on the same side. */
  touch(p: number, stamp: number): void {
    const more = this.peers.touch(this.block, p, stamp)
    if (more !== 0 && this.wide) this.i32[this.root + COUNTS]! += more
  }

  remove(p: number, hash: number): void {
    if (this.wide) {
      this.i32[this.root + (p < this.peers.leechers(this.block) ? LEECHERS : SEEDERS)]!--
      if (this.peers.isPartial(this.block, p)) this.i32[this.root + COUNTS]!--
    }
    this.peers.remove(this.block, p, hash)
  }

  /** False: the arena is full, or one address fills a block of the largest kind. */
  makeRoom(): boolean {
    while (this.peers.full(this.block)) {
      const order = this.peers.order(this.block)
      const depth = this.depthOf(this.block)
      const split = order >= this.layout.splitOrder && depth < MAX_DEPTH
      if (split && !this.peers.alike(this.block, 32 - MAX_DEPTH)) {
        if (!this.split(order, depth)) return false
      } else if (order >= this.layout.lastOrder || !this.resize(order + 1)) return false
    }
    return true
  }

  /** Gives memory back where the block looked at has become sparse. True: it was joined with another. */
  tidy(): boolean {
    const size = this.peers.size(this.block)
    const order = this.peers.order(this.block)
    const depth = this.depthOf(this.block)
    if (depth > 0) {
      const across = this.entry ^ (1 << (this.depth - depth))
      const sibling = this.i32[this.root + BLOCKS + across]!
      const together = size + this.peers.size(sibling)
      const half = this.layout.capacity[this.layout.splitOrder]! >> 1
      if (this.depthOf(sibling) === depth && together <= half) return this.join(sibling, together, depth)
    }
    if (order > 0 && size * 4 <= this.layout.capacity[order]!) this.resize(order - 1)
    return false
  }

  /** Frees every block of the swarm. */
  close(): void {
    if (this.wide) {
      for (let entry = 0; entry < this.entries;) {
        this.turn(entry)
        entry = this.nextEntry
        this.peers.close(this.block)
      }
    }
    this.peers.close(this.root)
  }

  private get depth(): number {
    return this.depthOf(this.root)
  }

  private depthOf(block: number): number {
    return depthIn(this.i32[block + META]!)
  }

  private resize(order: number): boolean {
    const block = this.peers.resize(this.block, order)
    if (block !== 0) this.relink(block)
    return block !== 0
  }

  private split(order: number, depth: number): boolean {
    const zero = this.peers.open(order, depth + 1)
    const one = this.peers.open(order, depth + 1)
    if (zero === 0 || one === 0 || (depth >= this.depth && !this.widen())) {
      if (zero !== 0) this.peers.close(zero)
      if (one !== 0) this.peers.close(one)
      return false
    }
    const full = this.block
    this.peers.deal(full, zero, one, 31 - depth)
    const half = this.depth - depth - 1
    const { entry } = this
    this.fill((entry >> (half + 1)) << (half + 1), 1 << half, zero)
    this.fill(((entry >> half) | 1) << half, 1 << half, one)
    this.peers.close(full)
    this.turn(entry)
    return true
  }

  /** Puts a directory above the only block, or doubles the directory. */
  private widen(): boolean {
    const depth = this.wide ? this.depth + 1 : 1
    let order = 0
    while (order < MAX_ORDER && 16 << order < BLOCKS + (1 << depth)) order++
    const root = this.arena.alloc(order)
    if (root === 0) return false
    const { i32 } = this
    for (let i = 0; i < META; i++) i32[root + i] = i32[this.root + i]!
    i32[root + META] = order | (depth << 8) | DIRECTORY
    i32[root + COUNTS] = this.partialSeeds
    i32[root + LEECHERS] = this.leechers
    i32[root + SEEDERS] = this.seeders
    for (let i = 0; i < 1 << depth; i++) {
      i32[root + BLOCKS + i] = this.wide ? i32[this.root + BLOCKS + (i >> 1)]! : this.root
    }
    if (this.wide) this.peers.close(this.root)
    this.look(root)
    return true
  }

  private join(sibling: number, together: number, depth: number): boolean {
    const to = this.peers.open(this.layout.orderFor(together), depth - 1)
    if (to === 0) return false
    this.peers.deal(this.block, to, to, 0)
    this.peers.deal(sibling, to, to, 0)
    this.peers.close(this.block)
    this.peers.close(sibling)
    const span = this.depth - depth + 1
    if (depth > 1) {
      this.fill((this.entry >> span) << span, 1 << span, to)
      this.turn(this.entry)
      return true
    }
    // The last two: the directory goes, and the swarm is one block again.
    for (let i = 0; i < META; i++) this.i32[to + i] = this.i32[this.root + i]!
    this.peers.close(this.root)
    this.root = this.block = to
    this.entry = 0
    return true
  }

  /** `block` takes the place of the one looked at. */
  private relink(block: number): void {
    if (this.wide) {
      const shift = this.depth - this.depthOf(block)
      this.fill((this.entry >> shift) << shift, 1 << shift, block)
    } else this.root = block
    this.block = block
  }

  private fill(from: number, count: number, block: number): void {
    this.i32.fill(block, this.root + BLOCKS + from, this.root + BLOCKS + from + count)
  }
}
