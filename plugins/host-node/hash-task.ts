// Hashing files laid end to end into pieces, a run of whole pieces at a time. Threads take runs from one counter in
// shared memory and put digests where they belong, so they need not talk; who is faster does more.
import { createHash, type Hash } from 'node:crypto'
import fs from 'node:fs'
import { messageOf, type NodeError } from '../../core/base/errors.js'
import { hashErrors } from './hash-errors.js'

export const DIGEST = 20
/** Large enough that messages do not count, small enough that a caller who takes part stays awake. */
const RUN_BYTES = 4 * 2 ** 20
/** Fits the second-level cache: what was read is hashed from there. */
const READ_BYTES = 256 * 1024

/** Plain data: what every thread is given. */
export interface HashTask {
  readonly files: readonly { readonly path: string; readonly length: number }[]
  readonly pieceLength: number
  readonly totalLength: number
  readonly digests: SharedArrayBuffer
  /** One Int32: the next run nobody has taken; a negative number stops everyone. */
  readonly counter: SharedArrayBuffer
}

export function hashTask(
  files: readonly { readonly path: string; readonly length: number }[],
  pieceLength: number,
): HashTask {
  const totalLength = files.reduce((sum, file) => sum + file.length, 0)
  const pieces = Math.ceil(totalLength / pieceLength)
  return {
    files,
    pieceLength,
    totalLength,
    digests: new SharedArrayBuffer(pieces * DIGEST),
    counter: new SharedArrayBuffer(4),
  }
}

export function stopTask(task: HashTask): void {
  Atomics.store(new Int32Array(task.counter), 0, -(2 ** 30))
}

function runLength(pieceLength: number): number {
  return Math.max(1, Math.floor(RUN_BYTES / pieceLength)) * pieceLength
}

/** One thread's part in a task. */
export class RunHasher {
  private readonly counter: Int32Array
  private readonly digests: Uint8Array
  private readonly buffer: Uint8Array
  /** The file that is open: runs go on where the last one ended, mostly in the same file. */
  private fd = -1
  private openFile = -1
  private openStart = 0

  constructor(private readonly task: HashTask) {
    this.counter = new Int32Array(task.counter)
    this.digests = new Uint8Array(task.digests)
    this.buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, Math.max(1, task.totalLength)))
  }

  /** Takes a run and hashes it; the bytes it had, or 0 when there is none left. Throws a NodeError naming the file. */
  step(): number {
    const { pieceLength, totalLength } = this.task
    const run = Atomics.add(this.counter, 0, 1)
    const start = run * runLength(pieceLength)
    const end = Math.min(start + runLength(pieceLength), totalLength)
    if (run < 0 || start >= totalLength) {
      this.close()
      return 0
    }
    let hash: Hash | null = null
    for (let at = start; at < end;) {
      const got = this.read(at, Math.min(this.buffer.length, end - at))
      for (let used = 0; used < got;) {
        const pieceEnd = Math.min((Math.floor(at / pieceLength) + 1) * pieceLength, totalLength)
        const take = Math.min(got - used, pieceEnd - at)
        hash ??= createHash('sha1')
        hash.update(this.buffer.subarray(used, used + take))
        used += take
        at += take
        if (at < pieceEnd) continue
        this.digests.set(hash.digest(), (Math.ceil(at / pieceLength) - 1) * DIGEST)
        hash = null
      }
    }
    return end - start
  }

  close(): void {
    if (this.fd !== -1) fs.closeSync(this.fd)
    this.fd = -1
    this.openFile = -1
  }

  /** Fills the buffer with content from `offset`, over the ends of files. */
  private read(offset: number, length: number): number {
    let done = 0
    while (done < length) {
      const left = this.seek(offset + done)
      const at = offset + done - this.openStart
      const { path } = this.task.files[this.openFile]!
      let got = 0
      try {
        got = fs.readSync(this.fd, this.buffer, done, Math.min(length - done, left), at)
      } catch (error) {
        throw readError(path, error)
      }
      if (got === 0) throw shortError(path)
      done += got
    }
    return done
  }

  /** Opens the file that holds the byte at `offset`; gives the bytes from there to its end. */
  private seek(offset: number): number {
    const { files } = this.task
    let file = Math.max(this.openFile, 0)
    let start = this.openFile === -1 ? 0 : this.openStart
    if (offset < start) file = start = 0
    for (let length = files[file]!.length; offset >= start + length; length = files[file]!.length) {
      start += length
      file++
    }
    if (file !== this.openFile) {
      this.close()
      const { path } = files[file]!
      try {
        this.fd = fs.openSync(path, 'r')
      } catch (error) {
        throw readError(path, error)
      }
      this.openFile = file
      this.openStart = start
    }
    return start + files[file]!.length - offset
  }
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
    {
      details: { path },
    },
  )
}
