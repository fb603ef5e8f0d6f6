// Content to transfer, a .torrent of it, and whether what came out is the same.
import { randomFillSync } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { parseMetainfo } from '../../core/protocol/metainfo.js'
import { toHex } from '../../core/base/bytes.js'
import { Child } from './child.js'
import { shoalWords } from './shoal-words.js'

const MIB = 1 << 20
const STEP = 16 * MIB

export interface Content {
  readonly name: string
  /** The file, and the folder it lies in. */
  readonly path: string
  readonly folder: string
  readonly torrent: string
  readonly infoHash: string
  readonly bytes: number
  readonly pieceLength: number
}

/** Bytes that nothing can shorten, in a file of a folder of its own; and its .torrent, which names no tracker. */
export async function makeContent(top: string, mib: number, pieceLength: number): Promise<Content> {
  const folder = path.join(top, 'source')
  const name = 'content.bin'
  const file = path.join(folder, name)
  fs.mkdirSync(folder)
  const out = fs.openSync(file, 'w')
  const step = new Uint8Array(Math.min(STEP, mib * MIB))
  for (let at = 0; at < mib * MIB; at += step.length) {
    fs.writeSync(out, randomFillSync(step), 0, Math.min(step.length, mib * MIB - at))
  }
  fs.closeSync(out)
  const torrent = path.join(top, 'content.torrent')
  const words = shoalWords('create', file, '-o', torrent, '--piece-length', String(pieceLength), '--json')
  const child = Child.start({ words })
  const { code } = await child.outcome(300_000)
  if (code !== 0) throw new Error(`no .torrent could be made: ${child.said}`)
  const { infoHash } = parseMetainfo(fs.readFileSync(torrent))
  return { name, path: file, folder, torrent, infoHash: toHex(infoHash), bytes: mib * MIB, pieceLength }
}

/** Byte for byte. */
export function sameFile(one: string, other: string): boolean {
  if (!fs.existsSync(one) || fs.statSync(one).size !== fs.statSync(other).size) return false
  const [a, b] = [fs.openSync(one, 'r'), fs.openSync(other, 'r')]
  const [left, right] = [Buffer.alloc(4 * MIB), Buffer.alloc(4 * MIB)]
  try {
    for (;;) {
      const count = fs.readSync(a, left)
      fs.readSync(b, right)
      if (!left.equals(right)) return false
      if (count === 0) return true
    }
  } finally {
    fs.closeSync(a)
    fs.closeSync(b)
  }
}
