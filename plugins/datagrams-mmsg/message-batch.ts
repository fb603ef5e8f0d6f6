// Room for many datagrams and their answers, laid out so that one system call reads them and another sends what is to be
// said, and views of it all that are made once.
import { IOVEC, MMSGHDR, SOCKADDR_IN, SOCKADDR_IN6 } from './struct-layouts.js'
import type { PinnedMemory, SystemCalls } from './system-calls.js'

/** Over an Ethernet frame's 1,500, and an odd number of cache lines: slots must not all meet in the same few sets. */
const SLOT_BYTES = 1600
const NAME_BYTES = 32
const PER_SLOT = 2 * (MMSGHDR.size + IOVEC.size + SLOT_BYTES) + NAME_BYTES
const MSG_TRUNC = 0x20
/** Of a header, in words: its beginning up to where the pointer to the vectors ends. */
const HEAD_WORDS = MMSGHDR.vectors / 4 + 2

export class MessageBatch {
  readonly packets: readonly Uint8Array[]
  readonly replies: readonly Uint8Array[]
  /** 16 bytes of address (v4 mapped) and 2 of port: who sent what `sender` was last asked about. */
  readonly from = new Uint8Array(18)
  readonly memory: PinnedMemory
  /** Where the headers of what comes, and of what goes, begin. */
  readonly incoming = 0
  readonly outgoing: number
  private readonly vectors: number
  private readonly names: number
  private readonly nameBytes: number
  /** The headers of what goes as they were laid: message i is the reply of slot i. */
  private readonly heads: Int32Array
  private readonly words: Int32Array
  private readonly halves: Uint16Array
  private readonly fromHalves = new Uint16Array(this.from.buffer)

  constructor(
    calls: SystemCalls,
    private readonly family: 4 | 6,
    readonly size: number,
  ) {
    this.memory = calls.pin(size * PER_SLOT)
    const { buffer } = this.memory
    this.words = new Int32Array(buffer)
    this.halves = new Uint16Array(buffer)
    this.nameBytes = family === 4 ? SOCKADDR_IN.size : SOCKADDR_IN6.size
    this.outgoing = size * MMSGHDR.size
    this.vectors = 2 * this.outgoing
    this.names = this.vectors + 2 * size * IOVEC.size
    const packets = this.names + size * NAME_BYTES
    const replies = packets + size * SLOT_BYTES
    const views = (begin: number, stride: number, length: number): Uint8Array[] =>
      Array.from({ length: size }, (_, i) => new Uint8Array(buffer, begin + i * stride, length))
    this.packets = views(packets, SLOT_BYTES, SLOT_BYTES)
    this.replies = views(replies, SLOT_BYTES, SLOT_BYTES)
    for (let i = 0; i < size; i++) {
      this.lay(this.incoming + i * MMSGHDR.size, i, this.vectors + i * IOVEC.size, packets + i * SLOT_BYTES)
      const vector = this.vectors + (size + i) * IOVEC.size
      this.lay(this.outgoing + i * MMSGHDR.size, i, vector, replies + i * SLOT_BYTES)
    }
    this.from.fill(0xff, 10, 12)
    this.heads = this.words.slice(this.outgoing >> 2, this.vectors >> 2)
  }

  /** Of a packet that came; -1 where it was longer than a slot and lost its end. */
  length(slot: number): number {
    const header = (this.incoming + slot * MMSGHDR.size) >> 2
    const cut = (this.words[header + MMSGHDR.flags / 4]! & MSG_TRUNC) !== 0
    return cut ? -1 : this.words[header + MMSGHDR.length / 4]!
  }

  /** Writes down who sent it. False: somebody without a port, to whom nothing can be said. */
  sender(slot: number): boolean {
    const { halves, fromHalves } = this
    const name = (this.names + slot * NAME_BYTES) >> 1
    if (this.family === 4) {
      fromHalves[6] = halves[name + SOCKADDR_IN.address / 2]!
      fromHalves[7] = halves[name + SOCKADDR_IN.address / 2 + 1]!
    } else for (let i = 0; i < 8; i++) fromHalves[i] = halves[name + SOCKADDR_IN6.address / 2 + i]!
    const port = halves[name + SOCKADDR_IN.port / 2]!
    fromHalves[8] = port
    return port !== 0
  }

  /** Makes the first bytes of a slot's reply, to whom its packet came from, the message that goes as number `place`. */
  answer(slot: number, length: number, place: number): void {
    const { words, heads } = this
    const to = (this.outgoing + place * MMSGHDR.size) >> 2
    const head = (slot * MMSGHDR.size) >> 2
    for (let i = 0; i < HEAD_WORDS; i++) words[to + i] = heads[head + i]!
    const vector = this.vectors + (this.size + slot) * IOVEC.size
    words[(vector + IOVEC.length) >> 2] = Math.min(length, SLOT_BYTES)
  }

  private lay(header: number, slot: number, vector: number, bytes: number): void {
    const { memory } = this
    const view = new DataView(memory.buffer)
    const put = (at: number, value: number): void => view.setBigUint64(at, BigInt(value), true)
    put(vector + IOVEC.base, memory.pointer(bytes, SLOT_BYTES))
    put(vector + IOVEC.length, SLOT_BYTES)
    put(header + MMSGHDR.name, memory.pointer(this.names + slot * NAME_BYTES, this.nameBytes))
    view.setUint32(header + MMSGHDR.nameLength, this.nameBytes, true)
    put(header + MMSGHDR.vectors, memory.pointer(vector, IOVEC.size))
    put(header + MMSGHDR.vectorCount, 1)
  }
}
