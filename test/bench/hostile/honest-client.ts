// A client that means well: it announces again and again while others do their worst, and counts who answers.
import { createSocket, type Socket } from 'node:dgram'
import { formatEndpoint } from '../../../core/base/address.js'
import { readU32 } from '../../../core/base/bytes.js'
import {
  readUdpAnnounceReply,
  readUdpConnectReply,
  writeUdpAnnounce,
  writeUdpConnect,
} from '../../../core/protocol/tracker-udp-client.js'
import type { UdpConnectionId } from '../../../core/protocol/tracker-udp-client.js'

const ID_SECONDS = 60
const PATIENCE_MS = 2000
const none = new Uint8Array(0)

export class HonestClient {
  asked = 0
  answered = 0
  /** Whom it was told of last. */
  peers: readonly string[] = []
  private readonly socket: Socket
  private readonly packet = new Uint8Array(98)
  private id: UdpConnectionId | null = null
  private idAge = 0
  private transaction = 1
  private heard: (answer: Uint8Array) => void = () => {}

  private constructor(
    readonly address: string,
    readonly port: number,
    private readonly infoHash: Uint8Array,
  ) {
    this.socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
    this.socket.on('message', answer => {
      if (readU32(answer, 4) === this.transaction) this.heard(answer)
    })
  }

  static async open(address: string, tracker: number, port: number, infoHash: Uint8Array): Promise<HonestClient> {
    const client = new HonestClient(address, port, infoHash)
    await new Promise<void>(resolve => client.socket.bind(0, address, resolve))
    const host = address.includes(':') ? '::1' : '127.0.0.1'
    await new Promise<void>(resolve => client.socket.connect(tracker, host, resolve))
    return client
  }

  /** Asks once; true when it was answered. */
  async announce(): Promise<boolean> {
    this.asked++
    if (this.id === null || performance.now() - this.idAge > ID_SECONDS * 1000) await this.renew()
    if (this.id === null) return false
    const { infoHash, port } = this
    const fields = { infoHash, peerId: infoHash, event: 0, left: 1, uploaded: 0, downloaded: 0 } as const
    const length = writeUdpAnnounce(
      this.packet,
      this.id,
      ++this.transaction,
      { ...fields, numWant: 50, key: 1, port },
      none,
    )
    const answer = await this.ask(length)
    const told = answer === null ? null : readUdpAnnounceReply(answer, this.address.includes(':') ? 6 : 4)
    if (told === null || answer === null || readU32(answer, 0) !== 1) return false
    this.answered++
    this.peers = told.peers.map(formatEndpoint).sort()
    return true
  }

  close(): void {
    this.socket.close()
  }

  private async renew(): Promise<void> {
    const answer = await this.ask(writeUdpConnect(this.packet, ++this.transaction))
    this.id = answer === null ? null : readUdpConnectReply(answer)
    this.idAge = performance.now()
  }

  private ask(length: number): Promise<Uint8Array | null> {
    return new Promise(resolve => {
      const timer = setTimeout(() => resolve(null), PATIENCE_MS)
      this.heard = answer => {
        clearTimeout(timer)
        resolve(answer)
      }
      this.socket.send(this.packet.subarray(0, length))
    })
  }
}
