// One piece of memory for all swarms, cut by halves into blocks of 64 << order bytes (a buddy allocator). A block is
// named by its first 32-bit word, a multiple of 16 and never 0. All state lies in the memory itself, so that another
// thread could open the same bytes. The system gives pages as they are touched: an arena costs what is used of it.
import { ownErrors } from './errors.js'

export const MAX_ORDER = 15
/** 2 MiB: what is taken from the untouched rest at a time. */
const WHOLE = 64 << MAX_ORDER

// Words of the head: the first free block of each order, a bit for each order that has one, the first word never used.
const FREE = 0
const ORDERS = MAX_ORDER + 1
const TOP = ORDERS + 1
/** Words up to this one are for whoever shares the arena (keys, scratch, tables of tables); zero at first. */
const HEAD_WORDS = 32
/** In the map, a byte for each 64: the first of a free block holds FREE_MARK | order. */
const FREE_MARK = 0x80

export class Arena {
  readonly u8: Uint8Array
  readonly u16: Uint16Array
  readonly i32: Int32Array
  /** First of the words that were reserved for the arena's user. */
  readonly reserved = HEAD_WORDS
  /** The first byte that can be cut from. */
  readonly first: number
  private readonly map: number
  private readonly end: number

  constructor(bytes: number, reservedWords: number) {
    const length = Math.max(2, Math.floor(bytes / WHOLE)) * WHOLE
    const memory = new ArrayBuffer(length)
    this.u8 = new Uint8Array(memory)
    this.u16 = new Uint16Array(memory)
    this.i32 = new Int32Array(memory)
    this.map = (HEAD_WORDS + reservedWords) * 4
    this.end = length >> 2
    this.first = Math.ceil((this.map + (length >> 6)) / WHOLE) * WHOLE
    this.i32[TOP] = this.first >> 2
  }

  /** The largest arena up to `bytes` that the system grants. */
  static reserve(bytes: number, reservedWords: number): Arena {
    for (let size = bytes; ; size /= 2) {
      try {
        return new Arena(size, reservedWords)
      } catch (error) {
        if (!(error instanceof RangeError) || size < 4 * WHOLE) {
          throw ownErrors.make(
            'ERR_STORE_MEMORY',
            `the system grants no ${bytes >> 20} MiB for swarms: lower memoryMiB`,
            {
              cause: error,
            },
          )
        }
      }
    }
  }

  /** Where the untouched rest begins, in bytes. */
  get taken(): number {
    return this.i32[TOP]! * 4
  }

  /** A block of 64 << order bytes with anything in it, or 0 when the arena is full. */
  alloc(order: number): number {
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
  free(block: number, order: number): void {
    let at = block
    let k = order
    for (; k < MAX_ORDER; k++) {
      const other = at ^ (16 << k)
      if (this.u8[this.map + (other >> 4)] !== (FREE_MARK | k)) break
      this.unlink(other, k)
      at &= ~(16 << k)
    }
    this.link(at, k)
  }

  /** Bytes in free blocks, by walking the lists: for checks. */
  freeBytes(): number {
    let bytes = 0
    for (let k = 0; k <= MAX_ORDER; k++) {
      for (let at = this.i32[FREE + k]!; at !== 0; at = this.i32[at]!) bytes += 64 << k
    }
    return bytes
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
    this.u8[this.map + (at >> 4)] = FREE_MARK | k
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
    this.u8[this.map + (at >> 4)] = 0
  }
}
