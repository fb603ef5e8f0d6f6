// Which piece a peer works on: it goes on with the one it is at, then takes over one that nobody works on, then opens a
// new one, then joins another's. A peer on parole has pieces of its own and joins nobody.
import { LONG_AGO } from '../base/clock.js'
import { NONE, PieceState } from '../contracts/piece-selector.js'
import type { PieceGeometry } from '../protocol/geometry.js'
import type { PieceIndex } from '../protocol/ids.js'
import type { SchedulerParts } from './block-scheduler.js'
import type { PieceBook } from './piece-book.js'
import { NO_SLOT, NOBODY, type PieceSlots } from './piece-slots.js'
import { type Peer, PeerFlag, type PeerTable } from './peer-table.js'
import type { SelectorGuard } from './selector-guard.js'

export class PieceWork {
  /** The last piece that was to be opened found no memory. */
  noMemory = false
  private readonly current: Int32Array
  private readonly currentPiece: Int32Array
  private now = LONG_AGO
  private ticks = 0
  private readonly geometry: PieceGeometry
  private readonly book: PieceBook
  private readonly slots: PieceSlots
  private readonly peers: PeerTable

  constructor(
    { geometry, book, slots, peers }: SchedulerParts,
    private readonly selector: SelectorGuard,
  ) {
    this.geometry = geometry
    this.book = book
    this.slots = slots
    this.peers = peers
    this.current = new Int32Array(peers.capacity).fill(NO_SLOT)
    this.currentPiece = new Int32Array(peers.capacity)
  }

  tick(now: number): void {
    this.now = now
    this.ticks++
  }

  /** The slot to ask this peer for blocks of, or NO_SLOT: it has nothing for us now. */
  slotFor(peer: Peer): number {
    const p = peer.slot
    const at = this.current[p]!
    if (at !== NO_SLOT && this.slots.piece[at] === this.currentPiece[p] && this.usable(at, peer)) return at
    this.leave(p)
    for (let i = 0; i < this.slots.openCount; i++) {
      const slot = this.slots.open[i]!
      if (this.slots.owner[slot] === NOBODY && this.usable(slot, peer)) return this.work(p, slot)
    }
    const opened = this.openNext(peer)
    if (opened !== NO_SLOT) return opened
    for (let i = 0; i < this.slots.openCount; i++) {
      const slot = this.slots.open[i]!
      if (this.usable(slot, peer)) return slot
    }
    return NO_SLOT
  }

  private usable(slot: number, peer: Peer): boolean {
    if (
      this.slots.freeBlocks[slot] === 0 ||
      this.book.state[this.slots.pieceIn(slot)] !== PieceState.Open ||
      !peer.has(this.slots.pieceIn(slot))
    )
      return false
    const only = this.slots.exclusive[slot]!
    if (only !== NOBODY) return only === peer.slot
    return !this.peers.is(peer.slot, PeerFlag.Parole)
  }

  private work(p: number, slot: number): number {
    this.current[p] = slot
    this.currentPiece[p] = this.slots.pieceIn(slot)
    this.slots.owner[slot] = p
    return slot
  }

  /** It goes on with nothing. */
  leave(p: number): void {
    const slot = this.current[p]!
    if (slot !== NO_SLOT && this.slots.owner[slot] === p) this.slots.owner[slot] = NOBODY
    this.current[p] = NO_SLOT
  }

  /** It works on nothing any more, and what it began is for others. */
  quit(p: number): void {
    this.leave(p)
    for (let i = 0; i < this.slots.openCount; i++) {
      const slot = this.slots.open[i]!
      if (this.slots.owner[slot] === p) this.slots.owner[slot] = NOBODY
    }
  }

  private openNext(peer: Peer): number {
    if (this.book.count(PieceState.Wanted) === 0) return NO_SLOT
    const piece = this.selector.pick(peer.view, this.ticks)
    return piece === NONE ? NO_SLOT : this.openPiece(piece, peer)
  }

  private openPiece(piece: PieceIndex, peer: Peer): number {
    const slot = this.slots.take(piece, this.now)
    this.noMemory = slot === NO_SLOT
    if (slot === NO_SLOT) return NO_SLOT
    this.book.move(piece, PieceState.Open)
    if (this.peers.is(peer.slot, PeerFlag.Parole)) this.slots.exclusive[slot] = peer.slot
    return this.work(peer.slot, slot)
  }

  /** A piece that a choking peer lets us have all the same: one that is open, else the most wanted. */
  fastSlot(peer: Peer): number {
    let best: PieceIndex | -1 = -1
    for (const raw of peer.allowedFast) {
      const slot = this.slots.slotOf[raw] ?? NO_SLOT
      if (slot !== NO_SLOT && this.usable(slot, peer)) return slot
      const piece = this.geometry.piece(raw)
      if (piece === -1 || this.book.state[piece] !== PieceState.Wanted || !peer.has(piece)) continue
      if (best === -1 || this.book.priority[piece]! > this.book.priority[best]!) best = piece
    }
    return best === -1 ? NO_SLOT : this.openPiece(best, peer)
  }
}
