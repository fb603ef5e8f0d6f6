// One torrent's content on disk, worked on by system calls that wait: the business of a thread, or of tests.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { systemCode } from '../../core/base/errors.js'
import { DiskFault, faultOf, Outcome } from './disk-fault.js'
import { deleteEmptyFolders } from './empty-folders.js'
import { FileLayout, type LaidFile } from './file-layout.js'
import type { OpenFiles } from './open-files.js'
import type { WriteTurns } from './write-turns.js'
import { openForReading, openForWriting, walkFolders } from './safe-path.js'

export interface ContentFile extends LaidFile {
  readonly path: readonly string[]
}

/** What a thread is told of a torrent; plain data. */
export interface ContentSpec {
  readonly root: string
  readonly files: readonly ContentFile[]
  readonly pieceLength: number
  readonly totalLength: number
}

/** Keys of OpenFiles: a torrent's own number times this, plus the file's. */
export const KEYS_A_TORRENT = 2 ** 24

const ZEROS = new Uint8Array(65536)
/** Stays in the second-level cache, so that what was read is hashed from there. */
const HASH_BUFFER = 256 * 1024

export class DiskContent {
  private readonly layout: FileLayout
  private readonly firstKey: number
  /** Of its first file. */
  private readonly firstTurn: number
  private buffer: Uint8Array | null = null

  constructor(
    torrent: number,
    private readonly spec: ContentSpec,
    private readonly open: OpenFiles,
    private readonly turns: WriteTurns,
  ) {
    this.layout = new FileLayout(spec.files, spec.pieceLength)
    this.firstKey = torrent * KEYS_A_TORRENT
    this.firstTurn = torrent * 31
  }

  /** Throws where something that is no regular file stands in a file's place. */
  inspect(): void {
    this.each((_, at, index) => {
      const found = stat(at, index)
      if (found !== undefined && !found.isFile()) throw new DiskFault(Outcome.NotFile, index)
    })
  }

  read(into: Uint8Array, piece: number, begin: number): void {
    for (const span of this.layout.spans(piece * this.spec.pieceLength + begin, into.length)) {
      if (this.spec.files[span.file]!.padding) into.fill(0, span.from, span.from + span.length)
      else this.readSpan(span.file, into, span.from, span.length, span.at)
    }
  }

  write(data: Uint8Array, piece: number): void {
    for (const span of this.layout.spans(piece * this.spec.pieceLength, data.length)) {
      if (this.spec.files[span.file]!.padding) continue
      const fd = this.writing(span.file)
      const turn = this.firstTurn + span.file
      this.turns.take(turn)
      try {
        for (let done = 0; done < span.length;) {
          done += fs.writeSync(fd, data, span.from + done, span.length - done, span.at + done)
        }
      } catch (error) {
        throw faultOf(error, span.file)
      } finally {
        this.turns.give(turn)
      }
    }
  }

  /** Makes files without bytes, which no piece brings. */
  make(files: readonly number[]): void {
    for (const file of files) this.writing(file)
  }

  /** Hashes the piece on disk; false where it differs or cannot be read. */
  check(piece: number, digest: Uint8Array): boolean {
    const hash = createHash('sha1')
    const start = piece * this.spec.pieceLength
    const buffer = (this.buffer ??= new Uint8Array(HASH_BUFFER))
    try {
      for (const span of this.layout.spans(start, Math.min(this.spec.pieceLength, this.spec.totalLength - start))) {
        const padding = this.spec.files[span.file]!.padding
        for (let done = 0, take = 0; done < span.length; done += take) {
          take = Math.min(span.length - done, padding ? ZEROS.length : buffer.length)
          if (!padding) this.readSpan(span.file, buffer, 0, take, span.at + done)
          hash.update((padding ? ZEROS : buffer).subarray(0, take))
        }
      }
    } catch (error) {
      if (error instanceof DiskFault) return false
      throw error
    }
    return hash.digest().equals(digest)
  }

  present(): Uint8Array {
    const sizes = new Float64Array(this.spec.files.length)
    this.each((_, at, index) => {
      const found = stat(at, index)
      sizes[index] = found?.isFile() === true ? Number(found.size) : 0
    })
    return this.layout.presentPieces(sizes)
  }

  /** A digest of sizes and modification times to the nanosecond: ten thousand files make no long string. */
  stamp(): string {
    const hash = createHash('sha1')
    this.each((_, at, index) => {
      const found = stat(at, index)
      hash.update(found === undefined ? '-\n' : `${found.size} ${found.mtimeNs}\n`)
    })
    return hash.digest('hex')
  }

  /** Deletes the files, then the folders above them that are empty, never the root itself. */
  remove(): void {
    this.close()
    this.each((file, at, index) => {
      if (!walkFolders(this.spec.root, file.path, index, false)) return
      try {
        fs.unlinkSync(at)
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw faultOf(error, index)
      }
    })
    deleteEmptyFolders(this.spec.root, this.spec.files)
  }

  close(): void {
    this.open.forget(this.firstKey, this.firstKey + KEYS_A_TORRENT)
  }

  private readSpan(file: number, into: Uint8Array, from: number, length: number, at: number): void {
    const { path: elements } = this.spec.files[file]!
    const fd = this.open.use(this.firstKey + file, false, () => openForReading(this.spec.root, elements, file))
    try {
      for (let done = 0, got = 0; done < length; done += got) {
        got = fs.readSync(fd, into, from + done, length - done, at + done)
        if (got === 0) throw new DiskFault(Outcome.Short, file)
      }
    } catch (error) {
      throw faultOf(error, file)
    }
  }

  private writing(file: number): number {
    const { path: elements, length } = this.spec.files[file]!
    return this.open.use(this.firstKey + file, true, () => openForWriting(this.spec.root, elements, length, file))
  }

  private each(visit: (file: ContentFile, at: string, index: number) => void): void {
    this.spec.files.forEach((file, index) => {
      if (!file.padding) visit(file, path.join(this.spec.root, ...file.path), index)
    })
  }
}

function stat(at: string, file: number): fs.BigIntStats | undefined {
  try {
    return fs.statSync(at, { bigint: true, throwIfNoEntry: false })
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR') throw new DiskFault(Outcome.NotFolder, file)
    throw faultOf(error, file)
  }
}
