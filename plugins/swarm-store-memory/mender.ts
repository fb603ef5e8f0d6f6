// Puts right what a thread left that died while it held a lock: the tables it was at are gone through, swarm by swarm,
// and what does not check out is dropped; then the allocator's lists and all counts are made anew from what the tables
// reach. Everything stands still meanwhile.
import { Claims } from './claims.js'
import { addUp } from './census.js'
import { inspectSwarm } from './inspect.js'
import { BROKEN, heldBy } from './locks.js'
import { ALLOCATOR_LOCK, TABLES, TO_MEND } from './memory.js'
import type { Arena } from './arena.js'
import type { Tally } from './census.js'
import type { FamilyStore } from './family-store.js'
import type { Locks } from './locks.js'

export class Mender {
  /** Every table's lock, then the allocator's, which is never held by one that waits for a table's. */
  private readonly words: readonly number[]

  constructor(
    private readonly arena: Arena,
    private readonly families: readonly FamilyStore[],
    private readonly locks: Locks,
  ) {
    const words: number[] = []
    for (const { table } of families) for (let t = 0; t < TABLES; t++) words.push(table.lockOf(t))
    this.words = [...words, ALLOCATOR_LOCK]
  }

  /** Marks what a thread held that is no more. */
  breakLocksOf(thread: number): void {
    const { i32 } = this.arena
    const gone = heldBy(thread)
    for (const word of this.words) {
      if (Atomics.compareExchange(i32, word, gone, BROKEN) === gone) Atomics.store(i32, TO_MEND, 1)
    }
  }

  /** Mends now, or, where some thread keeps a lock for too long, when next asked. */
  mendIfNeeded(): void {
    const { i32 } = this.arena
    if (Atomics.load(i32, TO_MEND) === 0) return
    Atomics.store(i32, TO_MEND, 0)
    const broken = new Set<number>()
    const done = this.atRest(() => {
      this.mend(broken)
      return true
    }, broken)
    if (done === null) Atomics.store(i32, TO_MEND, 1)
  }

  /** Does `work` while nobody else is at work; null: some lock was not to be had. `broken`: takes what is broken too. */
  atRest<T>(work: () => T, broken: Set<number> | null = null): T | null {
    const { locks } = this
    const taken: number[] = []
    try {
      for (const word of this.words) {
        if (broken !== null && locks.inherit(word, BROKEN)) broken.add(word)
        else if (!locks.take(word)) return null
        taken.push(word)
      }
      const result = work()
      broken?.clear()
      return result
    } finally {
      for (const word of taken) {
        if (broken?.has(word) === true) locks.break(word)
        else locks.release(word)
      }
    }
  }

  private mend(broken: ReadonlySet<number>): void {
    const { arena } = this
    const claims = new Claims(arena)
    const tallies = this.families.map(() => ({ swarms: 0, peers: 0, seeders: 0 }))
    // What nobody was at is right, and goes first: it is not to lose a block to what is not.
    for (const damaged of [false, true]) {
      for (const [i, store] of this.families.entries()) {
        const tally = tallies[i]
        if (tally === undefined) continue
        for (let table = 0; table < TABLES; table++) {
          if (broken.has(store.table.lockOf(table)) !== damaged || store.table.slotsOf(table) === 0) continue
          claims.claim(store.table.blockOf(table), store.table.orderOf(table))
          if (damaged) mendTable(store, table, claims, tally)
          else countTable(store, table, claims, tally)
        }
      }
    }
    for (const [i, store] of this.families.entries()) {
      const tally = tallies[i]
      if (tally !== undefined) store.census.correct(tally)
    }
    addUp(arena.i32, tallies)
    arena.rebuild(claims.used)
  }
}

function countTable(store: FamilyStore, table: number, claims: Claims, tally: Tally): void {
  const { swarm, peers } = store
  for (let slot = 0; slot < store.table.slotsOf(table); slot++) {
    const root = store.table.at(table, slot)
    if (root === 0) continue
    swarm.root = root
    tally.swarms++
    tally.peers += swarm.leechers + swarm.seeders
    tally.seeders += swarm.seeders
    if (swarm.wide) claims.claim(root, peers.order(root))
    for (let entry = 0; entry < swarm.entries; entry = swarm.nextEntry) {
      swarm.turn(entry)
      claims.claim(swarm.block, peers.order(swarm.block))
    }
  }
}

/** Keeps of a table what is whole. A swarm that was being moved may stand there twice. */
function mendTable(store: FamilyStore, table: number, claims: Claims, tally: Tally): void {
  const roots = new Set<number>()
  for (let slot = 0; slot < store.table.slotsOf(table); slot++) roots.add(store.table.at(table, slot))
  roots.delete(0)
  const whole: number[] = []
  for (const root of roots) {
    const faults: string[] = []
    const mark = claims.made
    const found = inspectSwarm(store, table, root, faults, claims)
    if (faults.length > 0) {
      claims.giveBack(mark)
      continue
    }
    whole.push(root)
    tally.swarms++
    tally.peers += found.peers
    tally.seeders += found.seeders
  }
  store.table.refill(table, whole)
}
