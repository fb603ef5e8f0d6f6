// Finds swarms by info-hash. 512 small open-addressing tables instead of a large one, so that growing is never a pause;
// a table is also what a lock would guard. A slot holds the hash and the root of the swarm, 0 where it is empty.
import { MAX_ORDER } from './arena.js'
import { COMPLETED, COUNTS, INFO_HASH, META } from './layout.js'
import { keyedHash } from './keyed-hash.js'
import type { Arena } from './arena.js'

const BITS = 9
export const TABLES = 1 << BITS
/** Reserved words of the arena that a SwarmTable needs: block and order for each table. */
export const TABLE_WORDS = TABLES * 2
const FIRST_SLOTS = 8
const WORDS = 5

export class SwarmTable {
  /** Where the last swarm found or created stands. */
  table = 0
  slot = 0
  private readonly i32: Int32Array
  private readonly u8: Uint8Array

  /** `words`: where TABLE_WORDS of the arena begin; `scratch`: five more for the info-hash that is looked for. */
  constructor(
    private readonly arena: Arena,
    private readonly words: number,
    private readonly scratch: number,
    private readonly k0: number,
    private readonly k1: number,
  ) {
    this.i32 = arena.i32
    this.u8 = arena.u8
  }

  /** The root of the swarm, or 0; afterwards `create` makes the swarm that was not found. */
  find(infoHash: Uint8Array): number {
    const { i32, u8, scratch } = this
    for (let i = 0; i < 20; i++) u8[scratch * 4 + i] = infoHash[i]!
    const hash = keyedHash(this.k0, this.k1, i32, scratch, WORDS)
    this.hash = hash
    this.table = hash & (TABLES - 1)
    const at = this.i32[this.words + 2 * this.table]!
    if (at === 0) return 0
    const mask = this.slotsOf(this.table) - 1
    for (let j = (hash >>> BITS) & mask; ; j = (j + 1) & mask) {
      const root = i32[at + 2 * j + 1]!
      if (root === 0) return 0
      if (i32[at + 2 * j] === hash && this.sameHash(root)) {
        this.slot = j
        return root
      }
    }
  }

  /** An empty swarm in the place where `find` saw none, or 0 when the arena is full. */
  create(): number {
    const { i32, scratch } = this
    const root = this.arena.alloc(0)
    if (root === 0) return 0
    for (let i = 0; i < WORDS; i++) i32[root + INFO_HASH + i] = i32[scratch + i]!
    i32[root + COMPLETED] = i32[root + META] = i32[root + COUNTS] = 0
    if (!this.grow()) {
      this.arena.free(root, 0)
      return 0
    }
    this.slot = this.place(i32[this.words + 2 * this.table]!, this.slotsOf(this.table), this.hash, root)
    this.used[this.table]!++
    return root
  }

  /** The swarm at `table` and `slot` has another root now. */
  replace(root: number): void {
    this.i32[this.i32[this.words + 2 * this.table]! + 2 * this.slot + 1] = root
  }

  /** Forgets the swarm at `table` and `slot`; what follows moves up, maybe into this very slot. */
  drop(): void {
    const { i32 } = this
    const at = i32[this.words + 2 * this.table]!
    const mask = this.slotsOf(this.table) - 1
    let hole = this.slot
    for (let j = (hole + 1) & mask; i32[at + 2 * j + 1] !== 0; j = (j + 1) & mask) {
      const home = (i32[at + 2 * j]! >>> BITS) & mask
      if (((j - home) & mask) < ((j - hole) & mask)) continue
      i32[at + 2 * hole] = i32[at + 2 * j]!
      i32[at + 2 * hole + 1] = i32[at + 2 * j + 1]!
      hole = j
    }
    i32[at + 2 * hole + 1] = 0
    this.used[this.table]!--
  }

  slotsOf(table: number): number {
    return this.i32[this.words + 2 * table] === 0 ? 0 : FIRST_SLOTS << this.i32[this.words + 2 * table + 1]!
  }

  /** The root in a slot, or 0; for walks over all swarms. Makes that slot the one that replace and drop mean. */
  at(table: number, slot: number): number {
    this.table = table
    this.slot = slot
    return this.i32[this.i32[this.words + 2 * table]! + 2 * slot + 1]!
  }

  private hash = 0
  private readonly used = new Int32Array(TABLES)

  private sameHash(root: number): boolean {
    const { i32, scratch } = this
    for (let i = 0; i < WORDS; i++) if (i32[root + INFO_HASH + i] !== i32[scratch + i]) return false
    return true
  }

  /** Keeps the table of the swarm to come at most three quarters full. */
  private grow(): boolean {
    const { i32 } = this
    const head = this.words + 2 * this.table
    const old = i32[head]!
    const slots = this.slotsOf(this.table)
    if (4 * (this.used[this.table]! + 1) <= 3 * slots) return true
    const order = old === 0 ? 0 : i32[head + 1]! + 1
    const at = order > MAX_ORDER ? 0 : this.arena.alloc(order)
    if (at === 0) return false
    i32.fill(0, at, at + (16 << order))
    for (let j = 0; j < slots; j++) {
      const root = i32[old + 2 * j + 1]!
      if (root !== 0) this.place(at, FIRST_SLOTS << order, i32[old + 2 * j]!, root)
    }
    if (old !== 0) this.arena.free(old, order - 1)
    i32[head] = at
    i32[head + 1] = order
    return true
  }

  private place(at: number, slots: number, hash: number, root: number): number {
    let j = (hash >>> BITS) & (slots - 1)
    while (this.i32[at + 2 * j + 1] !== 0) j = (j + 1) & (slots - 1)
    this.i32[at + 2 * j] = hash
    this.i32[at + 2 * j + 1] = root
    return j
  }
}
