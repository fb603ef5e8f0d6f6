// Content that cannot be transferred here, told before anything is opened.
import type { PieceGeometry } from '../protocol/geometry.js'
import { torrentErrors } from './errors.js'

/** Throws: blocks are numbered by 31 bits, and two pieces at least must fit the memory. */
export function refuseUnfit(geometry: PieceGeometry, bufferBytes: number): void {
  const longest = Math.min(geometry.pieceLength, geometry.totalLength)
  if (longest * 2 > bufferBytes) {
    throw torrentErrors.make(
      'ERR_TORRENT_BUFFER',
      `pieces of ${Math.ceil(longest / 2 ** 20)} MiB need a buffer of at least twice that; set client.bufferMiB to ${Math.ceil((longest * 2) / 2 ** 20)} or more`,
    )
  }
  if (geometry.pieceCount * geometry.blocksPerPiece >= 2 ** 31) {
    throw torrentErrors.make('ERR_TORRENT_SIZE', 'content of more than 32 TiB cannot be transferred')
  }
}
