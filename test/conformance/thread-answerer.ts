// An answerer that can be opened in a thread: for the suite of datagram nets, and for tests of those that have threads.
// It does what a packet's first bytes ask for, and leaves in shared memory what it saw.
import { readU16, readU32, writeU16, writeU32 } from '../../core/base/bytes.js'
import type { ThreadPlace } from '../../core/base/portable.js'
import { NO_REPLY, REPLY_LATER, type Answerer, type Answering } from '../../core/contracts/host.js'

/** Where there are answers of so many bytes, they mean something else. */
export const Wish = { Later: 0xfff0, Throw: 0xfff1, TooMuch: 0xfff2 } as const

/** Its id and how long the answer shall be, and zeros up to `length`. */
export function ask(id: number, answerBytes: number, length = 6): Uint8Array {
  const packet = new Uint8Array(length)
  writeU32(packet, 0, id)
  writeU16(packet, 4, answerBytes)
  return packet
}

/** What comes back: the id and how long the question was, as far as there is room, and then bytes that depend on the id. */
export function expectedAnswer(id: number, answerBytes: number, length = 6): Uint8Array {
  const answer = new Uint8Array(answerBytes)
  writeAnswer(answer, id, answerBytes, length)
  return answer
}

function writeAnswer(out: Uint8Array, id: number, bytes: number, length: number): void {
  for (let i = 0; i < bytes; i++) out[i] = id * 31 + i * 7
  if (bytes < 8) return
  writeU32(out, 0, id)
  writeU32(out, 4, length)
}

/** A question without the six bytes of `ask` gets this. */
export const SHORT = Uint8Array.of(0x5a)

const THREADS = 64

export class SharedAnswers {
  /** Questions by the number of the thread that answered, 0 being the main thread. */
  readonly byThread = new Int32Array(new SharedArrayBuffer(THREADS * 4))
  /** The time at the last answer, by thread. */
  readonly times = new Float64Array(new SharedArrayBuffer(THREADS * 8))
  readonly ended: number[] = []

  get total(): number {
    return this.byThread.reduce((sum, one) => sum + one, 0)
  }

  answering(threads: number): Answering {
    const data = { byThread: this.byThread, times: this.times }
    return {
      make: () => open(data, { number: 0 }),
      inThread: { module: import.meta.url, data },
      threads,
      threadEnded: number => void this.ended.push(number),
    }
  }
}

type Seen = Pick<SharedAnswers, 'byThread' | 'times'>

export function open(data: Seen, place: Pick<ThreadPlace, 'number'>): Answerer {
  return new WishAnswerer(data, place.number)
}

class WishAnswerer implements Answerer {
  constructor(
    private readonly seen: Seen,
    private readonly number: number,
  ) {}

  answer(packet: Uint8Array, length: number, from: Uint8Array, now: number, reply: Uint8Array): number {
    const { byThread, times } = this.seen
    times[this.number] = now
    Atomics.add(byThread, this.number, 1)
    if (from.length !== 18 || reply.length < 1500 || packet.length < length) throw new Error('broken promises')
    if (length < 6) {
      reply.set(SHORT)
      return SHORT.length
    }
    const bytes = readU16(packet, 4)
    if (bytes === Wish.Later) return REPLY_LATER
    if (bytes === Wish.Throw) throw new Error('as asked')
    if (bytes === Wish.TooMuch) return reply.length + 1
    if (bytes === 0) return NO_REPLY
    writeAnswer(reply, readU32(packet, 0), bytes, length)
    return bytes
  }
}
