// Where the bytes of a torrent lie: its files laid end to end. Found by binary search, so ten thousand files cost no
// more than one.

/** One stretch of one file: `length` bytes at `at` in the file, `from` in the range that was asked for. */
export interface Span {
  readonly file: number
  readonly at: number
  readonly from: number
  readonly length: number
}

export interface LaidFile {
  readonly length: number
  readonly padding: boolean
}

export class FileLayout {
  /** Where each file begins in the content; one entry more, for the end. */
  private readonly starts: Float64Array

  constructor(
    private readonly files: readonly LaidFile[],
    private readonly pieceLength: number,
  ) {
    this.starts = new Float64Array(files.length + 1)
    files.forEach((file, i) => (this.starts[i + 1] = this.starts[i]! + file.length))
  }

  get totalLength(): number {
    return this.starts[this.files.length] ?? 0
  }

  /** The stretches of `length` bytes of the content from `offset`, in order; files without bytes have none. */
  spans(offset: number, length: number): Span[] {
    const spans: Span[] = []
    let done = 0
    for (let file = this.fileAt(offset); done < length && file < this.files.length; file++) {
      const at = offset + done - this.starts[file]!
      const take = Math.min(length - done, this.files[file]!.length - at)
      if (take > 0) spans.push({ file, at, from: done, length: take })
      done += take
    }
    return spans
  }

  /** BEP 3 bits: the pieces all of whose bytes lie below the given sizes of the files. */
  presentPieces(sizes: ArrayLike<number>): Uint8Array {
    const count = Math.ceil(this.totalLength / this.pieceLength)
    const bits = new Uint8Array((count + 7) >> 3).fill(0xff)
    for (let piece = count; piece < bits.length * 8; piece++) clear(bits, piece)
    this.files.forEach((file, i) => {
      const size = sizes[i] ?? 0
      if (file.padding || size >= file.length) return
      const first = Math.floor((this.starts[i]! + Math.max(size, 0)) / this.pieceLength)
      const last = Math.floor((this.starts[i + 1]! - 1) / this.pieceLength)
      for (let piece = first; piece <= last; piece++) clear(bits, piece)
    })
    return bits
  }

  /** The last file that begins at or before the offset: among those that begin together, the one with bytes. */
  private fileAt(offset: number): number {
    let low = 0
    let high = this.files.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
}

function clear(bits: Uint8Array, index: number): void {
  bits[index >> 3]! &= ~(0x80 >> (index & 7))
}
