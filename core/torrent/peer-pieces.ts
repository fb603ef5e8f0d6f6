// What one peer says it has, and what follows from that: how many peers have a piece, whether we want anything of this
// one, and which pieces it refused of late though it says it has them.
import { Bitfield } from '../base/bitfield.js'
import type { Peer } from './peer-table.js'
import type { Swarm } from './swarm.js'

const REFUSED_MS = 60_000

/** What `tell` answers to a message about pieces. */
export const Told = { Fine: 0, Seed: 1, Nonsense: 2 } as const
export type Told = (typeof Told)[keyof typeof Told]

export class PeerPieces {
  have: Bitfield
  seed = false
  private told = false
  /** Pieces it refused though it did not choke us, and until when we believe that it has lost them. */
  private refused: Map<number, number> | null = null

  constructor(
    private readonly swarm: Swarm,
    private readonly peer: Peer,
  ) {
    this.have = new Bitfield(swarm.geometry.pieceCount)
  }

  holds(piece: number): boolean {
    return this.seed || this.have.has(piece)
  }

  has(piece: number): boolean {
    return this.holds(piece) && !this.refused?.has(piece)
  }

  one(piece: number): Told {
    const { swarm } = this
    this.told = true
    this.refused?.delete(piece)
    if (this.seed || !this.have.set(piece)) return Told.Fine
    const count = swarm.availability.add(piece)
    const index = swarm.geometry.piece(piece)
    if (index !== -1) swarm.selector.onAvailability(index, count)
    if (swarm.book.lacks(piece)) {
      swarm.peers.useful[this.peer.slot]!++
      this.peer.setWanted(true)
      swarm.scheduler.wake(this.peer)
    }
    return this.have.full ? this.becomeSeed(true) : Told.Fine
  }

  bitfield(bits: Uint8Array): Told {
    const have = Bitfield.from(bits, this.swarm.geometry.pieceCount)
    if (have === null) return Told.Nonsense
    // aria2 sends its bitfield again in place of many haves.
    if (this.told) return this.more(have)
    this.told = true
    this.have = have
    if (have.full) return this.becomeSeed(false)
    this.swarm.availability.addAll(have, 1)
    this.countUseful()
    return Told.Fine
  }

  all(): Told {
    if (this.told) return Told.Nonsense
    this.told = true
    this.have.fill()
    return this.becomeSeed(false)
  }

  none(): Told {
    if (this.told) return Told.Nonsense
    this.told = true
    return Told.Fine
  }

  /** Asking again at once would be refused again, and so on as fast as the link goes. */
  refuse(piece: number): void {
    this.refused ??= new Map()
    this.refused.set(piece, this.swarm.now + REFUSED_MS)
  }

  /** Once a second: what was refused long ago may be asked again. */
  forgive(now: number): void {
    if (this.refused === null) return
    for (const [piece, until] of this.refused) if (until <= now) this.refused.delete(piece)
    if (this.refused.size === 0) this.refused = null
  }

  /** The peer is gone: nobody has these pieces by it any more. */
  leave(): void {
    if (this.seed) this.swarm.availability.removeSeed()
    else this.swarm.availability.addAll(this.have, -1)
  }

  private more(have: Bitfield): Told {
    let told: Told = Told.Fine
    for (let piece = have.nextSet(0); piece >= 0; piece = have.nextSet(piece + 1)) {
      if (!this.have.has(piece)) told = this.one(piece)
    }
    return told
  }

  private becomeSeed(counted: boolean): Told {
    if (counted) this.swarm.availability.addAll(this.have, -1)
    this.seed = true
    this.swarm.availability.addSeed()
    this.countUseful()
    return Told.Seed
  }

  private countUseful(): void {
    const { swarm, peer } = this
    let useful = 0
    for (let i = 0; i < swarm.geometry.pieceCount; i++) if (this.holds(i) && swarm.book.lacks(i)) useful++
    swarm.peers.useful[peer.slot] = useful
    swarm.selector.onRebuild()
    swarm.scheduler.wake(peer)
    peer.setWanted(useful > 0)
  }
}
