// What tracker threads hear of, on its way to the main thread: a fixed number of holes in shared memory, one for an
// announce each. Who finds a hole taken drops what it has. A thread that ends while it writes leaves a hole that nobody
// uses any more, and nothing else.
import { packEndpoint, unpackEndpoint } from '../../core/base/address.js'
import type { AnnounceEvent, AnnounceRequest } from '../../core/contracts/swarm-store.js'
import type { InfoHash, PeerId } from '../../core/protocol/ids.js'

const HOLES = 1024
/** Words at the head: announces put in and not yet taken out, and where the next goes. */
const FILLED = 0
const NEXT = 1
const HEAD_BYTES = 8
/** A hole: its state, then the event, whether all is there, the endpoint, the info-hash, the peer id. */
const HOLE_BYTES = 64
const EVENT = 4
const WHOLE = 5
const FROM = 6
const INFO_HASH = 24
const PEER_ID = 44
const EMPTY = 0
const WRITTEN_TO = 1
const FULL = 2

/** What of an announce comes out at the other end. */
export type Heard = Pick<AnnounceRequest, 'infoHash' | 'peerId' | 'from' | 'event' | 'left'>

export class Pigeonholes {
  private readonly words: Int32Array
  private readonly bytes: Uint8Array

  constructor(readonly memory: SharedArrayBuffer = new SharedArrayBuffer(HEAD_BYTES + HOLES * HOLE_BYTES)) {
    this.words = new Int32Array(memory)
    this.bytes = new Uint8Array(memory)
  }

  /** False: dropped. */
  put({ infoHash, peerId, from, event, left }: Heard): boolean {
    const { words, bytes } = this
    const at = HEAD_BYTES + HOLE_BYTES * (Atomics.add(words, NEXT, 1) & (HOLES - 1))
    if (Atomics.compareExchange(words, at / 4, EMPTY, WRITTEN_TO) !== EMPTY) return false
    bytes[at + EVENT] = event
    bytes[at + WHOLE] = left === 0 ? 1 : 0
    packEndpoint(from, bytes.subarray(at + FROM, at + FROM + 18))
    bytes.set(infoHash, at + INFO_HASH)
    bytes.set(peerId, at + PEER_ID)
    Atomics.store(words, at / 4, FULL)
    Atomics.add(words, FILLED, 1)
    return true
  }

  /** Gives what is there, in no order, and lets it go; for one thread. */
  empty(take: (heard: Heard) => void): void {
    const { words, bytes } = this
    if (Atomics.load(words, FILLED) === 0) return
    for (let at = HEAD_BYTES; at < bytes.length; at += HOLE_BYTES) {
      if (Atomics.load(words, at / 4) !== FULL) continue
      const heard: Heard = {
        event: bytes[at + EVENT] as AnnounceEvent,
        left: bytes[at + WHOLE] === 1 ? 0 : 1,
        from: unpackEndpoint(bytes.slice(at + FROM, at + FROM + 18)),
        infoHash: bytes.slice(at + INFO_HASH, at + PEER_ID) as InfoHash,
        peerId: bytes.slice(at + PEER_ID, at + PEER_ID + 20) as PeerId,
      }
      Atomics.store(words, at / 4, EMPTY)
      Atomics.sub(words, FILLED, 1)
      take(heard)
    }
  }
}
