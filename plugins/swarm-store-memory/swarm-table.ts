// Finds swarms by info-hash. 512 small open-addressing tables instead of a large one, so that growing is never a pause;
// each has a lock of its own, which whoever calls holds. A slot holds the hash and the root of the swarm, 0 where it is
// empty; slots are in the order of the hash but for what stood in the way, so a walk keeps its place when a table grows.
import { tableHash } from '../../core/base/half-siphash.js'
import { COMPLETED, COUNTS, INFO_HASH, META } from './layout.js'
import { MAX_ORDER, TABLE_BITS, TABLE_BLOCK, TABLE_LOCK, TABLE_USED, TABLES, tableWord } from './memory.js'
import type { Arena } from './arena.js'

const FIRST_BITS = 3
export const HASH_WORDS = 5
/** A table's block and its order in one word, so that they change at once. */
const ORDER_MASK = 15
/** Of the hash, what is behind the number of the table: where in a table something stands, whatever its size. */
const PLACE_BITS = 32 - TABLE_BITS
export const PLACES = 2 ** PLACE_BITS

export class SwarmTable {
  /** Where the last swarm sought, found or created stands. */
  table = 0
  slot = 0
  /** Where the last `gather` ended. */
  nextPlace = 0
  private hash = 0
  private readonly i32: Int32Array
  /** The info-hash that is looked for. */
  private readonly sought = new Int32Array(HASH_WORDS)

  constructor(
    private readonly arena: Arena,
    private readonly family: 4 | 6,
    private readonly k0: number,
    private readonly k1: number,
  ) {
    this.i32 = arena.i32
  }

  /** Which swarm is meant; gives the word of its table's lock. */
  seek(infoHash: Uint8Array): number {
    const { sought } = this
    for (let i = 0, at = 0; i < HASH_WORDS; i++, at += 4) {
      sought[i] = infoHash[at]! | (infoHash[at + 1]! << 8) | (infoHash[at + 2]! << 16) | (infoHash[at + 3]! << 24)
    }
    return this.turn()
  }

  /** As `seek`, for a swarm by its root. */
  seekAt(root: number): number {
    for (let i = 0; i < HASH_WORDS; i++) this.sought[i] = this.i32[root + INFO_HASH + i]!
    return this.turn()
  }

  lockOf(table: number): number {
    return tableWord(this.family, table) + TABLE_LOCK
  }

  /** The root of the swarm sought, or 0; then `create` makes it. */
  find(): number {
    const { i32, hash } = this
    const word = i32[tableWord(this.family, this.table) + TABLE_BLOCK]!
    if (word === 0) return 0
    const at = word & ~ORDER_MASK
    const bits = FIRST_BITS + (word & ORDER_MASK)
    const mask = (1 << bits) - 1
    for (let j = hash >>> (32 - bits); ; j = (j + 1) & mask) {
      const root = i32[at + 2 * j + 1]!
      if (root === 0) return 0
      if (i32[at + 2 * j] === hash && this.isSought(root)) {
        this.slot = j
        return root
      }
    }
  }

  /** An empty swarm in the place where `find` saw none, or 0 when the arena is full. */
  create(): number {
    const { i32, sought } = this
    if (!this.makeRoom()) return 0
    const root = this.arena.alloc(0)
    if (root === 0) return 0
    for (let i = 0; i < HASH_WORDS; i++) i32[root + INFO_HASH + i] = sought[i]!
    i32[root + COMPLETED] = i32[root + META] = i32[root + COUNTS] = 0
    this.slot = this.place(i32[tableWord(this.family, this.table) + TABLE_BLOCK]!, this.hash, root)
    i32[tableWord(this.family, this.table) + TABLE_USED]!++
    return root
  }

  /** The swarm at `table` and `slot` has another root now. */
  replace(root: number): void {
    this.i32[this.blockOf(this.table) + 2 * this.slot + 1] = root
  }

  /** Forgets the swarm at `table` and `slot`; what follows moves up, maybe into this very slot. */
  drop(): void {
    const { i32 } = this
    const word = i32[tableWord(this.family, this.table) + TABLE_BLOCK]!
    const at = word & ~ORDER_MASK
    const bits = FIRST_BITS + (word & ORDER_MASK)
    const mask = (1 << bits) - 1
    let hole = this.slot
    for (let j = (hole + 1) & mask; i32[at + 2 * j + 1] !== 0; j = (j + 1) & mask) {
      const home = i32[at + 2 * j]! >>> (32 - bits)
      if (((j - home) & mask) < ((j - hole) & mask)) continue
      i32[at + 2 * hole] = i32[at + 2 * j]!
      i32[at + 2 * hole + 1] = i32[at + 2 * j + 1]!
      hole = j
    }
    i32[at + 2 * hole + 1] = 0
    i32[tableWord(this.family, this.table) + TABLE_USED]!--
  }

