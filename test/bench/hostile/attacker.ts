// One address from which a tracker is attacked, and what it hears from it.
import { createSocket, type Socket } from 'node:dgram'
import { readU32 } from '../../../core/base/bytes.js'
import { UdpAction } from '../../../core/protocol/tracker-udp.js'
import { readUdpConnectReply, writeUdpConnect } from '../../../core/protocol/tracker-udp-client.js'
import { wrongAnswer } from './packets.js'
import type { UdpConnectionId } from '../../../core/protocol/tracker-udp-client.js'

const PATIENCE_MS = 1000

export class Attacker {
  sent = 0
  bytesSent = 0
  heard = 0
  bytesHeard = 0
  id: UdpConnectionId = { high: 0, low: 0 }
  private readonly socket: Socket
  private transaction = 0
  /** By transaction; what an attacker sends besides may carry the same by chance, and does no harm then. */
  private readonly waiting = new Map<number, (answer: Uint8Array) => void>()

  private constructor(
    readonly address: string,
    /** Hears of an answer that must not be. */
    private readonly told: (wrong: string) => void,
    /** Whether it is to hear nothing but answers to its requests to connect. */
    private readonly stranger: boolean,
  ) {
    this.socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 4 << 20 })
    this.socket.on('message', answer => this.take(answer))
  }

  static async open(
    address: string,
    tracker: number,
    told: (wrong: string) => void,
    { stranger = false } = {},
  ): Promise<Attacker> {
    const attacker = new Attacker(address, told, stranger)
    await new Promise<void>(resolve => attacker.socket.bind(0, address, resolve))
    const host = address.includes(':') ? '::1' : '127.0.0.1'
    await new Promise<void>(resolve => attacker.socket.connect(tracker, host, resolve))
    return attacker
  }

  /** The bytes may be used again at once. */
  send(bytes: Uint8Array, length: number): void {
    this.sent++
    this.bytesSent += length
    this.socket.send(bytes.slice(0, length))
  }

  /** Gets an id. False: there was no answer. What was sent before, from here or elsewhere, has been read when it is there. */
  async connect(): Promise<boolean> {
    const packet = new Uint8Array(16)
    const transaction = (this.transaction = (this.transaction + 1) >>> 0)
    writeUdpConnect(packet, transaction)
    this.sent++
    this.bytesSent += packet.length
    const answer = await new Promise<Uint8Array | null>(resolve => {
      const timer = setTimeout(() => resolve(null), PATIENCE_MS)
      this.waiting.set(transaction, bytes => {
        clearTimeout(timer)
        resolve(bytes)
      })
      this.socket.send(packet)
    })
    this.waiting.delete(transaction)
    const id = answer === null ? null : readUdpConnectReply(answer)
    if (id !== null) this.id = id
    return id !== null
  }

  close(): void {
    this.socket.close()
  }

  private take(answer: Uint8Array): void {
    this.heard++
    this.bytesHeard += answer.length
    const connected = readU32(answer, 0) === UdpAction.Connect && answer.length === 16
    if (connected) this.waiting.get(readU32(answer, 4))?.(answer)
    const wrong =
      this.stranger && !connected ? `an answer of kind ${readU32(answer, 0)} without an id` : wrongAnswer(answer)
    if (wrong !== null) this.told(wrong)
  }
}
