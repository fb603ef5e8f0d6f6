// Holds content on disk against a torrent's hashes. A piece of which a byte cannot be read is wrong.
import { join } from 'node:path'
import type { Metainfo } from '../protocol/metainfo.js'
import type { MachineHashing } from './host-parts.js'

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
  hashing: MachineHashing,
  progress: (bytes: number) => void,
): Promise<Damage> {
  const { geometry, pieces, files } = metainfo
  const laid = files.map(({ path, length, padding }) => ({ path: padding ? '' : join(folder, ...path), length }))
  const right = await hashing.check(laid, geometry.pieceLength, pieces, progress)
  const wrong: number[] = []
  for (let piece = 0; piece < geometry.pieceCount; piece++) if (right[piece] !== 1) wrong.push(piece)
  return { pieces: wrong, files: new Layout(metainfo).touched(wrong, geometry.pieceLength) }
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
