// A fixed set of info-hashes in two arrays: 28 to 36 bytes an entry, asked without allocating.
import { readU32 } from '../base/bytes.js'

const BYTES = 20

export class InfoHashSet {
  readonly size: number
  private readonly hashes: Uint8Array
  /** Open addressing: the number of an entry, from 1; 0 is empty. */
  private readonly slots: Int32Array

  constructor(hashes: readonly Uint8Array[]) {
    let capacity = 8
    while (capacity < hashes.length * 2) capacity *= 2
    this.slots = new Int32Array(capacity)
    this.hashes = new Uint8Array(hashes.length * BYTES)
    let size = 0
    for (const hash of hashes) {
      const slot = this.slotOf(hash)
      if (this.slots[slot] !== 0) continue
      this.hashes.set(hash, size * BYTES)
      this.slots[slot] = ++size
    }
    this.size = size
  }

  has(hash: Uint8Array): boolean {
    return this.slots[this.slotOf(hash)] !== 0
  }

  /** Where the hash stands, or the empty slot where it would. */
  private slotOf(hash: Uint8Array): number {
    const mask = this.slots.length - 1
    let slot = (readU32(hash, 0) ^ readU32(hash, 8) ^ readU32(hash, 16)) & mask
    for (let entry = this.slots[slot]!; entry !== 0 && !this.equals(entry - 1, hash); entry = this.slots[slot]!) {
      slot = (slot + 1) & mask
    }
    return slot
  }

  private equals(entry: number, hash: Uint8Array): boolean {
    const at = entry * BYTES
    for (let i = 0; i < BYTES; i++) if (this.hashes[at + i] !== hash[i]) return false
    return true
  }
}
