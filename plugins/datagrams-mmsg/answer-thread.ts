// The main thread's end of one that answers.
import { Worker } from 'node:worker_threads'
import { messageOf } from '../../core/base/errors.js'
import type { Clock } from '../../core/base/clock.js'
import type { Logger } from '../../core/base/log.js'
import type { AnswerOrder, FromAnswerer } from './answer-order.js'

/** One that does not see that it is to stop is at work in what it was given to open; it is ended there. */
const PATIENCE_MS = 1000

export interface ThreadNews {
  reading(): void
  /** Last of all. The reason is for people. */
  ended(reason: string): void
}

export class AnswerThread {
  private readonly worker: Worker
  private readonly gone: Promise<void>
  private reason = ''

  constructor(order: AnswerOrder, log: Logger, news: ThreadNews) {
    this.worker = new Worker(new URL('./answer-worker.js', import.meta.url), { workerData: order })
    this.worker.on('message', (message: FromAnswerer) => {
      if (message === 'reading') news.reading()
      else log[message.level](message.message, message.fields)
    })
    this.worker.on('error', error => (this.reason = messageOf(error)))
    this.gone = new Promise(resolve => {
      this.worker.on('exit', code => {
        news.ended(this.reason === '' ? `it ended itself with ${code}` : this.reason)
        resolve()
      })
    })
  }

  /** Ends it wherever it is, but for a system call. */
  end(reason: string): void {
    this.reason = reason
    void this.worker.terminate()
  }

  /** Resolves when it has seen that it is to stop, and is gone. */
  async over(clock: Clock): Promise<void> {
    const timer = clock.after(PATIENCE_MS, () => void this.worker.terminate())
    await this.gone
    timer.cancel()
  }
}
