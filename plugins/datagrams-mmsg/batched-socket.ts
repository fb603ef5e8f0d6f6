// One address, answered in threads. A thread that dies is replaced, and its socket stays open meanwhile; one that hangs is
// ended. Where threads die again and again, the socket gives up.
import { formatEndpoint } from '../../core/base/address.js'
import { messageOf } from '../../core/base/errors.js'
import { Count, COUNTS } from './answer-loop.js'
import { AnswerThread } from './answer-thread.js'
import { aheadOfSystem } from './answer-order.js'
import { batchedErrors } from './errors.js'
import { HangWatch, LOOK_MS } from './hang-watch.js'
import type { Endpoint } from '../../core/base/address.js'
import type { Timer } from '../../core/base/clock.js'
import type { NodeError } from '../../core/base/errors.js'
import type { Host } from '../../core/base/host.js'
import type { Portable } from '../../core/base/portable.js'
import type { Answerer, DatagramSocket, DatagramTraffic } from '../../core/contracts/host.js'
import type { ThreadNumbers } from './thread-numbers.js'
import type { UdpSocket } from './udp-socket.js'

/** Datagrams in one system call. More save next to nothing, and the first of them would wait for the last. */
export const BATCH = 64
/** So many deaths within so long are not chance. */
const MOST_DEATHS = 5
const DEATHS_MS = 10_000

export interface SocketLife {
  readonly answerer: Portable<Answerer>
  readonly host: Host
  readonly numbers: ThreadNumbers
  threadEnded(number: number): void
  /** Closed, for whatever reason. */
  gone(): void
  /** It has given up. */
  failed(error: NodeError): void
}

export class BatchedSocket implements DatagramSocket {
  readonly local: Endpoint
  private readonly first: UdpSocket
  private readonly stop = new Int32Array(new SharedArrayBuffer(4))
  private readonly counts: readonly Float64Array<SharedArrayBuffer>[]
  private readonly threads = new Set<AnswerThread>()
  /** Those that read now. */
  private readonly reading = new Map<AnswerThread, { readonly row: number; readonly watch: HangWatch }>()
  private readonly deaths: number[] = []
  private looking: Timer | null = null
  private closing: Promise<void> | null = null
  private gaveUp = false

  /** One thread a socket; they are its own from here on. */
  constructor(
    private readonly sockets: readonly UdpSocket[],
    private readonly life: SocketLife,
  ) {
    const [first] = sockets
    if (first === undefined) throw new RangeError('a socket of no sockets')
    this.first = first
    this.local = first.local
    this.counts = sockets.map(() => new Float64Array(new SharedArrayBuffer(COUNTS * 8)))
  }

  /** Resolves when all threads read; rejects, with everything closed, when one of them does not get there. */
  async open(): Promise<void> {
    try {
      await Promise.all(this.sockets.map((_, row) => this.begin(row)))
      if (this.closing === null) this.looking = this.life.host.clock.every(LOOK_MS, () => this.endHanging())
    } catch (error) {
      await this.close()
      throw this.fault('does not start', messageOf(error))
    }
  }

  traffic(): readonly DatagramTraffic[] {
    return this.sockets.map((socket, row) => {
      const counts = this.counts[row]
      return { received: counts?.[Count.Received] ?? 0, sent: counts?.[Count.Sent] ?? 0, dropped: socket.dropped() }
    })
  }

  trouble(): string | null {
    const address = formatEndpoint(this.local)
    if (this.gaveUp) return `nothing answers on UDP ${address} any more: its threads died again and again`
    const missing = this.sockets.length - this.reading.size
    if (this.closing !== null || missing === 0) return null
    return `${missing} of ${this.sockets.length} threads that answer on UDP ${address} are gone`
  }

  send(bytes: Uint8Array, to: Endpoint): void {
    this.first.send(bytes, to)
  }

  close(): Promise<void> {
    this.closing ??= this.end()
    return this.closing
  }

  private async end(): Promise<void> {
    const { clock, log } = this.life.host
    this.looking?.cancel()
    Atomics.store(this.stop, 0, 1)
    await Promise.all([...this.threads].map(thread => thread.over(clock)))
    for (const socket of this.sockets) socket.close()
    const sum = (count: number): number => this.counts.reduce((total, row) => total + (row[count] ?? 0), 0)
    log.debug('datagram socket closed', {
      address: formatEndpoint(this.local),
      tooLong: sum(Count.TooLong),
      unsent: sum(Count.Unsent),
      failed: sum(Count.Failed),
    })
    this.life.gone()
  }

  /** Resolves when the thread reads; rejects when it ended before. */
  private begin(row: number): Promise<void> {
    const { answerer, host, numbers } = this.life
    const [socket, counts] = [this.sockets[row], this.counts[row]]
    if (socket === undefined || counts === undefined) throw new RangeError(`there is no socket ${row}`)
    const { number, name } = numbers.take()
    const order = {
      ...{ answerer, number, counts, batch: BATCH, stop: this.stop },
      ...{ fd: socket.fd, family: socket.family },
      seed: host.random.fork(name).u32(),
      ahead: aheadOfSystem(() => host.clock.now()),
    }
    return new Promise((resolve, reject) => {
      const thread = new AnswerThread(order, host.log, {
        reading: () => {
          this.reading.set(thread, { row, watch: new HangWatch() })
          resolve()
        },
        ended: reason => {
          this.threads.delete(thread)
          const read = this.reading.delete(thread)
          this.life.threadEnded(number)
          numbers.give(number)
          if (read) this.replace(row, reason)
          else reject(new Error(reason))
        },
      })
      this.threads.add(thread)
    })
  }

  private endHanging(): void {
    for (const [thread, { row, watch }] of this.reading) {
      if (!watch.look(this.counts[row]?.[Count.Turns] ?? 0)) continue
      thread.end('it hung in what it was asked, and was ended')
    }
  }

  private replace(row: number, reason: string): void {
    if (this.closing !== null) return
    const { clock, log } = this.life.host
    const now = clock.now()
    this.deaths.push(now)
    const recent = this.deaths.filter(at => now - at < DEATHS_MS)
    if (recent.length >= MOST_DEATHS) {
      this.gaveUp = true
      const often = `died ${recent.length} times within ${DEATHS_MS / 1000} s`
      void this.close()
      return this.life.failed(this.fault(often, reason))
    }
    log.warn('a thread that answers datagrams died; another takes its place', {
      address: formatEndpoint(this.local),
      error: reason,
    })
    this.begin(row).catch((error: unknown) => this.replace(row, messageOf(error)))
  }

  private fault(what: string, reason: string): NodeError {
    const address = formatEndpoint(this.local)
    const message = `nothing answers on UDP ${address} any more: a thread of it ${what}: ${reason}`
    return batchedErrors.make('ERR_DATAGRAM_THREAD', message, { details: { address } })
  }
}
