// Forgets peers that fell silent, a bounded piece of work at a time: goes round all swarms and comes back to where it
// stopped. Swarms that move in their table between two slices may be missed once; the next round finds them.
import { TABLES } from './swarm-table.js'
import type { Census, FamilyStore } from './family-store.js'

// Units of work, about 50 ns each.
const SLOT = 1
const BLOCK = 4
const REMOVAL = 8
export const UNITS_PER_MS = 20_000

export class Sweeper {
  private family = 0
  private table = 0
  private slot = 0
  private slots = 0
  private entry = 0
  private budget = 0

  constructor(
    private readonly families: readonly FamilyStore[],
    private readonly census: Census,
    private readonly maxAge: number,
  ) {}

  /** True: the round is not at its end. */
  sweep(tick: number, budget: number): boolean {
    this.budget = budget
    for (; this.family < this.families.length; this.family++) {
      const store = this.families[this.family]!
      for (; this.table < TABLES; this.table++, this.slot = this.entry = 0) {
        this.budget -= SLOT
        if (!this.sweepTable(store, tick)) return true
      }
      this.table = 0
    }
    this.family = 0
    return false
  }

  private sweepTable(store: FamilyStore, tick: number): boolean {
    const slots = store.table.slotsOf(this.table)
    if (slots !== this.slots) this.slot = this.entry = 0
    this.slots = slots
    while (this.slot < slots) {
      if (this.budget <= 0) return false
      this.budget -= SLOT
      const root = store.table.at(this.table, this.slot)
      if (root === 0) this.slot++
      else if (!this.sweepSwarm(store, root, tick)) return false
      // What took the place of a swarm that went is looked at next.
      else if (store.table.at(this.table, this.slot) === store.swarm.root) this.slot++
    }
    return true
  }

  private sweepSwarm(store: FamilyStore, root: number, tick: number): boolean {
    const { swarm } = store
    swarm.root = root
    while (this.entry < swarm.entries) {
      if (this.budget <= 0) {
        store.settle(root)
        return false
      }
      swarm.turn(this.entry)
      const gone = this.sweepBlock(store, tick)
      if (gone > 0) swarm.tidy()
      this.entry = swarm.nextEntry
    }
    this.entry = 0
    store.settle(root)
    return true
  }

  private sweepBlock(store: FamilyStore, tick: number): number {
    const { swarm, peers } = store
    const { block } = swarm
    const before = peers.size(block)
    this.budget -= BLOCK + before
    for (let p = peers.leechers(block) - 1; p >= 0; p--) {
      if (peers.age(block, p, tick) > this.maxAge) swarm.remove(p, peers.hashAt(block, p))
    }
    // A removed seeder's place is taken by the first of them, which has been looked at.
    for (let p = peers.end(block) - 1; p >= peers.firstSeeder(block);) {
      if (peers.age(block, p, tick) > this.maxAge) swarm.remove(p, peers.hashAt(block, p))
      else p--
    }
    const gone = before - peers.size(block)
    this.budget -= gone * REMOVAL
    this.census.peers -= gone
    return gone
  }
}
