// Does what messages order, one after the other: the whole of a thread but its mailbox.
import { createHash } from 'node:crypto'
import { DiskContent } from './disk-content.js'
import { DiskFault, Outcome } from './disk-fault.js'
import { Answer, ANSWER_WIDTH, digestColumns, Job, JOB_WIDTH, Op } from './io-message.js'
import type { FromThread, Notice, Question, ToThread } from './io-message.js'
import { OpenFiles } from './open-files.js'
import type { WriteTurns } from './write-turns.js'

export class IoDesk {
  private readonly contents = new Map<number, DiskContent>()
  private readonly buffers = new Map<number, SharedArrayBuffer>()
  private readonly files: OpenFiles

  constructor(
    openFiles: number,
    private readonly turns: WriteTurns,
  ) {
    this.files = new OpenFiles(openFiles)
  }

  /** The answer, if the message wants one. */
  take(message: ToThread): FromThread | null {
    if (message instanceof Int32Array) return this.work(message)
    if ('ask' in message) return this.answer(message)
    this.note(message)
    return null
  }

  close(): void {
    this.files.forget(0, Infinity)
  }

  private note(notice: Notice): void {
    if (notice.tell === 'torrent') {
      this.contents.set(notice.torrent, new DiskContent(notice.torrent, notice.spec, this.files, this.turns))
    } else if (notice.tell === 'buffer') this.buffers.set(notice.buffer, notice.memory)
    else this.buffers.delete(notice.buffer)
  }

  private answer({ ask, id, torrent, files }: Question): FromThread {
    const content = this.contents.get(torrent)
    let value: Uint8Array | string | null = null
    try {
      if (ask === 'inspect') content?.inspect()
      else if (ask === 'make') content?.make(files ?? [])
      else if (ask === 'remove') content?.remove()
      else if (ask === 'present') value = content?.present() ?? null
      else if (ask === 'stamp') value = content?.stamp() ?? null
      else {
        content?.close()
        this.contents.delete(torrent)
      }
      return { id, value }
    } catch (error) {
      const answers = new Int32Array(ANSWER_WIDTH)
      answers[Answer.Id] = id
      writeFault(answers, 0, error)
      return answers
    }
  }

  private work(rows: Int32Array): Int32Array {
    const count = rows.length / JOB_WIDTH
    const answers = new Int32Array(count * ANSWER_WIDTH)
    for (let row = 0; row < count; row++) {
      const at = row * ANSWER_WIDTH
      answers[at + Answer.Id] = rows[row * JOB_WIDTH + Job.Id]!
      try {
        answers[at + Answer.Outcome] = this.perform(rows, row) ? Outcome.Done : Outcome.Wrong
      } catch (error) {
        writeFault(answers, at, error)
      }
    }
    return answers
  }

  private perform(rows: Int32Array, row: number): boolean {
    const at = row * JOB_WIDTH
    const op = rows[at + Job.Op]
    const piece = rows[at + Job.Piece]!
    const content = this.contents.get(rows[at + Job.Torrent]!)
    if (content === undefined) throw new DiskFault(Outcome.Lost, -1)
    if (op === Op.Check) return content.check(piece, digestColumns(rows, row))
    const memory = this.buffers.get(rows[at + Job.Buffer]!)
    if (memory === undefined) throw new DiskFault(Outcome.Lost, -1)
    const length = rows[at + Job.Length]!
    const bytes = new Uint8Array(memory, rows[at + Job.Offset]! >>> 0, length)
    if (op === Op.Read) content.read(bytes, piece, rows[at + Job.Begin]!)
    else {
      if (op === Op.VerifyAndWrite) {
        const digest = createHash('sha1').update(bytes).digest()
        if (!digest.equals(digestColumns(rows, row))) return false
      }
      content.write(bytes, piece)
    }
    return true
  }
}

function writeFault(answers: Int32Array, at: number, error: unknown): void {
  if (!(error instanceof DiskFault)) throw error
  answers[at + Answer.Outcome] = error.outcome
  answers[at + Answer.File] = error.file
  answers[at + Answer.Errno] = error.errno
}
