// Names every swarm, a slice at a time. A cursor is a table and a place in it, in the order of which its swarms stand
// whatever becomes of them and of it; so one that stays is not passed over.
import { TABLES } from './memory.js'
import { HASH_WORDS, PLACES } from './swarm-table.js'
import type { Clock } from '../../core/base/clock.js'
import type { InfoHash } from '../../core/protocol/ids.js'
import type { FamilyStore } from './family-store.js'

/** Info-hashes copied while a lock is held. */
const AT_ONCE = 512

export class Walk {
  private readonly gathered = new Int32Array(AT_ONCE * HASH_WORDS)
  private readonly bytes = new Uint8Array(4 * HASH_WORDS) as InfoHash

  constructor(
    private readonly v4: FamilyStore,
    private readonly v6: FamilyStore,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  go(cursor: number, budgetMs: number, visit: (infoHash: InfoHash) => void): number {
    const end = this.clock.now() + budgetMs
    let number = Math.floor(cursor / PLACES)
    let place = cursor % PLACES
    do {
      const family = number < TABLES ? this.v4 : this.v6
      const count = this.gather(family, number % TABLES, place)
      place = family.table.nextPlace
      for (let i = 0; i < count; i++) {
        this.write(i)
        // What is in both families was named with the first.
        if (family === this.v4 || !this.v4.has(this.bytes)) visit(this.bytes)
      }
      if (place >= PLACES) {
        place = 0
        number++
      }
      if (number >= 2 * TABLES) return 0
    } while (this.clock.now() < end)
    return number * PLACES + place
  }

  private gather({ table, locks }: FamilyStore, number: number, place: number): number {
    const lock = table.lockOf(number)
    if (!locks.take(lock)) {
      table.nextPlace = PLACES
      return 0
    }
    const count = table.gather(number, place, this.gathered)
    locks.release(lock)
    return count
  }

  private write(i: number): void {
    for (let k = 0; k < HASH_WORDS; k++) {
      const word = this.gathered[HASH_WORDS * i + k]!
      this.bytes[4 * k] = word
      this.bytes[4 * k + 1] = word >>> 8
      this.bytes[4 * k + 2] = word >>> 16
      this.bytes[4 * k + 3] = word >>> 24
    }
  }
}
