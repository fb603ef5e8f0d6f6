// Piece and block arithmetic of one torrent: the only place that mints a PieceIndex.
import type { PieceIndex } from './ids.js'

/** The unit in which pieces are requested; every client in use asks for 16 KiB (BEP 3). */
export const BLOCK_LENGTH = 16384

export interface PieceGeometry {
  readonly pieceCount: number
  /** Bytes of every piece but the last. */
  readonly pieceLength: number
  readonly totalLength: number
  /** Blocks of every piece but the last: the stride of block numbers (piece * blocksPerPiece + k). */
  readonly blocksPerPiece: number
  /** The index if it names a piece of this torrent, else -1. */
  piece(raw: number): PieceIndex | -1
  lengthOf(piece: PieceIndex): number
  blocksIn(piece: PieceIndex): number
  /** Bytes of block k of a piece: 16 KiB but for the last block of a piece that is no multiple of it. */
  blockLength(piece: PieceIndex, k: number): number
}

export function pieceGeometry(totalLength: number, pieceLength: number): PieceGeometry {
  const pieceCount = Math.ceil(totalLength / pieceLength)
  // Without a branch: one for the last piece alone would have all compiled code that it was inlined in thrown away when
  // the last piece comes.
  const lengthOf = (piece: number): number => Math.min(pieceLength, totalLength - piece * pieceLength)
  return {
    pieceCount,
    pieceLength,
    totalLength,
    blocksPerPiece: Math.ceil(pieceLength / BLOCK_LENGTH),
    piece: raw => (Number.isInteger(raw) && raw >= 0 && raw < pieceCount ? (raw as PieceIndex) : -1),
    lengthOf,
    blocksIn: piece => Math.ceil(lengthOf(piece) / BLOCK_LENGTH),
    blockLength: (piece, k) => Math.min(BLOCK_LENGTH, lengthOf(piece) - k * BLOCK_LENGTH),
  }
}
