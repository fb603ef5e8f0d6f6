// Holds content on disk against a torrent's hashes. Pieces are read into shared memory, some at a time, and hashed by
// threads; a piece of which a byte cannot be read is wrong.
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { HashPool } from '../contracts/host.js'
import type { PieceIndex } from '../protocol/ids.js'
import type { Metainfo } from '../protocol/metainfo.js'
import { systemCodeOf } from './exit-codes.js'

/** Memory for pieces under way. */
const BUFFER_BYTES = 128 * 1024 * 1024
/** Nothing is there, or nothing to read: the content is wrong. What else can happen is the machine's fault. */
const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'EIO', 'ENXIO'])

export interface Damage {
  /** Numbers of the wrong pieces, in order. */
  readonly pieces: readonly number[]
  /** Files that a wrong piece touches, by their places in the torrent. */
  readonly files: readonly number[]
}

/** `folder`: where the torrent's name is to be found. `progress` gets bytes as they are done. */
export async function checkContent(
  metainfo: Metainfo,
  folder: string,
  hashing: HashPool,
  progress: (bytes: number) => void,
): Promise<Damage> {
  const { geometry, pieces } = metainfo
  const layout = new Layout(metainfo)
  const slots = Math.max(1, Math.min(2 * availableParallelism(), Math.floor(BUFFER_BYTES / geometry.pieceLength)))
  const wrong: PieceIndex[] = []
  let next = 0
  const work = async (): Promise<void> => {
    const buffer = new Uint8Array(new SharedArrayBuffer(Math.min(geometry.pieceLength, geometry.totalLength)))
    const reader = new Reader(metainfo, layout, folder)
    try {
      for (let piece = geometry.piece(next++); piece !== -1; piece = geometry.piece(next++)) {
        const data = buffer.subarray(0, geometry.lengthOf(piece))
        const digest = pieces.subarray(20 * piece, 20 * piece + 20)
        const there = await reader.read(piece * geometry.pieceLength, data)
        if (!there || !(await hashing.verify(data, digest))) wrong.push(piece)
        progress(data.length)
      }
    } finally {
      await reader.close()
    }
  }
  await Promise.all(Array.from({ length: Math.min(slots, geometry.pieceCount) }, work))
  wrong.sort((a, b) => a - b)
  return { pieces: wrong, files: layout.touched(wrong, geometry.pieceLength) }
}

/** The files laid end to end. */
class Layout {
  readonly starts: readonly number[]

  constructor(private readonly metainfo: Metainfo) {
    let start = 0
    this.starts = metainfo.files.map(({ length }) => {
      start += length
      return start - length
    })
  }

  /** The first file that begins at this offset, else the one that holds it. */
  at(offset: number): number {
    let low = 0
    let high = this.starts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.starts[middle] ?? 0) < offset) low = middle + 1
      else high = middle
    }
    return this.starts[low] === offset ? low : Math.max(0, low - 1)
  }

  touched(wrong: readonly number[], pieceLength: number): number[] {
    const files = new Set<number>()
    for (const piece of wrong) {
      const from = piece * pieceLength
      for (let i = this.at(from); (this.starts[i] ?? Infinity) < from + pieceLength; i++) {
        const file = this.metainfo.files[i]
        if (file === undefined || file.padding || file.length === 0) continue
        if ((this.starts[i] ?? 0) + file.length > from) files.add(i)
      }
    }
    return [...files].sort((a, b) => a - b)
  }
}

/** Reads across files, with the last one kept open. */
class Reader {
  private index = -1
  private handle: FileHandle | null = null

  constructor(
    private readonly metainfo: Metainfo,
    private readonly layout: Layout,
    private readonly folder: string,
  ) {}

  /** False where some of the bytes are not there. */
  async read(from: number, into: Uint8Array): Promise<boolean> {
    const end = from + into.length
    for (let i = this.layout.at(from); (this.layout.starts[i] ?? Infinity) < end; i++) {
      const file = this.metainfo.files[i]
      const start = this.layout.starts[i] ?? 0
      if (file === undefined || file.length === 0 || start + file.length <= from) continue
      const part = into.subarray(Math.max(start, from) - from, Math.min(start + file.length, end) - from)
      if (file.padding) part.fill(0)
      else if (!(await this.readFile(i, part, Math.max(0, from - start)))) return false
    }
    return true
  }

  async close(): Promise<void> {
    await this.handle?.close()
    this.handle = null
    this.index = -1
  }

  private async readFile(index: number, into: Uint8Array, position: number): Promise<boolean> {
    try {
      const handle = await this.open(index)
      if (handle === null) return false
      for (let filled = 0; filled < into.length;) {
        const { bytesRead } = await handle.read(into, filled, into.length - filled, position + filled)
        if (bytesRead === 0) return false
        filled += bytesRead
      }
      return true
    } catch (error) {
      if (NOT_THERE.has(systemCodeOf(error) ?? '')) return false
      throw error
    }
  }

  private async open(index: number): Promise<FileHandle | null> {
    if (index === this.index) return this.handle
    await this.close()
    const path = join(this.folder, ...(this.metainfo.files[index]?.path ?? []))
    // Without O_NONBLOCK, a pipe in a file's place would be waited for.
    this.handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    this.index = index
    if ((await this.handle.stat()).isFile()) return this.handle
    await this.close()
    return null
  }
}
