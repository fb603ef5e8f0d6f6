// Finds a peer in a block by a hash of its endpoint: open addressing, a byte of the hash (never 0) and the peer's place
// for each slot. No tombstones: what follows a hole is moved up.
import { HEAD } from './layout.js'
import type { Arena } from './arena.js'
import type { Layout } from './layout.js'
import type { PeerKey } from './peer-key.js'

export class KeyIndex {
  private readonly u8: Uint8Array
  private readonly u16: Uint16Array
  private readonly units: number
  private readonly slots: Int32Array

  /** `other`: a key that may be overwritten while the one that is looked for is kept. */
  constructor(
    arena: Arena,
    layout: Layout,
    private readonly key: PeerKey,
    private readonly other: PeerKey,
  ) {
    this.u8 = arena.u8
    this.u16 = arena.u16
    this.units = layout.peerUnits
    this.slots = layout.slots
  }

  /** The place of the key's peer, or -1. */
  find(block: number, order: number, hash: number): number {
    const { u8, u16 } = this
    const mask = this.slots[order]! - 1
    const tags = this.tagsAt(block, order)
    const places = this.placesAt(block, order)
    const tag = tagOf(hash)
    for (let j = hash & mask; ; j = (j + 1) & mask) {
      const found = u8[tags + j]!
      if (found === 0) return -1
      if (found === tag && this.same(block, u16[places + j]!)) return u16[places + j]!
    }
  }

  /** Is peer `p` the key's? */
  same(block: number, p: number): boolean {
    const { u16, units } = this
    const at = 2 * (block + HEAD) + p * units
    const key = this.key.unit
    for (let i = units - 1; i >= 0; i--) if (u16[at + i] !== u16[key + i]) return false
    return true
  }

  put(block: number, order: number, hash: number, p: number): void {
    const mask = this.slots[order]! - 1
    const tags = this.tagsAt(block, order)
    let j = hash & mask
    while (this.u8[tags + j] !== 0) j = (j + 1) & mask
    this.u8[tags + j] = tagOf(hash)
    this.u16[this.placesAt(block, order) + j] = p
  }

  /** The peer at place `from` lies at `to` now. */
  move(block: number, order: number, hash: number, from: number, to: number): void {
    this.u16[this.placesAt(block, order) + this.slotOf(block, order, hash, from)] = to
  }

  /** Must be called while the peers of the block still lie where the index says. */
  drop(block: number, order: number, hash: number, p: number): void {
    const { u8, u16 } = this
    const mask = this.slots[order]! - 1
    const tags = this.tagsAt(block, order)
    const places = this.placesAt(block, order)
    let hole = this.slotOf(block, order, hash, p)
    for (let j = (hole + 1) & mask; u8[tags + j] !== 0; j = (j + 1) & mask) {
      this.other.take(block, u16[places + j]!)
      const home = this.other.hash() & mask
      if (((j - home) & mask) < ((j - hole) & mask)) continue
      u8[tags + hole] = u8[tags + j]!
      u16[places + hole] = u16[places + j]!
      hole = j
    }
    u8[tags + hole] = 0
  }

  clear(block: number, order: number): void {
    const tags = this.tagsAt(block, order)
    this.u8.fill(0, tags, tags + this.slots[order]!)
  }

  private slotOf(block: number, order: number, hash: number, p: number): number {
    const mask = this.slots[order]! - 1
    const tags = this.tagsAt(block, order)
    const places = this.placesAt(block, order)
    let j = hash & mask
    while (this.u16[places + j] !== p || this.u8[tags + j] === 0) j = (j + 1) & mask
    return j
  }

  // The index is the end of the block: tags, then places.
  private tagsAt(block: number, order: number): number {
    return 4 * block + (64 << order) - 3 * this.slots[order]!
  }

  private placesAt(block: number, order: number): number {
    return 2 * block + (32 << order) - this.slots[order]!
  }
}

function tagOf(hash: number): number {
  return hash >>> 24 || 1
}
