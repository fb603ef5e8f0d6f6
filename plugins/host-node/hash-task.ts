// Hashing files laid end to end into pieces, a run of whole pieces at a time. Threads take runs from one counter in
// shared memory and put results where they belong, so they need not talk; who is faster does more.
import { createHash, type Hash } from 'node:crypto'
import { type LaidFile, LaidFiles } from './laid-files.js'

const DIGEST = 20
/** Large enough that messages do not count, small enough that a caller who takes part stays awake. */
const RUN_BYTES = 4 * 2 ** 20
/** Fits the second-level cache: what was read is hashed from there. */
const READ_BYTES = 256 * 1024

/** Plain data: what every thread is given. */
export interface HashTask {
  readonly files: readonly LaidFile[]
  readonly pieceLength: number
  readonly totalLength: number
  /** What pieces should hash to, in shared memory: then each is held against it, and bytes may be missing. */
  readonly wanted: Uint8Array | null
  /** The digests; of pieces held against what they should be, a byte each: 1 where it is right. */
  readonly results: Uint8Array
  /** The next run nobody has taken; a negative number stops everyone. */
  readonly counter: Int32Array
}

export function hashTask(files: readonly LaidFile[], pieceLength: number, wanted: Uint8Array | null): HashTask {
  const totalLength = files.reduce((sum, file) => sum + file.length, 0)
  const pieces = Math.ceil(totalLength / pieceLength)
  return {
    files,
    pieceLength,
    totalLength,
    wanted: wanted === null ? null : shared(wanted),
    results: new Uint8Array(new SharedArrayBuffer(wanted === null ? pieces * DIGEST : pieces)),
    counter: new Int32Array(new SharedArrayBuffer(4)),
  }
}

export function stopTask(task: HashTask): void {
  Atomics.store(task.counter, 0, -(2 ** 30))
}

/** One thread's part in a task. */
export class RunHasher {
  private readonly buffer: Uint8Array
  private readonly source: LaidFiles
  private readonly runLength: number

  constructor(private readonly task: HashTask) {
    const { files, pieceLength, totalLength, wanted } = task
    this.buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, Math.max(1, totalLength)))
    this.source = new LaidFiles(files, wanted !== null)
    this.runLength = Math.max(1, Math.floor(RUN_BYTES / pieceLength)) * pieceLength
  }

  /** Takes a run and hashes it; the bytes it had, or 0 when there is none left. Throws a NodeError naming the file. */
  step(): number {
    const { pieceLength, totalLength } = this.task
    const run = Atomics.add(this.task.counter, 0, 1)
    const start = run * this.runLength
    const end = Math.min(start + this.runLength, totalLength)
    if (run < 0 || start >= totalLength) {
      this.close()
      return 0
    }
    let hash: Hash | null = null
    for (let at = start; at < end;) {
      const got = this.source.read(at, this.buffer.subarray(0, Math.min(this.buffer.length, end - at)))
      for (let used = 0; used < got;) {
        const take = Math.min(got - used, this.pieceEnd(at) - at)
        hash ??= createHash('sha1')
        hash.update(this.buffer.subarray(used, used + take))
        used += take
        at += take
        if (at % pieceLength !== 0 && at !== totalLength) continue
        this.settle(Math.ceil(at / pieceLength) - 1, hash.digest())
        hash = null
      }
      if (got > 0) continue
      // The next byte is not there: this piece is not right, and the one after it may be.
      at = this.pieceEnd(at)
      hash = null
    }
    return end - start
  }

  close(): void {
    this.source.close()
  }

  private pieceEnd(at: number): number {
    const { pieceLength, totalLength } = this.task
    return Math.min((Math.floor(at / pieceLength) + 1) * pieceLength, totalLength)
  }

  private settle(piece: number, digest: Buffer): void {
    const { wanted, results } = this.task
    const at = piece * DIGEST
    if (wanted === null) results.set(digest, at)
    else if (digest.equals(wanted.subarray(at, at + DIGEST))) results[piece] = 1
  }
}

function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length))
  copy.set(bytes)
  return copy
}
