// A set of 20-byte keys (info-hashes) in shared memory, which one thread changes while others read it without locks and
// without allocating. A table is never changed but by keys that come to it and keys that are crossed out; whatever else
// becomes of the set is made in another table, and then the number of the present one, the generation, goes up.
import { readU32 } from './bytes.js'

export const KEY_BYTES = 20
/** What a slot may hold besides the number of a key, from 1. */
const EMPTY = 0
const GONE = -1
/** Words at the head of the memory: the generation, and where the tables of this and of the last one lie. */
const GENERATION = 0
const TABLES = 2
const TABLE_WORDS = 3
export const HEAD_BYTES = 64

/** Slots, twice as many as keys or more, and the keys in the order in which they came. */
export class KeyTable {
  /** Keys that came, those that are gone among them. */
  used = 0
  private readonly slots: Int32Array
  private readonly keys: Uint8Array

  constructor(
    memory: SharedArrayBuffer,
    readonly at: number,
    readonly slotCount: number,
    readonly room: number,
  ) {
    this.slots = new Int32Array(memory, at, slotCount)
    this.keys = new Uint8Array(memory, at + 4 * slotCount, KEY_BYTES * room)
  }

  static slotsFor(room: number): number {
    let slots = 16
    while (slots < 2 * room) slots *= 2
    return slots
  }

  static bytesFor(room: number): number {
    return 4 * KeyTable.slotsFor(room) + KEY_BYTES * room
  }

  /** The slot of the key at bytes[from]; the empty one where it would be put, as -1 less its number; or Infinity. */
  find(bytes: Uint8Array, from = 0): number {
    const { slots } = this
    const mask = slots.length - 1
    let slot = (readU32(bytes, from) ^ readU32(bytes, from + 8) ^ readU32(bytes, from + 16)) & mask
    // A table that is being made anew may be seen in the middle of it, and then without an empty slot.
    for (let i = 0; i <= mask; i++) {
      const entry = Atomics.load(slots, slot)
      if (entry === EMPTY) return -1 - slot
      if (entry !== GONE && this.holds(entry - 1, bytes, from)) return slot
      slot = (slot + 1) & mask
    }
    return Infinity
  }

  /** False: it is there already. There must be room. */
  put(bytes: Uint8Array, from = 0): boolean {
    const slot = this.find(bytes, from)
    if (slot >= 0) return false
    const at = KEY_BYTES * this.used
    for (let i = 0; i < KEY_BYTES; i++) this.keys[at + i] = bytes[from + i]!
    Atomics.store(this.slots, -1 - slot, ++this.used)
    return true
  }

  crossOut(slot: number): void {
    Atomics.store(this.slots, slot, GONE)
  }

  copyTo(other: KeyTable): void {
    for (const entry of this.slots) if (entry > 0) other.put(this.keys, KEY_BYTES * (entry - 1))
  }

  clear(): void {
    this.slots.fill(EMPTY)
  }

  private holds(entry: number, bytes: Uint8Array, from: number): boolean {
    const at = entry * KEY_BYTES
    for (let i = 0; i < KEY_BYTES; i++) if (this.keys[at + i] !== bytes[from + i]) return false
    return true
  }
}

/** For readers, in whatever thread. */
export class KeySet {
  protected table: KeyTable
  private readonly head: Int32Array
  private generation = 0

  constructor(readonly memory: SharedArrayBuffer) {
    this.head = new Int32Array(memory, 0, HEAD_BYTES / 4)
    this.table = this.look()
  }

  has(key: Uint8Array): boolean {
    if (!this.present()) this.table = this.look()
    for (;;) {
      const slot = this.table.find(key)
      // What was read is worth something only if nobody has begun to use that table for another generation.
      if (this.present()) return slot >= 0 && slot < Infinity
      this.table = this.look()
    }
  }

  protected publish(table: KeyTable): void {
    const next = (this.generation + 1) | 0
    const words = TABLES + TABLE_WORDS * (next & 1)
    this.head[words] = table.at
    this.head[words + 1] = table.slotCount
    this.head[words + 2] = table.room
    this.table = table
    this.generation = next
    Atomics.store(this.head, GENERATION, next)
  }

  private present(): boolean {
    return Atomics.load(this.head, GENERATION) === this.generation
  }

  private look(): KeyTable {
    for (;;) {
      this.generation = Atomics.load(this.head, GENERATION)
      const words = TABLES + TABLE_WORDS * (this.generation & 1)
      const [at, slots, room] = [this.head[words]!, this.head[words + 1]!, this.head[words + 2]!]
      if (this.present()) return new KeyTable(this.memory, at, slots, room)
    }
  }
}
