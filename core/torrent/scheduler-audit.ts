// What must hold between pieces, slots and requests at every moment, recounted. For simulations and tests.
import { PieceState } from '../contracts/piece-selector.js'
import type { PieceGeometry } from '../protocol/geometry.js'
import type { PieceBook } from './piece-book.js'
import { BlockState, type PieceSlots } from './piece-slots.js'
import type { PeerTable } from './peer-table.js'
import type { Requests } from './requests.js'

export interface Audited {
  readonly geometry: PieceGeometry
  readonly book: PieceBook
  readonly slots: PieceSlots
  readonly peers: PeerTable
  readonly requests: Requests
}

/** What is wrong, in words; empty when all holds. */
export function auditRequests(parts: Audited): readonly string[] {
  const wrong: string[] = []
  const askers = countAskers(parts, wrong)
  const { book, slots } = parts
  for (let i = 0; i < slots.openCount; i++) auditSlot(parts, slots.open[i]!, askers, wrong)
  const inSlots = book.count(PieceState.Open) + book.count(PieceState.Verifying)
  if (inSlots !== slots.openCount) wrong.push(`${inSlots} pieces open or verifying, ${slots.openCount} slots in use`)
  return wrong
}

function countAskers({ geometry, book, peers, requests }: Audited, wrong: string[]): Map<number, number> {
  const askers = new Map<number, number>()
  for (const peer of peers) {
    for (let i = 0; i < requests.count(peer.slot); i++) {
      const block = requests.at(peer.slot, i)
      askers.set(block, (askers.get(block) ?? 0) + 1)
      const piece = Math.floor(block / geometry.blocksPerPiece)
      const state = book.state[piece]
      if (state === PieceState.Skipped || state === PieceState.Wanted) {
        wrong.push(`peer ${peer.slot} was asked for piece ${piece}, which is in state ${state}`)
      }
    }
  }
  return askers
}

function auditSlot(
  { geometry, book, slots }: Audited,
  slot: number,
  askers: Map<number, number>,
  wrong: string[],
): void {
  const piece = slots.pieceIn(slot)
  const state = book.state[piece]
  if (state !== PieceState.Open && state !== PieceState.Verifying)
    wrong.push(`piece ${piece} has a slot in state ${state}`)
  let free = 0
  for (let k = 0; k < geometry.blocksIn(piece); k++) {
    const block = slots.block(slot, k)
    if (slots.blockState[block] === BlockState.Free) free++
    const asks = askers.get(piece * geometry.blocksPerPiece + k) ?? 0
    if (slots.blockState[block] === BlockState.Asked && asks !== slots.askers[block]) {
      wrong.push(`block ${k} of piece ${piece}: asked of ${asks} peers, ${slots.askers[block]} counted`)
    }
  }
  if (free !== slots.freeBlocks[slot])
    wrong.push(`piece ${piece}: ${free} blocks free, ${slots.freeBlocks[slot]} counted`)
}
