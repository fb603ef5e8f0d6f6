import type { PieceGeometry } from '../../../core/protocol/geometry.js'
import type { PieceIndex } from '../../../core/protocol/ids.js'

/** The index of a piece that a test knows to be there. */
export function indexOf(geometry: PieceGeometry, raw: number): PieceIndex {
  const piece = geometry.piece(raw)
  if (piece === -1) throw new Error(`there is no piece ${raw}`)
  return piece
}
