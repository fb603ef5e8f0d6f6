// The sockets of a UDP load generator, one for each address it comes from, all connected to one tracker.
import { createSocket, type Socket } from 'node:dgram'
import { setImmediate as turn } from 'node:timers/promises'
import { ANNOUNCE_LENGTH } from '../../../core/protocol/tracker-udp.js'

/** Packets that are sent or read at once, at most. */
export const BATCH = 64
/** Room for one that is read. */
export const ANSWER_ROOM = 2048

export interface UdpSockets {
  /** How packets pass. */
  readonly io: string
  /** BATCH packets to send, ANNOUNCE_LENGTH apart. */
  readonly outgoing: Uint8Array
  /** What was read, ANSWER_ROOM apart, and how long each is. */
  readonly incoming: Uint8Array
  readonly lengths: Int32Array
  /** The first `count` packets of `outgoing`; how many the system took. */
  send(source: number, count: number): number
  /** A shorter packet: its first `length` bytes. */
  sendOne(source: number, length: number): void
  /** How many came, BATCH at most; 0 at once where there is none. */
  receive(source: number): number
  /** Gives the core away for a moment. */
  nap(): void
  /** Where packets only come in turns of the event loop; null: they do not. */
  readonly turn: (() => Promise<unknown>) | null
  close(): Promise<void>
}

export interface UdpPlace {
  readonly host: string
  readonly port: number
  readonly sources: number
}

/** The nth address of the loopback network, from 127.0.0.1 on, as a number. */
export function sourceAddress(nth: number): number {
  return 0x7f000001 + nth
}

/** One system call a packet: for machines without batches. */
export async function dgramSockets({ host, port, sources }: UdpPlace): Promise<UdpSockets> {
  const outgoing = new Uint8Array(BATCH * ANNOUNCE_LENGTH)
  const incoming = new Uint8Array(BATCH * ANSWER_ROOM)
  const lengths = new Int32Array(BATCH)
  const sockets: Socket[] = []
  const came: Buffer[][] = []
  for (let nth = 0; nth < sources; nth++) {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 })
    const kept: Buffer[] = []
    socket.on('message', bytes => kept.push(bytes)).on('error', () => undefined)
    const at = sourceAddress(nth)
    const address = [at >>> 24, (at >>> 16) & 255, (at >>> 8) & 255, at & 255].join('.')
    // Only Linux has all of 127.0.0.0/8 on its loopback interface.
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject).bind(0, process.platform === 'linux' ? address : '127.0.0.1', resolve)
    })
    await new Promise<void>(resolve => socket.connect(port, host, resolve))
    sockets.push(socket)
    came.push(kept)
  }
  return {
    io: 'dgram, a system call for each packet',
    outgoing,
    incoming,
    lengths,
    send(source, count) {
      for (let i = 0; i < count; i++)
        sockets[source]?.send(outgoing.slice(i * ANNOUNCE_LENGTH, (i + 1) * ANNOUNCE_LENGTH))
      return count
    },
    sendOne: (source, length) => sockets[source]?.send(outgoing.slice(0, length)),
    receive(source) {
      const read = came[source]?.splice(0, BATCH) ?? []
      for (const [i, bytes] of read.entries()) {
        lengths[i] = bytes.length
        incoming.set(bytes.subarray(0, ANSWER_ROOM), i * ANSWER_ROOM)
      }
      return read.length
    },
    nap: () => undefined,
    turn: () => turn(),
    close: async () => {
      await Promise.all(sockets.map(socket => new Promise<void>(resolve => socket.close(() => resolve()))))
    },
  }
}
