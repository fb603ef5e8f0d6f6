// Forgets peers that fell silent, a bounded piece of work at a time: goes round all swarms and comes back to where it
// stopped. A table is locked for a small bit of it, so that a thread that is answering hardly waits. Swarms that move in
// their table between two bits may be missed once; the next round finds them.
import { TABLES } from './memory.js'
import type { Clock } from '../../core/base/clock.js'
import type { FamilyStore } from './family-store.js'

// Units of work, very roughly 50 ns each.
const SLOT = 1
const BLOCK = 4
const REMOVAL = 8
/** Of a bit, after which the lock is given back and the clock is looked at. */
const UNITS_A_BIT = 1000
/** Of one block in one bit. */
const MOST_REMOVALS = 100

export class Sweeper {
  private family = 0
  private table = 0
  private slot = 0
  private slots = 0
  /** The swarm in the middle of which the last bit ended, and where in it. */
  private root = 0
  private entry = 0
  private units = 0

  constructor(
    private readonly families: readonly FamilyStore[],
    private readonly maxAge: number,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /** True: the round is not at its end. */
  sweep(tick: number, budgetMs: number): boolean {
    const deadline = this.clock.now() + budgetMs
    this.units = 0
    for (; this.family < this.families.length; this.family++) {
      const store = this.families[this.family]!
      for (; this.table < TABLES; this.table++, this.slot = 0) {
        while (!this.sweepBit(store, tick)) {
          this.units = 0
          if (this.clock.now() >= deadline) return true
        }
      }
      this.table = 0
    }
    this.family = 0
    return false
  }

  /** True: through with the table. */
  private sweepBit(store: FamilyStore, tick: number): boolean {
    const lock = store.table.lockOf(this.table)
    // Whoever has it for so long is dead, or will be done in the next round.
    if (!store.locks.take(lock)) return true
    try {
      const done = this.sweepTable(store, tick)
      store.locks.release(lock)
      return done
    } catch (error) {
      store.locks.break(lock)
      throw error
    }
  }

  private sweepTable(store: FamilyStore, tick: number): boolean {
    const slots = store.table.slotsOf(this.table)
    // Slots keep their order when a table grows.
    if (slots !== this.slots) this.slot = this.slot === 0 ? 0 : Math.floor((this.slot * slots) / this.slots)
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
    // Since the last bit the swarm may have gone, or have got another directory.
    if (root !== this.root) this.entry = 0
    swarm.root = root
    while (inTime && this.entry < swarm.entries) {
      swarm.turn(this.entry)
      const size = store.peers.size(swarm.block)
      const gone = this.sweepBlock(store, tick)
      // A block with more to remove is swept again; and one that was joined with another, for the other's peers.
      if (gone < MOST_REMOVALS) this.entry = gone > 0 && swarm.tidy() ? swarm.firstEntry : swarm.nextEntry
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
    let gone = 0
    for (let p = peers.leechers(block) - 1; p >= 0 && gone < MOST_REMOVALS; p--) {
      if (peers.age(block, p, tick) <= this.maxAge) continue
      swarm.remove(p, peers.hashAt(block, p))
      gone++
    }
    const leechers = gone
    // A removed seeder's place is taken by the first of them, so that one is looked at twice.
    for (let p = peers.end(block) - 1; p >= peers.firstSeeder(block) && gone < MOST_REMOVALS;) {
      if (peers.age(block, p, tick) > this.maxAge) {
        swarm.remove(p, peers.hashAt(block, p))
        gone++
      } else p--
    }
    if (gone > 0) store.census.dropPeers(gone, gone - leechers)
    return gone
  }

  /** Is the bit over, after `units` more? */
  private spent(units: number): boolean {
    this.units += units
    return this.units >= UNITS_A_BIT
  }
}
