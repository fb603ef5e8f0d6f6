// Which bytes of which files a piece covers, and the moving of bytes between a piece and those files. Padding is zeros
// that no file holds.
import type { StorageFile, StorageSpec } from '../../core/contracts/storage.js'
import type { SimDisk } from '../../core/sim/disk.js'

interface Part {
  /** null: padding. */
  readonly path: string | null
  /** Of the content: where the file begins and where it ends. */
  readonly from: number
  readonly to: number
}

export class ContentFiles {
  private readonly parts: Part[] = []

  constructor(
    private readonly disk: SimDisk,
    spec: StorageSpec,
  ) {
    let from = 0
    for (const file of spec.files) {
      this.parts.push({ path: file.padding ? null : pathOf(spec.folder, file), from, to: from + file.length })
      from += file.length
    }
  }

  /** False where a file ends before the bytes do. */
  read(offset: number, into: Uint8Array): boolean {
    return this.each(offset, into.length, (path, at, begin, end) => {
      if (path === null) into.fill(0, begin, end)
      return path === null || this.disk.file(path)?.read(at, into.subarray(begin, end)) === true
    })
  }

  write(offset: number, data: Uint8Array): void {
    this.each(offset, data.length, (path, at, begin, end) => {
      if (path !== null) this.disk.write(path, at, data.subarray(begin, end))
      return true
    })
  }

  /** Could these bytes be there, judged by the lengths of the files? */
  reaches(offset: number, length: number): boolean {
    return this.each(offset, length, (path, at, begin, end) => {
      return path === null || (this.disk.file(path)?.length ?? 0) >= at + end - begin
    })
  }

  /** Lengths and times of all files. */
  stamp(): string {
    return this.paths()
      .map(path => this.disk.file(path))
      .map(file => (file === undefined ? '-' : `${file.length}@${file.mtimeMs}`))
      .join(',')
  }

  paths(): readonly string[] {
    return this.parts.flatMap(part => (part.path === null ? [] : [part.path]))
  }

  /** Visits the files under a range: `at` in the file, `begin` to `end` in the range. Ends at the first false. */
  private each(
    offset: number,
    length: number,
    visit: (path: string | null, at: number, begin: number, end: number) => boolean,
  ): boolean {
    for (const { path, from, to } of this.parts) {
      const begin = Math.max(offset, from)
      const end = Math.min(offset + length, to)
      if (begin < end && !visit(path, begin - from, begin - offset, end - offset)) return false
    }
    return true
  }
}

function pathOf(folder: string, file: StorageFile): string {
  return `${folder}/${file.path.join('/')}`
}
