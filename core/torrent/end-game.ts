// When nothing is left to ask, blocks asked of some are asked of others as well. Also the way out when all memory waits
// for slow peers; memory that waits for a slow disk is no reason to have anything sent twice.
import { PieceState } from '../contracts/piece-selector.js'
import type { AskedBlocks } from './asked-blocks.js'
import type { SchedulerParts } from './block-scheduler.js'
import { BlockState, NOBODY } from './piece-slots.js'
import type { Peer } from './peer-table.js'
import { numberOf } from './requests.js'

/** A block may be asked of this many peers at once. */
const MOST_ASKERS = 2
/** Repeated requests to one peer in one go. */
const MOST_REPEATS = 32
/** Where there is no memory for another piece: one of which no block came for this long is asked of idle peers as well. */
const STUCK_PIECE_MS = 5_000

export class EndGame {
  constructor(
    private readonly parts: SchedulerParts,
    private readonly asked: AskedBlocks,
  ) {}

  /** Asks a peer, that has nothing else to send, for what others were asked; says for how many blocks. */
  repeat(peer: Peer, room: number, now: number): number {
    const { book, slots } = this.parts
    const since = book.count(PieceState.Wanted) === 0 ? Infinity : now - STUCK_PIECE_MS
    const most = Math.min(room, MOST_REPEATS - this.asked.count(peer.slot))
    let asked = 0
    for (let i = 0; i < slots.openCount && asked < most; i++) {
      const slot = slots.open[i]!
      if (slots.movedAt[slot]! > since || book.state[slots.pieceIn(slot)] !== PieceState.Open) continue
      if (slots.exclusive[slot] !== NOBODY || !peer.has(slots.pieceIn(slot))) continue
      asked += this.repeatPiece(slot, peer, most - asked)
    }
    return asked
  }

  private repeatPiece(slot: number, peer: Peer, most: number): number {
    const { geometry, slots } = this.parts
    const piece = slots.pieceIn(slot)
    let asked = 0
    for (let k = 0; k < geometry.blocksIn(piece) && asked < most; k++) {
      const block = slots.block(slot, k)
      if (slots.blockState[block] !== BlockState.Asked || slots.askers[block]! >= MOST_ASKERS) continue
      if (this.asked.requests.has(peer.slot, numberOf(geometry, piece, k))) continue
      this.asked.ask(peer, slot, k)
      asked++
    }
    return asked
  }
}
