// Content for the storage suite: a torrent's shape, and bytes that are a function of where they lie.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { ReadJob, StorageFile, StorageSpec, TorrentStorage } from '../../core/contracts/storage.js'
import { pieceGeometry } from '../../core/protocol/geometry.js'
import { infoHashOf, type PieceIndex } from '../../core/protocol/ids.js'

export class StorageContent {
  readonly spec: StorageSpec

  constructor(
    folder: string,
    readonly files: readonly StorageFile[],
    pieceLength: number,
  ) {
    const total = files.reduce((sum, file) => sum + file.length, 0)
    const infoHash = infoHashOf(new Uint8Array(20).fill(files.length))
    assert(infoHash !== null)
    this.spec = { folder, infoHash, geometry: pieceGeometry(total, pieceLength), files }
  }

  /** Files of every kind: none of them ends where a piece does but for the padding that makes one. */
  static mixed(folder: string): StorageContent {
    const file = (length: number, ...path: string[]): StorageFile => ({ path, length, padding: false })
    const files = [
      file(50_000, 'name', 'a.bin'),
      file(0, 'name', 'empty.txt'),
      { path: ['name', '.pad', '15536'], length: 15_536, padding: true },
      file(1, 'name', 'sub', 'one'),
      file(40_000, 'name', 'sub', 'deep', 'c.bin'),
      file(0, 'name', 'none'),
      file(70_001, 'name', 'z.bin'),
    ]
    return new StorageContent(folder, files, 32_768)
  }

  static oneFile(folder: string, length: number, pieceLength: number): StorageContent {
    return new StorageContent(folder, [{ path: ['single.bin'], length, padding: false }], pieceLength)
  }

  get pieces(): PieceIndex[] {
    return Array.from({ length: this.spec.geometry.pieceCount }, (_, i) => this.piece(i))
  }

  piece(raw: number): PieceIndex {
    const piece = this.spec.geometry.piece(raw)
    assert(piece !== -1, `no piece ${raw}`)
    return piece
  }

  /** A fresh buffer in shared memory. */
  bytes(piece: PieceIndex): Uint8Array {
    const start = piece * this.spec.geometry.pieceLength
    const data = shared(this.spec.geometry.lengthOf(piece))
    for (let i = 0; i < data.length; i++) data[i] = Math.imul(start + i + 7, 0x9e3779b1) >>> 23
    let at = 0
    for (const file of this.files) {
      if (file.padding) data.fill(0, clamp(at - start, data.length), clamp(at + file.length - start, data.length))
      at += file.length
    }
    return data
  }

  digest(piece: PieceIndex): Uint8Array {
    return createHash('sha1').update(this.bytes(piece)).digest()
  }

  /** By verifyAndWrite where there is one: the way an engine takes. */
  async write(storage: TorrentStorage, piece: PieceIndex): Promise<void> {
    if (storage.verifyAndWrite === undefined) return storage.write(piece, this.bytes(piece))
    assert.equal(await storage.verifyAndWrite(piece, this.bytes(piece), this.digest(piece)), true)
  }

  async writeAll(storage: TorrentStorage): Promise<void> {
    await Promise.all(this.pieces.map(piece => this.write(storage, piece)))
  }

  async expectPiece(storage: TorrentStorage, piece: PieceIndex): Promise<void> {
    const expected = this.bytes(piece)
    assert(Buffer.from(await readBytes(storage, piece, 0, expected.length)).equals(expected), `piece ${piece} differs`)
  }
}

export function shared(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length))
}

export function readBytes(
  storage: TorrentStorage,
  piece: PieceIndex,
  begin: number,
  length: number,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const into = shared(length)
    const job: ReadJob = { piece, begin, into, done: error => (error === null ? resolve(into) : reject(error)) }
    storage.read(job)
  })
}

export function bitsSet(bits: Uint8Array): number {
  let count = 0
  for (const byte of bits) for (let bit = byte; bit > 0; bit >>= 1) count += bit & 1
  return count
}

function clamp(value: number, max: number): number {
  return Math.min(Math.max(value, 0), max)
}
