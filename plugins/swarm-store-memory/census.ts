// What is there, counted in the shared memory by whoever adds and removes. The caps are kept here: a place is reserved
// before it is filled, so that two threads at once do not exceed one.
import { CENSUS } from './memory.js'
import type { FamilyTotals } from '../../core/contracts/swarm-store.js'

const SWARMS = CENSUS
const PEERS = CENSUS + 1
const FAMILY_WORDS = 3
/** Of a family's words. */
const OWN_SWARMS = 0
const OWN_PEERS = 1
const OWN_SEEDERS = 2

/** How many there are of each kind. */
export interface Tally {
  swarms: number
  peers: number
  seeders: number
}

export class Census {
  private readonly own: number

  constructor(
    private readonly i32: Int32Array,
    private readonly family: 4 | 6,
  ) {
    this.own = CENSUS + 2 + (family === 4 ? 0 : FAMILY_WORDS)
  }

  /** Counts a swarm; false, and nothing counted, where there are `most` already. */
  reserveSwarm(most: number): boolean {
    if (!this.reserve(SWARMS, most)) return false
    Atomics.add(this.i32, this.own + OWN_SWARMS, 1)
    return true
  }

  reservePeer(most: number, seeder: boolean): boolean {
    if (!this.reserve(PEERS, most)) return false
    Atomics.add(this.i32, this.own + OWN_PEERS, 1)
    if (seeder) Atomics.add(this.i32, this.own + OWN_SEEDERS, 1)
    return true
  }

  dropSwarm(): void {
    Atomics.sub(this.i32, SWARMS, 1)
    Atomics.sub(this.i32, this.own + OWN_SWARMS, 1)
  }

  /** `seeders` of these peers. */
  dropPeers(peers: number, seeders: number): void {
    Atomics.sub(this.i32, PEERS, peers)
    Atomics.sub(this.i32, this.own + OWN_PEERS, peers)
    if (seeders > 0) Atomics.sub(this.i32, this.own + OWN_SEEDERS, seeders)
  }

  /** A peer has changed sides. */
  turn(seeder: boolean): void {
    Atomics.add(this.i32, this.own + OWN_SEEDERS, seeder ? 1 : -1)
  }

  /** Are there `most` peers already? A quick look; `reservePeer` has the last word. */
  fullOfPeers(most: number): boolean {
    return this.i32[PEERS]! >= most
  }

  totals(): FamilyTotals {
    const count = (what: number): number => Atomics.load(this.i32, this.own + what)
    return { family: this.family, swarms: count(OWN_SWARMS), peers: count(OWN_PEERS), seeders: count(OWN_SEEDERS) }
  }

  /** Puts down what a recount of this family found. Everything stands still. */
  correct(found: Readonly<Tally>): void {
    this.i32[this.own + OWN_SWARMS] = found.swarms
    this.i32[this.own + OWN_PEERS] = found.peers
    this.i32[this.own + OWN_SEEDERS] = found.seeders
  }

  /** Whoever finds that it took one too many gives it back; that another is refused meanwhile does no harm. */
  private reserve(word: number, most: number): boolean {
    if (Atomics.add(this.i32, word, 1) < most) return true
    Atomics.sub(this.i32, word, 1)
    return false
  }
}

/** What is counted over both families. */
export function allOf(i32: Int32Array): { swarms: number; peers: number } {
  return { swarms: Atomics.load(i32, SWARMS), peers: Atomics.load(i32, PEERS) }
}

/** Makes that the sum of the families, each of which was corrected. */
export function addUp(i32: Int32Array, families: readonly Readonly<Tally>[]): void {
  i32[SWARMS] = families.reduce((sum, one) => sum + one.swarms, 0)
  i32[PEERS] = families.reduce((sum, one) => sum + one.peers, 0)
}
