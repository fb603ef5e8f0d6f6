// Finds a peer in a block by a hash of its endpoint: open addressing, 16 bits a slot: one more than the peer's place (so
// that 0 is empty), and above it as much of the hash as there is room for. No tombstones: what follows a hole moves up.
import { HEAD } from './layout.js'
import type { Arena } from './arena.js'
import type { Layout } from './layout.js'
import type { PeerKey } from './peer-key.js'

/** Bits of the hash that choose a slot; those above them are the tag. */
const HOME_BITS = 15
const HOME_MASK = (1 << HOME_BITS) - 1

export class KeyIndex {
  private readonly u16: Uint16Array
  private readonly units: number
  private readonly slots: Int32Array
  private readonly placeBits: Int32Array

  /** `other`: a key that may be overwritten while the one that is looked for is kept. */
  constructor(
    arena: Arena,
    layout: Layout,
    private readonly key: PeerKey,
    private readonly other: PeerKey,
  ) {
    this.u16 = arena.u16
    this.units = layout.peerUnits
    this.slots = layout.slots
    this.placeBits = layout.placeBits
  }

  /** The place of the key's peer, or -1. */
  find(block: number, order: number, hash: number): number {
    const { u16 } = this
    const slots = this.slots[order]!
    const bits = this.placeBits[order]!
    const tag = (hash >>> HOME_BITS) << bits
    const at = 2 * block + (32 << order) - slots
    for (let j = Math.imul(hash & HOME_MASK, slots) >>> HOME_BITS; ;) {
      const found = u16[at + j]!
      if (found === 0) return -1
      if (((found ^ tag) & 0xffff) >>> bits === 0) {
        const p = (found & ((1 << bits) - 1)) - 1
        if (this.same(block, p)) return p
      }
      if (++j === slots) j = 0
    }
  }

  /** Is peer `p` the key's? */
  same(block: number, p: number): boolean {
    const { u16, units } = this
    const key = this.key.units
    const at = 2 * (block + HEAD) + p * units
    for (let i = units - 1; i >= 0; i--) if (u16[at + i] !== key[i]) return false
    return true
  }

  put(block: number, order: number, hash: number, p: number): void {
    const { u16 } = this
    const slots = this.slots[order]!
    const at = this.indexAt(block, order)
    let j = this.home(hash, slots)
    while (u16[at + j] !== 0) if (++j === slots) j = 0
    u16[at + j] = this.entry(order, hash, p)
  }

  /** The peer at place `from` lies at `to` now. */
  move(block: number, order: number, hash: number, from: number, to: number): void {
    this.u16[this.indexAt(block, order) + this.slotOf(block, order, hash, from)] = this.entry(order, hash, to)
  }

  /** Must be called while the peers of the block still lie where the index says. */
  drop(block: number, order: number, hash: number, p: number): void {
    const { u16, other } = this
    const slots = this.slots[order]!
    const places = (1 << this.placeBits[order]!) - 1
    const at = this.indexAt(block, order)
    let hole = this.slotOf(block, order, hash, p)
    for (let j = hole; ;) {
      if (++j === slots) j = 0
      const found = u16[at + j]!
      if (found === 0) break
      other.take(block, (found & places) - 1)
      const home = this.home(other.hash(), slots)
      // Stays where its way from home does not lead over the hole.
      if (distance(home, j, slots) < distance(hole, j, slots)) continue
      u16[at + hole] = found
      hole = j
    }
    u16[at + hole] = 0
  }

  clear(block: number, order: number): void {
    const at = this.indexAt(block, order)
    this.u16.fill(0, at, at + this.slots[order]!)
  }

  /** How many slots are in use: for checks. */
  used(block: number, order: number): number {
    const at = this.indexAt(block, order)
    let used = 0
    for (let j = 0; j < this.slots[order]!; j++) if (this.u16[at + j] !== 0) used++
    return used
  }

  private slotOf(block: number, order: number, hash: number, p: number): number {
    const slots = this.slots[order]!
    const at = this.indexAt(block, order)
    const entry = this.entry(order, hash, p)
    let j = this.home(hash, slots)
    while (this.u16[at + j] !== entry) if (++j === slots) j = 0
    return j
  }

  private entry(order: number, hash: number, p: number): number {
    return (((hash >>> HOME_BITS) << this.placeBits[order]!) | (p + 1)) & 0xffff
  }

  private home(hash: number, slots: number): number {
    return Math.imul(hash & HOME_MASK, slots) >>> HOME_BITS
  }

  /** The index is the end of the block. In units of 16 bits. */
  private indexAt(block: number, order: number): number {
    return 2 * block + (32 << order) - this.slots[order]!
  }
}

function distance(from: number, to: number, slots: number): number {
  return to >= from ? to - from : to - from + slots
}
