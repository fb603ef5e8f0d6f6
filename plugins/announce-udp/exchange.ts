// One packet out, one packet back: matched by transaction and sender, over one socket a family. Whatever else arrives
// is dropped, so a forged reply neither ends nor harms what is under way (it would have to guess 32 bits).
import type { Clock } from '../../core/base/clock.js'
import { sameEndpoint, type Endpoint } from '../../core/base/address.js'
import { readU32 } from '../../core/base/bytes.js'
import type { NodeError } from '../../core/base/errors.js'
import type { Entropy } from '../../core/base/random.js'
import type { DatagramNet, DatagramSocket } from '../../core/contracts/host.js'
import { readUdpError, udpReplyAction, udpReplyTransaction } from '../../core/protocol/tracker-udp-client.js'
import { UdpAction } from '../../core/protocol/tracker-udp.js'
import { errors } from './errors.js'

export interface Question<T> {
  readonly to: Endpoint
  readonly action: number
  readonly transaction: number
  readonly packet: Uint8Array
  /** null: no reply to this question; the wait goes on. */
  read(reply: Uint8Array): T | null
}

/** A reply of the action asked for, the tracker's words where it gave an error, or null: silence. */
export type Answer<T> = { readonly value: T } | { readonly refusal: string } | null

interface Waiting {
  readonly to: Endpoint
  take(packet: Uint8Array): void
  fail(): void
}

export class UdpExchange {
  private readonly sockets = new Map<4 | 6, Promise<DatagramSocket>>()
  private readonly waiting = new Map<number, Waiting>()
  private closed = false

  constructor(
    private readonly net: DatagramNet,
    private readonly clock: Clock,
    private readonly entropy: Entropy,
  ) {}

  /** Unpredictable, and not in use. */
  transaction(): number {
    const bytes = new Uint8Array(4)
    do this.entropy.fill(bytes)
    while (this.waiting.has(readU32(bytes, 0)))
    return readU32(bytes, 0)
  }

  /** Can this machine send over the family at all? */
  async speaks(family: 4 | 6): Promise<boolean> {
    try {
      await this.socket(family)
      return true
    } catch (error) {
      if (this.closed) throw error
      return false
    }
  }

  /** Rejects only when aborted or closed. */
  async ask<T>(question: Question<T>, waitMs: number, signal: AbortSignal): Promise<Answer<T>> {
    const socket = await this.socket(question.to.family)
    if (this.closed) throw cutShort()
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        timer.cancel()
        signal.removeEventListener('abort', fail)
        this.waiting.delete(question.transaction)
        settle()
      }
      const fail = (): void => end(() => reject(cutShort(signal.reason)))
      const timer = this.clock.after(waitMs, () => end(() => resolve(null)))
      if (signal.aborted) return fail()
      signal.addEventListener('abort', fail, { once: true })
      const take = (packet: Uint8Array): void => {
        const action = udpReplyAction(packet)
        const value = action === question.action ? question.read(packet) : null
        if (value !== null) end(() => resolve({ value }))
        else if (action === UdpAction.Error) end(() => resolve({ refusal: readUdpError(packet) }))
      }
      this.waiting.set(question.transaction, { to: question.to, take, fail })
      socket.send(question.packet, question.to)
    })
  }

  async close(): Promise<void> {
    this.closed = true
    for (const one of this.waiting.values()) one.fail()
    const sockets = await Promise.allSettled(this.sockets.values())
    this.sockets.clear()
    await Promise.all(sockets.flatMap(socket => (socket.status === 'fulfilled' ? [socket.value.close()] : [])))
  }

  private socket(family: 4 | 6): Promise<DatagramSocket> {
    if (this.closed) return Promise.reject(cutShort())
    let socket = this.sockets.get(family)
    if (socket === undefined) {
      const anywhere: Endpoint = { family, ip: new Uint8Array(family === 4 ? 4 : 16), port: 0 }
      socket = this.net.bind(anywhere, (packet, from) => this.arrived(packet, from))
      this.sockets.set(family, socket)
      // A network that comes back is found by the next announce.
      socket.catch(() => this.sockets.delete(family))
    }
    return socket
  }

  private arrived(packet: Uint8Array, from: Endpoint): void {
    if (packet.length < 8) return
    const waiting = this.waiting.get(udpReplyTransaction(packet))
    if (waiting !== undefined && sameEndpoint(waiting.to, from)) waiting.take(packet)
  }
}

/** An announce that its signal or the end of the node cut short. */
export function cutShort(cause?: unknown): NodeError {
  return errors.make('ERR_ANNOUNCE_UDP_ABORTED', 'the announce was cut short', { cause })
}
