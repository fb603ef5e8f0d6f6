// UDP over node:dgram. dgram-as-promised binds and closes; packets come by its callback and leave by the raw socket,
// because its own recv() listens only while a promise waits and loses what comes in between.
import { DgramAsPromised } from 'dgram-as-promised'
import { readU16 } from '../../core/base/bytes.js'
import { FirstFault } from '../../core/base/first-fault.js'
import { bindFault } from './bind-fault.js'
import { endpointFrom, endpointText, packAddress, packedText } from './socket-address.js'
import type { Socket } from 'node:dgram'
import type { SocketAsPromised } from 'dgram-as-promised'
import type { Endpoint } from '../../core/base/address.js'
import type { Clock } from '../../core/base/clock.js'
import type { Logger } from '../../core/base/log.js'
import type { Answering, DatagramNet, DatagramSocket, DatagramTraffic } from '../../core/contracts/host.js'

/** Holds what the main thread cannot take or the wire cannot carry for a moment; the system may grant less. */
const SYSTEM_BUFFER = 4 * 1024 * 1024
/** Unsent bytes in the process beyond which packets are dropped, as the system itself would. */
const QUEUE_LIMIT = 1024 * 1024
/** Replies up to here; what fits one frame is the answerer's to judge. */
const REPLY_BYTES = 4096

type Arrival = (bytes: Uint8Array, address: string, port: number) => void

export class NodeDatagramNet implements DatagramNet {
  private readonly open = new Set<NodeDatagramSocket>()

  constructor(
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  bind(at: Endpoint, onPacket: (bytes: Uint8Array, from: Endpoint) => void): Promise<DatagramSocket> {
    return this.acquire(at, (bytes, address, port) => onPacket(bytes, endpointFrom(address, port)))
  }

  async serve(at: Endpoint, { make }: Answering): Promise<DatagramSocket> {
    const from = new Uint8Array(18)
    const fault = new FirstFault(this.log, 'answering a datagram failed')
    const socket: NodeDatagramSocket = await this.acquire(at, (bytes, address, port) => {
      packAddress(address, port, from)
      let length = 0
      try {
        length = answerer.answer(bytes, bytes.length, from, this.clock.now(), socket.reply)
      } catch (error) {
        fault.tell(error)
      }
      if (length > 0) socket.sendReply(length, address, port)
    })
    const answerer = make((bytes, to) => socket.sendPacked(bytes, to))
    return socket
  }

  /** Closes what is still open. */
  async close(): Promise<void> {
    await Promise.all([...this.open].map(socket => socket.close()))
  }

  private async acquire(at: Endpoint, arrive: Arrival): Promise<NodeDatagramSocket> {
    const passed = { received: 0, sent: 0, dropped: null }
    const outer = DgramAsPromised.createSocket(
      {
        type: at.family === 4 ? 'udp4' : 'udp6',
        recvBufferSize: SYSTEM_BUFFER,
        sendBufferSize: SYSTEM_BUFFER,
        // Addresses are always literal: answer at once instead of asking the resolver for every packet.
        lookup: (host, _options, done) => done(null, host, at.family),
      },
      (bytes, from) => {
        passed.received++
        arrive(bytes, from.address, from.port)
      },
    )
    outer.socket.on('error', error => this.log.debug('datagram socket', { error: error.message }))
    try {
      const address = endpointText(at, at.family)
      const bound = await outer.bind({ address, port: at.port, exclusive: true })
      const socket = new NodeDatagramSocket(outer, endpointFrom(bound.address, bound.port), at.family, passed, gone =>
        this.open.delete(gone),
      )
      this.open.add(socket)
      return socket
    } catch (error) {
      await outer.close().catch(() => undefined)
      throw bindFault('ERR_DATAGRAM_BIND', 'UDP', at, error)
    }
  }
}

class NodeDatagramSocket implements DatagramSocket {
  /** Where the answerer writes. */
  reply = new Uint8Array(REPLY_BYTES)
  /** The beginning of `reply`, by length: there are few, and a view made anew for each answer costs more than it says. */
  private beginnings: (Uint8Array | undefined)[] = []
  private copied = new Uint8Array(REPLY_BYTES)
  private readonly raw: Socket
  /** The last packet waits in the process; so may those behind it. */
  private backlog = false
  private closing: Promise<void> | null = null

  constructor(
    private readonly outer: SocketAsPromised,
    readonly local: Endpoint,
    private readonly family: 4 | 6,
    private readonly passed: { received: number; sent: number; readonly dropped: null },
    private readonly gone: (socket: NodeDatagramSocket) => void,
  ) {
    this.raw = outer.socket
  }

  traffic(): readonly DatagramTraffic[] {
    return [{ ...this.passed }]
  }

  send(bytes: Uint8Array, to: Endpoint): void {
    this.sendCopy(bytes, endpointText(to, this.family), to.port)
  }

  sendPacked(bytes: Uint8Array, to: Uint8Array): void {
    this.sendCopy(bytes, packedText(to, this.family), readU16(to, 16))
  }

  sendReply(length: number, address: string, port: number): void {
    const bytes = (this.beginnings[length] ??= this.reply.subarray(0, length))
    if (!this.transmit(bytes, address, port)) return
    this.reply = new Uint8Array(REPLY_BYTES)
    this.beginnings = []
  }

  close(): Promise<void> {
    if (this.closing === null) {
      this.closing = this.outer.close()
      this.gone(this)
    }
    return this.closing
  }

  private sendCopy(bytes: Uint8Array, address: string, port: number): void {
    if (address === '') return
    if (bytes.length > REPLY_BYTES) {
      this.transmit(bytes.slice(), address, port)
      return
    }
    this.copied.set(bytes)
    if (this.transmit(this.copied.subarray(0, bytes.length), address, port)) this.copied = new Uint8Array(REPLY_BYTES)
  }

  /** Nearly always the system takes the packet at once. True: it waits in the process, and its buffer with it. */
  private transmit(bytes: Uint8Array, address: string, port: number): boolean {
    // Node throws at port 0, which forged packets name.
    if (this.closing !== null || port === 0) return false
    if (this.backlog && this.raw.getSendQueueSize() > QUEUE_LIMIT) return false
    this.passed.sent++
    this.raw.send(bytes, port, address)
    return (this.backlog = this.raw.getSendQueueCount() > 0)
  }
}
