// A Portable opened in a thread of its own, and what it answers there. Calls carry what can be cloned, both ways.
import { Worker } from 'node:worker_threads'
import type { Portable } from '../../core/base/portable.js'
import type { Answered } from './other-thread-worker.js'

export class OtherThread {
  private last = 0
  private readonly waiting = new Map<number, (answered: Answered) => void>()
  private readonly worker: Worker

  private constructor({ module, data }: Portable<unknown>) {
    this.worker = new Worker(new URL('./other-thread-worker.js', import.meta.url), { workerData: { module, data } })
    this.worker.on('message', (answered: Answered) => {
      this.waiting.get(answered.call)?.(answered)
      this.waiting.delete(answered.call)
    })
    this.worker.on('error', (error: unknown) => {
      for (const [call, done] of this.waiting) done({ call, fault: String(error) })
      this.waiting.clear()
    })
  }

  /** Once it is open. Rejects where it cannot be. */
  static async open(portable: Portable<unknown>): Promise<OtherThread> {
    const thread = new OtherThread(portable)
    await thread.call('')
    return thread
  }

  /** What the method of the opened thing returned. Rejects where it threw. */
  call(method: string, ...args: readonly unknown[]): Promise<unknown> {
    const call = ++this.last
    return new Promise((resolve, reject) => {
      this.waiting.set(call, ({ fault, result }) => {
        if (fault === undefined) resolve(result)
        else reject(new Error(fault))
      })
      this.worker.postMessage({ call, method, args })
    })
  }

  async close(): Promise<void> {
    await this.worker.terminate()
  }
}
