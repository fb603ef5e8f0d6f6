// Piece layers (BEP 52): for each file of more than a piece, the hashes of its pieces, which must add up to its root.
import { createHash } from 'node:crypto'
import { toHex } from '../base/bytes.js'
import type { NodeError } from '../base/errors.js'
import { ABSENT, type Bencoded } from './bencoded.js'
import { protocolErrors } from './errors.js'
import type { ListedFile } from './file-list.js'
import { BLOCK_LENGTH } from './geometry.js'

const HASH_LENGTH = 32

/**
 * Every layer there is must belong to a file, be as long as it has pieces, and hash to its root. A file may lack its
 * layer: peers can be asked for it.
 */
export function checkPieceLayers(
  torrent: Bencoded,
  layers: number,
  files: readonly ListedFile[],
  pieceLength: number,
): void {
  if (layers === ABSENT) return
  if (!torrent.isDictionary(layers)) throw fault('"piece layers" is no dictionary')
  const lengths = new Map<string, number>()
  for (const file of files)
    if (file.root !== null && file.length > pieceLength) lengths.set(toHex(file.root), file.length)
  const filler = zeroRoot(pieceLength / BLOCK_LENGTH)
  for (let key = torrent.first(layers); key !== ABSENT; key = torrent.after(torrent.valueOf(key))) {
    const root = torrent.string(key)
    const layer = torrent.string(torrent.valueOf(key))
    const length = root === null ? undefined : lengths.get(toHex(root))
    if (root === null || layer === null || length === undefined) throw fault('it belongs to no file')
    if (layer.length !== HASH_LENGTH * Math.ceil(length / pieceLength)) throw fault('it has the wrong length')
    if (toHex(merkleRoot(layer, filler)) !== toHex(root)) throw fault('it does not hash to the root of its file')
  }
}

function fault(what: string): NodeError {
  return protocolErrors.make('ERR_METAINFO_LAYERS', `the torrent has a bad piece layer: ${what}`)
}

/** The root over `leaves` hashes of nothing, a power of two of them. */
function zeroRoot(leaves: number): Uint8Array {
  let hash: Uint8Array = new Uint8Array(HASH_LENGTH)
  for (let width = leaves; width > 1; width /= 2) hash = parentOf(hash, hash)
  return hash
}

/** The layer is filled up to a power of two with `filler`. */
function merkleRoot(layer: Uint8Array, filler: Uint8Array): Uint8Array {
  let hashes: Uint8Array[] = []
  for (let at = 0; at < layer.length; at += HASH_LENGTH) hashes.push(layer.subarray(at, at + HASH_LENGTH))
  let missing = filler
  while (hashes.length > 1) {
    const parents: Uint8Array[] = []
    for (let i = 0; i < hashes.length; i += 2) parents.push(parentOf(hashes[i] ?? missing, hashes[i + 1] ?? missing))
    missing = parentOf(missing, missing)
    hashes = parents
  }
  return hashes[0] ?? filler
}

function parentOf(left: Uint8Array, right: Uint8Array): Uint8Array {
  return createHash('sha256').update(left).update(right).digest()
}
