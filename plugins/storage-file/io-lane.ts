// The main thread's end of one thread (or of none: the same desk, a turn of the loop later). Jobs go out at once while
// few messages are under way; the others gather and go together, so that small pieces cost a fraction of a message.
import { Worker } from 'node:worker_threads'
import { messageOf } from '../../core/base/errors.js'
import type { ContentSpec } from './disk-content.js'
import { Outcome } from './disk-fault.js'
import { IoDesk } from './io-desk.js'
import { Answer, ANSWER_WIDTH, digestColumns, Job, JOB_WIDTH } from './io-message.js'
import type { FromThread, Op, Question, Reply, ToThread } from './io-message.js'
import type { WriteTurns } from './write-turns.js'

const MESSAGES_UNDER_WAY = 4
const BYTES_A_MESSAGE = 1 << 20

/** A torrent's content by the number that threads know it by. */
export interface Content {
  readonly id: number
  readonly spec: ContentSpec
}

export interface LaneJob {
  readonly op: Op
  readonly content: Content
  readonly piece: number
  readonly begin: number
  /** Bytes of work; `bytes` where there is a buffer, else the length of the piece. */
  readonly length: number
  readonly buffer: number
  readonly bytes: Uint8Array | null
  readonly digest: Uint8Array | null
  done(outcome: Outcome, file: number, errno: number): void
}

interface Asked {
  resolve(value: Reply['value']): void
  reject(outcome: Outcome, file: number, errno: number): void
}

export interface LanePort {
  post(message: ToThread): void
  close(): Promise<void>
}

export type Connect = (answer: (message: FromThread) => void, lost: (reason: string) => void) => LanePort

export class IoLane {
  private readonly port: LanePort
  private readonly contents = new Set<number>()
  private readonly buffers = new Set<number>()
  private readonly jobs = new Map<number, LaneJob>()
  private readonly asked = new Map<number, Asked>()
  private waiting: LaneJob[] = []
  private messages = 0
  private lastId = 0
  private lost = false

  constructor(
    connect: Connect,
    private readonly onLost: (lane: IoLane, reason: string) => void,
  ) {
    this.port = connect(
      message => this.answered(message),
      reason => this.fail(reason),
    )
  }

  get load(): number {
    return this.jobs.size + this.waiting.length
  }

  knows(content: Content): boolean {
    return this.contents.has(content.id)
  }

  submit(job: LaneJob): void {
    this.waiting.push(job)
    if (this.messages < MESSAGES_UNDER_WAY) this.send()
  }

  ask(ask: Question['ask'], content: Content, asked: Asked, files?: readonly number[]): void {
    this.introduce(content)
    const id = this.nextId()
    this.asked.set(id, asked)
    this.port.post({ ask, id, torrent: content.id, ...(files === undefined ? {} : { files }) })
    if (ask === 'forget') this.contents.delete(content.id)
  }

  dropBuffer(buffer: number): void {
    if (this.buffers.delete(buffer)) this.port.post({ tell: 'drop-buffer', buffer })
  }

  async close(): Promise<void> {
    this.lost = true
    await this.port.close()
    this.abandon()
  }

  private send(): void {
    let count = 0
    for (let bytes = 0; count < this.waiting.length && bytes < BYTES_A_MESSAGE; count++) {
      bytes += this.waiting[count]!.length
    }
    if (count === 0) return
    const rows = new Int32Array(count * JOB_WIDTH)
    for (let row = 0; row < count; row++) this.fillRow(rows, row, this.waiting[row]!)
    this.waiting = this.waiting.slice(count)
    this.messages++
    this.port.post(rows)
  }

  private fillRow(rows: Int32Array, row: number, job: LaneJob): void {
    this.introduce(job.content)
    const id = this.nextId()
    this.jobs.set(id, job)
    const at = row * JOB_WIDTH
    rows[at + Job.Op] = job.op
    rows[at + Job.Id] = id
    rows[at + Job.Torrent] = job.content.id
    rows[at + Job.Piece] = job.piece
    rows[at + Job.Begin] = job.begin
    rows[at + Job.Length] = job.length
    if (job.bytes !== null) {
      const memory = job.bytes.buffer
      if (!this.buffers.has(job.buffer) && memory instanceof SharedArrayBuffer) {
        this.buffers.add(job.buffer)
        this.port.post({ tell: 'buffer', buffer: job.buffer, memory })
      }
      rows[at + Job.Buffer] = job.buffer
      rows[at + Job.Offset] = job.bytes.byteOffset
    }
    if (job.digest !== null) digestColumns(rows, row).set(job.digest)
  }

  private introduce({ id, spec }: Content): void {
    if (this.contents.has(id)) return
    this.contents.add(id)
    this.port.post({ tell: 'torrent', torrent: id, spec })
  }

  private nextId(): number {
    this.lastId = (this.lastId + 1) & 0x7fffffff
    return this.lastId
  }

  private answered(message: FromThread): void {
    if (!(message instanceof Int32Array)) {
      const asked = this.asked.get(message.id)
      this.asked.delete(message.id)
      return asked?.resolve(message.value)
    }
    if (this.jobs.has(message[Answer.Id]!)) this.messages--
    this.send()
    for (let at = 0; at < message.length; at += ANSWER_WIDTH) {
      const id = message[at + Answer.Id]!
      const outcome = message[at + Answer.Outcome]! as Outcome
      const job = this.jobs.get(id)
      if (job !== undefined) {
        this.jobs.delete(id)
        job.done(outcome, message[at + Answer.File]!, message[at + Answer.Errno]!)
        continue
      }
      const asked = this.asked.get(id)
      this.asked.delete(id)
      asked?.reject(outcome, message[at + Answer.File]!, message[at + Answer.Errno]!)
    }
  }

  private fail(reason: string): void {
    if (this.lost) return
    this.lost = true
    this.onLost(this, reason)
    this.abandon()
  }

  private abandon(): void {
    const jobs = [...this.jobs.values(), ...this.waiting]
    const asked = [...this.asked.values()]
    this.jobs.clear()
    this.asked.clear()
    this.waiting = []
    for (const job of jobs) job.done(Outcome.Lost, -1, 0)
    for (const one of asked) one.reject(Outcome.Lost, -1, 0)
  }
}

export function connectWorker(openFiles: number, turns: WriteTurns): Connect {
  return (answer, lost) => {
    const worker = new Worker(new URL('./io-worker.js', import.meta.url), {
      workerData: { openFiles, turns: turns.shared },
    })
    worker.on('message', answer)
    worker.on('error', error => lost(messageOf(error)))
    worker.on('exit', code => lost(`ended with ${code}`))
    return {
      post: message => worker.postMessage(message),
      close: async () => void (await worker.terminate()),
    }
  }
}

export function connectInline(openFiles: number, turns: WriteTurns): Connect {
  return answer => {
    const desk = new IoDesk(openFiles, turns)
    return {
      post: message =>
        void setImmediate(() => {
          const given = desk.take(message)
          if (given !== null) answer(given)
        }),
      close() {
        desk.close()
        return Promise.resolve()
      },
    }
  }
}
