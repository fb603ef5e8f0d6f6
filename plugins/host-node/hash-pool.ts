// SHA-1 on all cores. Threads begin when they are first needed and stay. Needs no kernel: commands that only hash use
// it by path.
import { createHash } from 'node:crypto'
import os from 'node:os'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { messageOf, type NodeError } from '../../core/base/errors.js'
import type { FileFact, HashPool } from '../../core/contracts/host.js'
import { hashErrors } from './hash-errors.js'
import { type HashTask, hashTask, RunHasher, stopTask } from './hash-task.js'
import type { LaidFile } from './laid-files.js'
import type { FromHasher, ToHasher } from './hash-worker.js'

export interface HashPoolOptions {
  /** Threads at most; 0: none. By default one a core. */
  readonly workers?: number
  /** The calling thread hashes too, a run (some milliseconds) at a time: for commands that have nothing else to do. */
  readonly callerHelps?: boolean
}

/** A hop to a thread costs more than hashing this. */
const INLINE_VERIFY = 32 * 1024
/** Hashed before a thread has begun. */
const INLINE_TASK = 16 * 2 ** 20

export interface OwnedHashPool extends HashPool {
  /**
   * A byte a piece of the content that these files (laid end to end; without a path: zeros that are not stored) make: 1
   * where it has its digest. Bytes that are missing make their pieces wrong. `progress` as in `digests`.
   */
  check(
    files: readonly LaidFile[],
    pieceLength: number,
    digests: Uint8Array,
    progress: (bytes: number) => void,
  ): Promise<Uint8Array>
  /** What is under way fails. */
  close(): Promise<void>
}

export function createHashPool(options: HashPoolOptions = {}): OwnedHashPool {
  return new ThreadedHashPool(options.workers ?? os.availableParallelism(), options.callerHelps ?? false)
}

type Listener = (message: FromHasher | NodeError) => void

class ThreadedHashPool implements OwnedHashPool {
  private readonly hashers: Hasher[] = []

  constructor(
    private readonly workers: number,
    private readonly callerHelps: boolean,
  ) {}

  async verify(data: Uint8Array, digest: Uint8Array): Promise<boolean> {
    if (this.workers === 0 || data.length <= INLINE_VERIFY) {
      return createHash('sha1').update(data).digest().equals(digest)
    }
    const hasher = this.idlest()
    return new Promise((resolve, reject) => {
      const id = hasher.listen(message => {
        hasher.forget(id)
        if (message instanceof Error) reject(message)
        else resolve('right' in message && message.right)
      })
      hasher.post({ id, verify: data, digest })
    })
  }

  async digests(
    files: readonly FileFact[],
    folder: string,
    pieceLength: number,
    progress: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    signal.throwIfAborted()
    const laid = files.map(file => ({ path: path.join(folder, ...file.path), length: file.length }))
    const task = hashTask(laid, pieceLength, null)
    const stop = (): void => stopTask(task)
    signal.addEventListener('abort', stop)
    const digests = await this.run(task, progress).finally(() => signal.removeEventListener('abort', stop))
    signal.throwIfAborted()
    return digests
  }

  check(
    files: readonly LaidFile[],
    pieceLength: number,
    digests: Uint8Array,
    progress: (bytes: number) => void,
  ): Promise<Uint8Array> {
    return this.run(hashTask(files, pieceLength, digests), progress)
  }

  async close(): Promise<void> {
    await Promise.all(this.hashers.splice(0).map(hasher => hasher.close()))
  }

  private async run(task: HashTask, progress: (bytes: number) => void): Promise<Uint8Array> {
    const threads = task.totalLength <= INLINE_TASK ? 0 : this.callerHelps ? this.workers - 1 : this.workers
    const parts: Promise<void>[] = []
    try {
      for (let i = 0; i < threads; i++) parts.push(runIn(this.hasher(i), task, progress))
      if (this.callerHelps || threads <= 0) parts.push(runHere(task, progress))
      await Promise.all(parts)
    } catch (error) {
      stopTask(task)
      await Promise.allSettled(parts)
      throw error
    }
    return task.results.slice()
  }

  private idlest(): Hasher {
    for (let i = 0; i < this.workers; i++) if (this.hasher(i).busy === 0) return this.hasher(i)
    return this.hashers.reduce((least, hasher) => (hasher.busy < least.busy ? hasher : least))
  }

  private hasher(index: number): Hasher {
    const kept = this.hashers[index]
    if (kept?.lost === false) return kept
    const hasher = new Hasher()
    this.hashers[index] = hasher
    return hasher
  }
}

/** The main thread's end of one thread. It keeps the process up only while something is asked of it. */
class Hasher {
  lost = false
  private readonly worker: Worker
  private readonly listeners = new Map<number, Listener>()
  private lastId = 0

  constructor() {
    this.worker = new Worker(new URL('./hash-worker.js', import.meta.url))
    this.worker.on('message', (message: FromHasher) => this.listeners.get(message.id)?.(message))
    this.worker.on('error', error => this.fail(messageOf(error)))
    this.worker.on('exit', () => this.fail('it was ended'))
    this.worker.unref()
  }

  get busy(): number {
    return this.listeners.size
  }

  listen(listener: Listener): number {
    if (this.listeners.size === 0) this.worker.ref()
    this.listeners.set(++this.lastId, listener)
    return this.lastId
  }

  forget(id: number): void {
    this.listeners.delete(id)
    if (this.listeners.size === 0) this.worker.unref()
  }

  post(message: ToHasher): void {
    this.worker.postMessage(message)
  }

  async close(): Promise<void> {
    await this.worker.terminate()
  }

  private fail(reason: string): void {
    this.lost = true
    const error = hashErrors.make('ERR_HASH_THREAD', `a hashing thread died: ${reason}`)
    // Each takes itself out, which the walk allows.
    for (const listener of this.listeners.values()) listener(error)
  }
}

function runIn(hasher: Hasher, task: HashTask, progress: (bytes: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const id = hasher.listen(message => {
      if (message instanceof Error) return end(message)
      if ('fault' in message) return end(faultOf(message.fault))
      if (!('hashed' in message)) return
      if (message.hashed === 0) return end(null)
      progress(message.hashed)
    })
    const end = (error: Error | null): void => {
      hasher.forget(id)
      if (error === null) resolve()
      else reject(error)
    }
    hasher.post({ id, task })
  })
}

async function runHere(task: HashTask, progress: (bytes: number) => void): Promise<void> {
  const hasher = new RunHasher(task)
  try {
    for (let hashed = hasher.step(); hashed > 0; hashed = hasher.step()) {
      progress(hashed)
      await new Promise(resolve => setImmediate(resolve))
    }
  } finally {
    hasher.close()
  }
}

function faultOf({ code, message }: { code: string; message: string }): Error {
  const known = hashErrors.codes.find(one => one === code)
  return hashErrors.make(known ?? 'ERR_HASH_THREAD', message)
}