  /** The block of a table, or 0. */
  blockOf(table: number): number {
    return this.i32[tableWord(this.family, table) + TABLE_BLOCK]! & ~ORDER_MASK
  }

  orderOf(table: number): number {
    return this.i32[tableWord(this.family, table) + TABLE_BLOCK]! & ORDER_MASK
  }

  slotsOf(table: number): number {
    return this.blockOf(table) === 0 ? 0 : 1 << (FIRST_BITS + this.orderOf(table))
  }

  /** The root in a slot, or 0; for walks over all swarms. Makes that slot the one that replace and drop mean. */
  at(table: number, slot: number): number {
    this.table = table
    this.slot = slot
    return this.i32[this.blockOf(table) + 2 * slot + 1]!
  }

  /**
   * Copies the info-hashes of a table, from a place on, into `into` until that is about full; gives how many. Where to go
   * on is then `nextPlace`, PLACES at the end.
   */
  gather(table: number, place: number, into: Int32Array): number {
    const { i32 } = this
    const slots = this.slotsOf(table)
    const at = this.blockOf(table)
    const shift = 29 - this.orderOf(table)
    const most = Math.floor(into.length / HASH_WORDS)
    let count = 0
    let home = (place << TABLE_BITS) >>> shift
    for (; home < slots && 2 * count < most; home++) {
      // All whose home is here stand from here on, without a gap.
      for (let j = home; count < most; j = (j + 1) & (slots - 1)) {
        const root = i32[at + 2 * j + 1]!
        if (root === 0) break
        if (i32[at + 2 * j]! >>> shift !== home) continue
        for (let i = 0; i < HASH_WORDS; i++) into[HASH_WORDS * count + i] = i32[root + INFO_HASH + i]!
        count++
      }
    }
    this.nextPlace = home >= slots ? PLACES : (home << shift) >>> TABLE_BITS
    return count
  }

  /** Makes a table hold these swarms and no others; they fit, having been there. */
  refill(table: number, roots: readonly number[]): void {
    const { i32 } = this
    const head = tableWord(this.family, table)
    i32.fill(0, this.blockOf(table), this.blockOf(table) + 2 * this.slotsOf(table))
    for (const root of roots) {
      this.seekAt(root)
      this.place(i32[head + TABLE_BLOCK]!, this.hash, root)
    }
    i32[head + TABLE_USED] = roots.length
  }

  private turn(): number {
    // The number of the table is the end of the hash, its place in the table the beginning.
    this.hash = tableHash(this.k0, this.k1, this.sought, HASH_WORDS)
    this.table = this.hash & (TABLES - 1)
    return tableWord(this.family, this.table) + TABLE_LOCK
  }

  private isSought(root: number): boolean {
    const { i32, sought } = this
    for (let i = 0; i < HASH_WORDS; i++) if (i32[root + INFO_HASH + i] !== sought[i]) return false
    return true
  }

  /** Keeps the table of the swarm to come at most three quarters full. */
  private makeRoom(): boolean {
    const { i32 } = this
    const head = tableWord(this.family, this.table)
    const old = this.blockOf(this.table)
    const slots = this.slotsOf(this.table)
    if (4 * (i32[head + TABLE_USED]! + 1) <= 3 * slots) return true
    const order = old === 0 ? 0 : this.orderOf(this.table) + 1
    const at = order > MAX_ORDER ? 0 : this.arena.alloc(order)
    if (at === 0) return false
    i32.fill(0, at, at + (16 << order))
    for (let j = 0; j < slots; j++) {
      const root = i32[old + 2 * j + 1]!
      if (root !== 0) this.place(at | order, i32[old + 2 * j]!, root)
    }
    i32[head + TABLE_BLOCK] = at | order
    if (old !== 0) this.arena.free(old, order - 1)
    return true
  }

  /** `word`: a table's block and order. */
  private place(word: number, hash: number, root: number): number {
    const { i32 } = this
    const at = word & ~ORDER_MASK
    const bits = FIRST_BITS + (word & ORDER_MASK)
    let j = hash >>> (32 - bits)
    while (i32[at + 2 * j + 1] !== 0) j = (j + 1) & ((1 << bits) - 1)
    i32[at + 2 * j] = hash
    i32[at + 2 * j + 1] = root
    return j
  }
}
