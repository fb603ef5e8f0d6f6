// Which open pieces are better begun anew.
import { PieceState } from '../contracts/piece-selector.js'
import type { SchedulerParts } from './block-scheduler.js'
import { PeerFlag } from './peer-table.js'
import { NOBODY } from './piece-slots.js'

/**
 * Nobody who may go on with the piece can, while it would serve to begin it anew: its memory is for pieces that can be
 * had, or a peer that may not join it may have it for itself.
 */
export function hopeless({ geometry, book, slots, peers }: SchedulerParts, slot: number): boolean {
  const piece = slots.pieceIn(slot)
  if (slots.freeBlocks[slot]! + slots.hereBlocks[slot]! < geometry.blocksIn(piece)) return false
  const only = slots.exclusive[slot]!
  let serves = book.count(PieceState.Wanted) > 0 && peers.liveCount > 0
  for (const peer of peers) {
    if (!peer.has(piece)) continue
    const may = only === NOBODY ? !peers.is(peer.slot, PeerFlag.Parole) : only === peer.slot
    if (may && (only === NOBODY || !peers.is(peer.slot, PeerFlag.TheyChoke))) return false
    serves = true
  }
  return serves
}
