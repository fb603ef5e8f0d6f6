// Files laid end to end, read as one stretch of bytes. One is open at a time: who reads on mostly stays in it.
import fs from 'node:fs'
import { messageOf, systemCode, type NodeError } from '../../core/base/errors.js'
import { hashErrors } from './hash-errors.js'

export interface LaidFile {
  /** Empty: nothing is stored, and all bytes are zero. */
  readonly path: string
  readonly length: number
}

/** Without O_NONBLOCK, a pipe in a file's place would be waited for. */
const FLAGS = fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0)
/** Nothing is there, or nothing to read: where gaps are allowed, one. What else can happen is the machine's fault. */
const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'EIO', 'ENXIO'])

export class LaidFiles {
  /** The file that the last byte asked for lies in, and where it begins. */
  private file = 0
  private start = 0
  /** Of that file; -1: it is not open. */
  private fd = -1

  constructor(
    private readonly files: readonly LaidFile[],
    /** Bytes that are not there end a read early; else they are an error that names the file. */
    private readonly gaps: boolean,
  ) {}

  /** Fills `into` from `offset` of the whole, over the ends of files. Gives the bytes before the first gap. */
  read(offset: number, into: Uint8Array): number {
    let done = 0
    while (done < into.length) {
      this.seek(offset + done)
      const { path, length } = this.files[this.file]!
      const at = offset + done - this.start
      const take = Math.min(into.length - done, length - at)
      const got = path === '' ? zeros(into, done, take) : this.readFile(path, into, done, take, at)
      if (got === 0) return done
      done += got
    }
    return done
  }

  close(): void {
    if (this.fd !== -1) fs.closeSync(this.fd)
    this.fd = -1
  }

  /** 0: a gap. */
  private readFile(path: string, into: Uint8Array, from: number, length: number, at: number): number {
    let got = 0
    try {
      if (this.fd === -1) this.fd = openRegular(path)
      got = fs.readSync(this.fd, into, from, length, at)
    } catch (error) {
      if (this.gaps && NOT_THERE.has(systemCode(error))) return 0
      throw readError(path, error)
    }
    if (got === 0 && !this.gaps) throw shortError(path)
    return got
  }

  private seek(offset: number): void {
    const before = this.file
    if (offset < this.start) this.file = this.start = 0
    for (let end = this.end(); offset >= end; end = this.end()) {
      this.start = end
      this.file++
    }
    if (this.file !== before) this.close()
  }

  private end(): number {
    return this.start + this.files[this.file]!.length
  }
}

function openRegular(path: string): number {
  const fd = fs.openSync(path, FLAGS)
  if (fs.fstatSync(fd).isFile()) return fd
  fs.closeSync(fd)
  throw Object.assign(new Error('not a regular file'), { code: 'ENXIO' })
}

function zeros(into: Uint8Array, from: number, length: number): number {
  into.fill(0, from, from + length)
  return length
}

function readError(path: string, error: unknown): NodeError {
  return hashErrors.make('ERR_HASH_READ', `${path} cannot be read: ${messageOf(error)}`, {
    cause: error,
    details: { path },
  })
}

function shortError(path: string): NodeError {
  return hashErrors.make(
    'ERR_HASH_SHORT',
    `${path} became shorter while it was hashed; try again when it is finished`,
    { details: { path } },
  )
}
