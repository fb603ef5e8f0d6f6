// The content of simulated swarms: a torrent of 64 pieces over several files, one of them empty, the last piece short.
import { createHash } from 'node:crypto'
import { equalBytes } from '../../core/base/bytes.js'
import { encodeBencode } from '../../core/protocol/bencode.js'
import { fillContent } from '../../core/sim/content.js'
import type { SimNode } from '../../core/sim/node.js'

const NAME = 'album'
const FILES = [
  { path: ['first'], length: 700_001 },
  { path: ['nothing'], length: 0 },
  { path: ['inside', 'second'], length: 1_300_000 },
  { path: ['third'], length: 80_000 },
]
const PIECE_LENGTH = 32_768
const SEED = 5

const PIECES = 64
export const LENGTH = FILES.reduce((sum, file) => sum + file.length, 0)
/** Where the .torrent and the content lie on every machine. */
export const TORRENT = '/torrents/album.torrent'
export const CONTENT = '/content'

const content = new Uint8Array(LENGTH)
fillContent(SEED, 0, content)

const torrent = encodeBencode({
  info: { name: NAME, 'piece length': PIECE_LENGTH, files: FILES, pieces: digests() },
})

/** Puts the .torrent on a machine. */
export function bringTorrent(machine: SimNode): void {
  machine.disk.write(TORRENT, 0, torrent)
}

/** Puts the content on a machine. */
export function bringContent(machine: SimNode): void {
  eachFile((path, bytes) => machine.disk.write(path, 0, bytes))
}

/** What is wrong with the content on a machine, by file. */
export function damages(machine: SimNode): readonly string[] {
  const found: string[] = []
  eachFile((path, bytes) => {
    const held = machine.disk.file(path)?.bytes() ?? new Uint8Array(0)
    if (!equalBytes(held, bytes)) found.push(`${machine.name}: ${path} of ${held.length} bytes differs`)
  })
  return found
}

function eachFile(visit: (path: string, bytes: Uint8Array) => void): void {
  let at = 0
  for (const { path, length } of FILES) {
    visit([CONTENT, NAME, ...path].join('/'), content.subarray(at, at + length))
    at += length
  }
}

function digests(): Uint8Array {
  const pieces = Array.from({ length: PIECES }, (_, i) =>
    createHash('sha1')
      .update(content.subarray(i * PIECE_LENGTH, (i + 1) * PIECE_LENGTH))
      .digest(),
  )
  return Buffer.concat(pieces)
}
