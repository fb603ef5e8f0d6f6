// A store that is asked in a thread and otherwise on the main one, as a tracker with threads does.
import { Worker } from 'node:worker_threads'
import type {
  AnnounceReply,
  AnnounceRequest,
  Later,
  Refused,
  ScrapeCounts,
  SwarmLimits,
  SwarmStore,
} from '../../core/contracts/index.js'
import type { InfoHash } from '../../core/protocol/ids.js'
import type { Ask, WorkerTask } from './swarm-store-worker.js'

export function startWorker(store: SwarmStore, number: number, task: WorkerTask['task']): Worker {
  if (store.inThread === undefined) throw new Error('the store cannot go to a thread')
  const workerData: WorkerTask = { store: store.inThread, number, task }
  return new Worker(new URL('./swarm-store-worker.js', import.meta.url), { workerData })
}

/** The next thing a worker says. */
export function said(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

export class StoreInThread implements SwarmStore {
  /** Who waits for an answer, in the order in which they come. */
  private readonly waiting: ((answer: unknown) => void)[] = []

  private constructor(
    readonly main: SwarmStore,
    private readonly worker: Worker,
  ) {
    worker.on('message', answer => this.waiting.shift()?.(answer))
  }

  static async open(main: SwarmStore): Promise<StoreInThread> {
    const worker = startWorker(main, 1, 'answer')
    await said(worker)
    return new StoreInThread(main, worker)
  }

  async close(): Promise<void> {
    await this.worker.terminate()
    this.main.threadEnded?.(1)
  }

  limit(limits: SwarmLimits): void {
    this.main.limit(limits)
  }

  announce(announce: AnnounceRequest, now: number, reply: AnnounceReply): Later<AnnounceReply | Refused> {
    return this.ask<AnnounceReply | Refused>({ announce, now, room: reply.peers.length })
  }

  scrape(scrape: InfoHash, family: 4 | 6): Later<ScrapeCounts> {
    return this.ask<ScrapeCounts>({ scrape, family })
  }

  sweep(now: number, budgetMs: number): boolean {
    return this.main.sweep(now, budgetMs)
  }

  totals(): ReturnType<SwarmStore['totals']> {
    return this.main.totals()
  }

  walk(cursor: number, budgetMs: number, visit: (infoHash: InfoHash) => void): number {
    return this.main.walk?.(cursor, budgetMs, visit) ?? 0
  }

  private ask<T>(ask: Ask): Later<T> {
    let waits: ((answer: T) => void) | null = null
    this.waiting.push(answer => waits?.(answer as T))
    this.worker.postMessage(ask)
    // Whoever asks settles at once, and no message comes before that.
    return { settle: done => void (waits = done) }
  }
}

/** Two openers of one memory in one thread, asked in turn. */
export class TwoOpeners implements SwarmStore {
  private turn = 0

  constructor(private readonly both: readonly [SwarmStore, SwarmStore]) {}

  limit(limits: SwarmLimits): void {
    this.both[0].limit(limits)
  }

  announce(request: AnnounceRequest, now: number, reply: AnnounceReply): ReturnType<SwarmStore['announce']> {
    return this.next().announce(request, now, reply)
  }

  scrape(infoHash: InfoHash, family: 4 | 6, out: ScrapeCounts): ReturnType<SwarmStore['scrape']> {
    return this.next().scrape(infoHash, family, out)
  }

  sweep(now: number, budgetMs: number): boolean {
    return this.both[0].sweep(now, budgetMs)
  }

  totals(): ReturnType<SwarmStore['totals']> {
    return this.next().totals()
  }

  walk(cursor: number, budgetMs: number, visit: (infoHash: InfoHash) => void): number {
    return this.next().walk?.(cursor, budgetMs, visit) ?? 0
  }

  private next(): SwarmStore {
    return this.both[this.turn++ & 1]!
  }
}
