// Forgets peers that fell silent, a bounded piece of work at a time: goes round all swarms and comes back to where it
// stopped. Swarms that move in their table between two slices may be missed once; the next round finds them.
import { TABLES } from './swarm-table.js'
import type { Clock } from '../../core/base/clock.js'
import type { Census, FamilyStore } from './family-store.js'

// Units of work, very roughly 50 ns each. The clock is read once for so many.
const SLOT = 1
const BLOCK = 4
const REMOVAL = 8
const UNITS_A_LOOK = 1000

export class Sweeper {
  private family = 0
  private table = 0
  private slot = 0
  private slots = 0
  /** The swarm in the middle of which the last slice ended, and where in it. */
  private root = 0
  private entry = 0
  private units = 0
  private deadline = 0

  constructor(
    private readonly families: readonly FamilyStore[],
    private readonly census: Census,
    private readonly maxAge: number,
    private readonly clock: Clock,
  ) {}

  /** True: the round is not at its end. */
  sweep(tick: number, budgetMs: number): boolean {
    this.deadline = this.clock.now() + budgetMs
    this.units = 0
    for (; this.family < this.families.length; this.family++) {
      const store = this.families[this.family]!
      for (; this.table < TABLES; this.table++, this.slot = 0) {
        if (!this.sweepTable(store, tick)) return true
      }
      this.table = 0
    }
    this.family = 0
    return false
  }

  private sweepTable(store: FamilyStore, tick: number): boolean {
    const slots = store.table.slotsOf(this.table)
    if (slots !== this.slots) this.slot = 0
    this.slots = slots
    while (this.slot < slots) {
      if (this.spent(SLOT)) return false
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
    let inTime = true
    // Between two slices the swarm may have gone, or have got another directory.
    if (root !== this.root) this.entry = 0
    swarm.root = root
    while (inTime && this.entry < swarm.entries) {
      swarm.turn(this.entry)
      const size = store.peers.size(swarm.block)
      const gone = this.sweepBlock(store, tick)
      // A block that was joined with another is swept again, for the sake of the other's peers.
      this.entry = gone > 0 && swarm.tidy() ? swarm.firstEntry : swarm.nextEntry
      inTime = !this.spent(BLOCK + size + gone * REMOVAL)
    }
    const done = this.entry >= swarm.entries
    store.settle(root)
    this.root = done ? 0 : swarm.root
    return done
  }

  private sweepBlock(store: FamilyStore, tick: number): number {
    const { swarm, peers } = store
    const { block } = swarm
    const before = peers.size(block)
    for (let p = peers.leechers(block) - 1; p >= 0; p--) {
      if (peers.age(block, p, tick) > this.maxAge) swarm.remove(p, peers.hashAt(block, p))
    }
    // A removed seeder's place is taken by the first of them, so that one is looked at twice.
    for (let p = peers.end(block) - 1; p >= peers.firstSeeder(block);) {
      if (peers.age(block, p, tick) > this.maxAge) swarm.remove(p, peers.hashAt(block, p))
      else p--
    }
    const gone = before - peers.size(block)
    this.census.peers -= gone
    return gone
  }

  /** Is the slice's time over, after `units` more? */
  private spent(units: number): boolean {
    this.units += units
    if (this.units < UNITS_A_LOOK) return false
    this.units = 0
    return this.clock.now() >= this.deadline
  }
}
