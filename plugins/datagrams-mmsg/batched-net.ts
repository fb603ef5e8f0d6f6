// The net: what answers in threads is served here, all else by the net that the node has anyway.
import { formatEndpoint } from '../../core/base/address.js'
import { bindAdvice } from '../../core/base/bind-advice.js'
import { messageOf, systemCode, type NodeError } from '../../core/base/errors.js'
import { BatchedSocket } from './batched-socket.js'
import { batchedErrors } from './errors.js'
import { probe, type Machine } from './self-test.js'
import { ThreadNumbers } from './thread-numbers.js'
import { openSockets, type UdpSocket } from './udp-socket.js'
import type { Endpoint } from '../../core/base/address.js'
import type { Host } from '../../core/base/host.js'
import type { Answering, BatchedDatagramNet, DatagramNet, DatagramSocket } from '../../core/contracts/host.js'
import type { SystemCalls } from './system-calls.js'

export interface NetSettings {
  readonly bufferBytes: number
  /** A socket has given up: the node's own affair, since nobody waits for it. */
  failed(error: NodeError): void
}

export class MmsgDatagramNet implements BatchedDatagramNet {
  private readonly open = new Set<BatchedSocket>()
  private readonly numbers = new ThreadNumbers()
  private calls: SystemCalls | string = 'it has not started yet'

  constructor(
    private readonly host: Host,
    private readonly single: DatagramNet,
    private readonly settings: NetSettings,
  ) {}

  get unusable(): string | null {
    return typeof this.calls === 'string' ? this.calls : null
  }

  async start(machine: Machine): Promise<void> {
    this.calls = await probe(machine)
  }

  bind(at: Endpoint, onPacket: (bytes: Uint8Array, from: Endpoint) => void): Promise<DatagramSocket> {
    return this.single.bind(at, onPacket)
  }

  async serve(at: Endpoint, answering: Answering): Promise<DatagramSocket> {
    const { inThread, threads = 1 } = answering
    if (inThread === undefined) return this.single.serve(at, answering)
    const socket: BatchedSocket = new BatchedSocket(this.bound(at, Math.max(1, threads)), {
      answerer: inThread,
      host: this.host,
      numbers: this.numbers,
      threadEnded: number => answering.threadEnded?.(number),
      gone: () => this.open.delete(socket),
      failed: error => this.settings.failed(error),
    })
    this.open.add(socket)
    await socket.open()
    return socket
  }

  /** Closes what is still open. */
  async close(): Promise<void> {
    await Promise.all([...this.open].map(socket => socket.close()))
  }

  private bound(at: Endpoint, count: number): readonly UdpSocket[] {
    const { calls } = this
    const address = formatEndpoint(at)
    if (typeof calls === 'string') {
      throw batchedErrors.make('ERR_DATAGRAM_UNUSABLE', `batched datagrams cannot be used on ${address}: ${calls}`)
    }
    try {
      return openSockets(calls, at, count, this.settings.bufferBytes)
    } catch (error) {
      const system = systemCode(error)
      const why = bindAdvice(system) ?? messageOf(error)
      throw batchedErrors.make('ERR_DATAGRAM_BIND', `cannot listen on UDP ${address}: ${why}`, {
        cause: error,
        details: { address, system },
      })
    }
  }
}
