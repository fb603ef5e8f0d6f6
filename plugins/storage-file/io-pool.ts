// The threads of one node, shared by its torrents. A thread is begun when those there are have enough to do, so that a
// node that moves little has one.
import type { Logger } from '../../core/base/log.js'
import type { ContentSpec } from './disk-content.js'
import { DiskFault, type Outcome } from './disk-fault.js'
import { connectInline, connectWorker, IoLane } from './io-lane.js'
import type { Content, LaneJob } from './io-lane.js'
import { Op } from './io-message.js'
import type { Question, Reply } from './io-message.js'
import { WriteTurns } from './write-turns.js'

/** A thread with fewer jobs than this gets the next one before another is begun. */
const BUSY = 2

export interface PoolOptions {
  readonly workers: number
  readonly openFiles: number
}

export type Answered = (outcome: Outcome, file: number, errno: number) => void

export class IoPool {
  private readonly lanes: IoLane[] = []
  private readonly bufferIds = new WeakMap<SharedArrayBuffer, number>()
  /** A thread that knows a buffer keeps it alive; so it is told when nobody else does. */
  private readonly dropped = new FinalizationRegistry<number>(buffer => {
    for (const lane of this.lanes) lane.dropBuffer(buffer)
  })
  private readonly turns = new WriteTurns()
  private lastContent = 0
  private lastBuffer = 0

  constructor(
    private readonly options: PoolOptions,
    private readonly log: Logger,
  ) {}

  enter(spec: ContentSpec): Content {
    return { id: ++this.lastContent, spec }
  }

  read(content: Content, piece: number, begin: number, into: Uint8Array, done: Answered): void {
    this.submit({ op: Op.Read, content, piece, begin, digest: null, done, ...this.carry(into) })
  }

  write(content: Content, piece: number, data: Uint8Array, digest: Uint8Array | null, done: Answered): void {
    const op = digest === null ? Op.Write : Op.VerifyAndWrite
    this.submit({ op, content, piece, begin: 0, digest, done, ...this.carry(data) })
  }

  check(content: Content, piece: number, length: number, digest: Uint8Array, done: Answered): void {
    this.submit({ op: Op.Check, content, piece, begin: 0, digest, done, length, buffer: -1, bytes: null })
  }

  /** Rejects with a DiskFault. */
  ask(ask: Exclude<Question['ask'], 'forget'>, content: Content, files?: readonly number[]): Promise<Reply['value']> {
    return askLane(this.lane(), ask, content, files)
  }

  /** Resolves when no thread has a file of it open. */
  async release(content: Content): Promise<void> {
    const knowing = this.lanes.filter(lane => lane.knows(content))
    // A thread that dies over it has nothing open any more.
    await Promise.all(knowing.map(lane => askLane(lane, 'forget', content).catch(() => undefined)))
  }

  async close(): Promise<void> {
    await Promise.all(this.lanes.splice(0).map(lane => lane.close()))
  }

  private submit(job: LaneJob): void {
    this.lane().submit(job)
  }

  /** The first that is not busy; else a new one; else the least loaded. */
  private lane(): IoLane {
    let least: IoLane | undefined
    for (const lane of this.lanes) {
      if (lane.load < BUSY) return lane
      if (least === undefined || lane.load < least.load) least = lane
    }
    if (least !== undefined && this.lanes.length >= Math.max(1, this.options.workers)) return least
    const lane = this.begin()
    this.lanes.push(lane)
    return lane
  }

  private begin(): IoLane {
    const { workers, openFiles } = this.options
    const share = Math.max(2, Math.floor(openFiles / Math.max(1, workers)))
    return new IoLane(
      workers === 0 ? connectInline(share, this.turns) : connectWorker(share, this.turns),
      (lane, reason) => {
        this.log.error('a storage thread died; what it was doing has failed', { reason })
        const at = this.lanes.indexOf(lane)
        if (at >= 0) this.lanes.splice(at, 1)
      },
    )
  }

  private carry(bytes: Uint8Array): { bytes: Uint8Array; length: number; buffer: number } {
    return { bytes, length: bytes.length, buffer: this.bufferId(bytes.buffer) }
  }

  private bufferId(memory: ArrayBufferLike): number {
    if (!(memory instanceof SharedArrayBuffer)) return -1
    let id = this.bufferIds.get(memory)
    if (id === undefined) {
      id = ++this.lastBuffer
      this.bufferIds.set(memory, id)
      this.dropped.register(memory, id)
    }
    return id
  }
}

function askLane(
  lane: IoLane,
  ask: Question['ask'],
  content: Content,
  files?: readonly number[],
): Promise<Reply['value']> {
  return new Promise((resolve, reject) => {
    const refuse: Answered = (outcome, file, errno) => reject(new DiskFault(outcome, file, errno))
    lane.ask(ask, content, { resolve, reject: refuse }, files)
  })
}
