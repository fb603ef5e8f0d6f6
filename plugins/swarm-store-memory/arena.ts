// Memory cut by halves into blocks of 64 << order bytes (a buddy allocator). A block is named by its first 32-bit word,
// a multiple of 16 and never 0. All state lies in the memory itself: every opener has an Arena over the same bytes.
import { FEWER_SLEEPS, MOST_SLEEPS } from './locks.js'
import { ALLOCATOR_LOCK, FREE, firstByte, MAP, MAX_ORDER, ORDERS, TO_MEND, TOP, WHOLE } from './memory.js'
import type { Locks } from './locks.js'
import type { Memory } from './memory.js'

/** In the map, a byte for each 64: the first of a free block holds FREE_MARK | order. */
const FREE_MARK = 0x80

export class Arena {
  readonly u8: Uint8Array
  readonly u16: Uint16Array
  readonly i32: Int32Array
  /** The first byte that can be cut from. */
  readonly first: number
  private readonly end: number

  constructor(
    memory: Memory,
    private readonly locks: Locks,
  ) {
    this.u8 = new Uint8Array(memory)
    this.u16 = new Uint16Array(memory)
    this.i32 = new Int32Array(memory)
    this.first = firstByte(memory)
    this.end = memory.byteLength >> 2
  }

  /** Where the untouched rest begins, in bytes. */
  get taken(): number {
    return this.i32[TOP]! * 4
  }

  /** A block of 64 << order bytes with anything in it, or 0 when the arena is full (or its lock is not to be had). */
  alloc(order: number): number {
    if (!this.locks.take(ALLOCATOR_LOCK, FEWER_SLEEPS)) return 0
    const at = this.cut(order)
    this.locks.release(ALLOCATOR_LOCK)
    return at
  }

  free(block: number, order: number): void {
    // What cannot be given back now is found by mending: nothing leads to it.
    if (!this.locks.take(ALLOCATOR_LOCK, MOST_SLEEPS)) return void Atomics.store(this.i32, TO_MEND, 1)
    this.join(block, order)
    this.locks.release(ALLOCATOR_LOCK)
  }

  /** Bytes in free blocks, by walking the lists: for checks. */
  freeBytes(): number {
    let bytes = 0
    for (let k = 0; k <= MAX_ORDER; k++) {
      for (let at = this.i32[FREE + k]!; at !== 0; at = this.i32[at]!) bytes += 64 << k
    }
    return bytes
  }

  /** Makes all that was ever taken free but what `used` says, a byte for each 64. The allocator's lock is held. */
  rebuild(used: Uint8Array): void {
    const base = this.first >> 2
    this.i32.fill(0, FREE, FREE + MAX_ORDER + 1)
    this.i32[ORDERS] = 0
    this.u8.fill(0, MAP + (base >> 4), MAP + (this.i32[TOP]! >> 4))
    for (let unit = 0; unit < used.length; unit++) if (used[unit] === 0) this.join(base + unit * 16, 0)
  }

  private cut(order: number): number {
    const { i32 } = this
    const ready = (i32[ORDERS]! >>> order) << order
    let at = 0
    let k = MAX_ORDER
    if (ready !== 0) {
      k = 31 - Math.clz32(ready & -ready)
      at = i32[FREE + k]!
      this.unlink(at, k)
    } else if (i32[TOP]! + (WHOLE >> 2) <= this.end) {
      at = i32[TOP]!
      i32[TOP] = at + (WHOLE >> 2)
    } else return 0
    while (k > order) {
      k--
      this.link(at + (16 << k), k)
    }
    return at
  }

  /** Joins the block with its other half for as long as that is free as well. */
  private join(block: number, order: number): void {
    let at = block
    let k = order
    for (; k < MAX_ORDER; k++) {
      const other = at ^ (16 << k)
      if (this.u8[MAP + (other >> 4)] !== (FREE_MARK | k)) break
      this.unlink(other, k)
      at &= ~(16 << k)
    }
    this.link(at, k)
  }

  // A free block holds the next and the previous of its order in its first two words.
  private link(at: number, k: number): void {
    const { i32 } = this
    const head = i32[FREE + k]!
    i32[at] = head
    i32[at + 1] = 0
    if (head !== 0) i32[head + 1] = at
    i32[FREE + k] = at
    i32[ORDERS]! |= 1 << k
    this.u8[MAP + (at >> 4)] = FREE_MARK | k
  }

  private unlink(at: number, k: number): void {
    const { i32 } = this
    const next = i32[at]!
    const before = i32[at + 1]!
    if (next !== 0) i32[next + 1] = before
    if (before !== 0) i32[before] = next
    else {
      i32[FREE + k] = next
      if (next === 0) i32[ORDERS]! &= ~(1 << k)
    }
    this.u8[MAP + (at >> 4)] = 0
  }
}
