// Hashes pieces that lie on disk already. A few at a time, so that the disk is busy and the memory is not.
import type { HashPool } from '../contracts/host.js'
import type { TorrentStorage } from '../contracts/storage.js'
import type { Bitfield } from '../base/bitfield.js'
import type { PieceGeometry } from '../protocol/geometry.js'
import type { PieceIndex } from '../protocol/ids.js'
import type { BufferArena } from './buffer-arena.js'

const AT_ONCE = 8

export interface CheckParts {
  readonly geometry: PieceGeometry
  readonly storage: TorrentStorage
  readonly hashing: HashPool
  readonly arena: BufferArena
  readonly digests: Uint8Array
}

/**
 * Calls `right` for each of the pieces whose bytes are as they should be, and `looked` for each that was looked at. Stops
 * early, without a word, when aborted.
 */
export async function checkPieces(
  parts: CheckParts,
  pieces: Bitfield,
  right: (piece: PieceIndex) => void,
  signal: AbortSignal,
  looked: () => void = () => {},
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (;;) {
      const raw = pieces.nextSet(next)
      const piece = raw < 0 ? -1 : parts.geometry.piece(raw)
      if (piece === -1 || signal.aborted) return
      next = raw + 1
      if (await check(parts, piece)) right(piece)
      looked()
    }
  }
  const room = Math.max(1, Math.floor(parts.arena.bytes / parts.geometry.pieceLength / 2))
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, room) }, worker))
}

async function check(parts: CheckParts, piece: PieceIndex): Promise<boolean> {
  const digest = parts.digests.subarray(piece * 20, piece * 20 + 20)
  if (parts.storage.check) return parts.storage.check(piece, digest)
  const length = parts.geometry.lengthOf(piece)
  const offset = parts.arena.alloc(length, 'extent')
  try {
    // What is right on disk must be known as such, however busy other torrents are.
    const into = offset < 0 ? new Uint8Array(new SharedArrayBuffer(length)) : parts.arena.view(offset, length)
    const read = new Promise<boolean>(resolve => {
      parts.storage.read({ piece, begin: 0, into, done: error => resolve(error === null) })
    })
    return (await read) && (await parts.hashing.verify(into, digest))
  } finally {
    if (offset >= 0) parts.arena.free(offset, length, 'extent')
  }
}
