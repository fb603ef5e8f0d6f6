// Open pieces that are given up: nobody wants them any more, nobody can finish them, or their memory serves another
// torrent better.
import { PieceState } from '../contracts/piece-selector.js'
import type { Arrivals } from './arrivals.js'
import type { AskedBlocks } from './asked-blocks.js'
import type { SchedulerParts } from './block-scheduler.js'
import { hopeless } from './hopeless-piece.js'
import { NO_SLOT } from './piece-slots.js'

/** A piece of which no block came for this long gives its memory up where another torrent wants it. */
const IDLE_PIECE_MS = 30_000

export class Surrender {
  constructor(
    private readonly parts: SchedulerParts,
    private readonly asked: AskedBlocks,
    private readonly arrivals: Arrivals,
  ) {}

  /** One that is Open: what came of it is thrown away, and whoever is sending a block of it is told to skip the rest. */
  giveUp(slot: number): void {
    const { geometry, book, slots, peers } = this.parts
    if (!this.isOpen(slot)) return
    const piece = slots.pieceIn(slot)
    for (const peer of peers) {
      for (let k = 0; k < geometry.blocksIn(piece); k++) {
        if (!this.asked.cancel(peer, slot, k)) continue
        if (this.arrivals.sends(peer, slots.block(slot, k))) this.arrivals.stop(peer)
      }
    }
    slots.release(slot)
    book.move(piece, PieceState.Wanted)
    this.asked.stock++
  }

  all(): void {
    const { slots } = this.parts
    for (let i = slots.openCount - 1; i >= 0; i--) this.giveUp(slots.open[i]!)
  }

  /** The peer fills nothing any more: what only it may fill. */
  left(p: number): void {
    const { slots } = this.parts
    for (let i = slots.openCount - 1; i >= 0; i--) {
      const slot = slots.open[i]!
      if (slots.exclusive[slot] === p) this.giveUp(slot)
    }
  }

  /** Once a second. */
  tick(now: number): void {
    const { slots } = this.parts
    for (let i = slots.openCount - 1; i >= 0; i--) {
      const slot = slots.open[i]!
      if (this.isOpen(slot) && hopeless(this.parts, slot)) this.giveUp(slot)
    }
    if (slots.pressed) this.giveUpIdlest(now - IDLE_PIECE_MS)
  }

  /** Of the pieces that stand still, the one that has for longest; one a tick, for memory that another torrent can use. */
  private giveUpIdlest(before: number): void {
    const { slots } = this.parts
    let idlest = NO_SLOT
    let since = before
    for (let i = 0; i < slots.openCount; i++) {
      const slot = slots.open[i]!
      if (slots.movedAt[slot]! >= since || !this.isOpen(slot)) continue
      idlest = slot
      since = slots.movedAt[slot]!
    }
    if (idlest !== NO_SLOT) this.giveUp(idlest)
  }

  private isOpen(slot: number): boolean {
    const { book, slots } = this.parts
    return book.state[slots.pieceIn(slot)] === PieceState.Open
  }
}
