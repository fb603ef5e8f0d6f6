// Blocks asked of each peer and not answered yet, oldest first. A block is named by one number for the whole torrent:
// piece * blocksPerPiece + k.
import { Int32Ring } from '../base/ring.js'
import { BLOCK_LENGTH, type PieceGeometry } from '../protocol/geometry.js'

/** The longest pipeline there is; `reqq` of the peer may allow less. */
export const MOST_REQUESTS = 500

export class Requests {
  private readonly rings: Int32Ring[] = []

  count(peer: number): number {
    return this.rings[peer]?.length ?? 0
  }

  add(peer: number, block: number): void {
    const ring = (this.rings[peer] ??= new Int32Ring(MOST_REQUESTS))
    ring.push(block)
  }

  has(peer: number, block: number): boolean {
    return (this.rings[peer]?.indexOf(block) ?? -1) >= 0
  }

  /** Takes it out; false: it was not asked of this peer. Peers answer in order, so it is mostly the oldest. */
  take(peer: number, block: number): boolean {
    return this.rings[peer]?.remove(block) ?? false
  }

  /** The oldest one, taken out, or -1. */
  shift(peer: number): number {
    const ring = this.rings[peer]
    return ring === undefined || ring.length === 0 ? -1 : ring.shift()
  }

  /** The one `place` behind the oldest, or -1. */
  at(peer: number, place: number): number {
    const ring = this.rings[peer]
    return ring === undefined || place >= ring.length ? -1 : ring.peek(place)
  }
}

export function numberOf(geometry: PieceGeometry, piece: number, k: number): number {
  return piece * geometry.blocksPerPiece + k
}

/** The number of a block as a peer names it; -1 where we would never name one so. */
export function numberNamed(geometry: PieceGeometry, piece: number, begin: number, length: number): number {
  const index = geometry.piece(piece)
  const k = begin / BLOCK_LENGTH
  if (index === -1 || !Number.isInteger(k) || k >= geometry.blocksIn(index)) return -1
  return length === geometry.blockLength(index, k) ? numberOf(geometry, index, k) : -1
}
