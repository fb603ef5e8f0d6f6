// How many connected peers have each piece. Seeds have all, so they are one number; everyone else is counted piece by
// piece. The counts equal the sum over live peers at every moment.
import type { Bitfield } from '../base/bitfield.js'

export class Availability {
  readonly count: Uint16Array
  private seedCount = 0

  constructor(pieceCount: number) {
    this.count = new Uint16Array(pieceCount)
  }

  get seeds(): number {
    return this.seedCount
  }

  addSeed(): void {
    this.seedCount++
  }

  removeSeed(): void {
    this.seedCount--
  }

  /** A peer's whole bitfield came (by = 1) or went (by = -1). */
  addAll(have: Bitfield, by: 1 | -1): void {
    for (let piece = have.nextSet(0); piece !== -1; piece = have.nextSet(piece + 1)) this.count[piece]! += by
  }

  add(piece: number): number {
    return ++this.count[piece]!
  }

  checkInvariants(peers: Iterable<{ readonly have: Bitfield; readonly seed: boolean }>): readonly string[] {
    const recount = new Uint16Array(this.count.length)
    let seeds = 0
    for (const peer of peers) {
      if (peer.seed) seeds++
      else for (let i = peer.have.nextSet(0); i !== -1; i = peer.have.nextSet(i + 1)) recount[i]!++
    }
    const wrong = [...recount.keys()].filter(i => recount[i] !== this.count[i])
    return [
      ...wrong.map(i => `piece ${i}: ${recount[i]} peers have it, ${this.count[i]} counted`),
      ...(seeds === this.seedCount ? [] : [`${seeds} seeds, ${this.seedCount} counted`]),
    ]
  }
}
