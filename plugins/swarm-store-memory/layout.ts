// How peers lie in a block of the arena, by family and by the order of the block. The README beside this draws it.
import { MAX_ORDER } from './memory.js'

// Words of the head of a block of peers. Of a swarm spread over several blocks, only the directory has the first six.
export const INFO_HASH = 0
export const COMPLETED = 5
/** Order in the low byte, depth in 7 bits, a bit that is set in a directory; in a block, partial seeds in the high half. */
export const META = 6
/** Leechers (partial seeds among them) in the low half, seeders in the high half. In a directory, partial seeds. */
export const COUNTS = 7
export const HEAD = 8

export const DIRECTORY = 1 << 15

// What is put down of each peer, in one byte: when it was last heard, and a mark.
/** Of the clock of the store, which goes round. */
export const TICK = 0x7f
/** Set in a partial seed. */
export const PARTIAL = 0x80

const HEAD_BYTES = HEAD * 4
/** Up to so many peers a walk over them beats an index. */
const WALKED = 72
/** Slots of an index for each peer of a full block. */
const SPARE = 10 / 7
/** A slot holds one more than a peer's place in 16 bits. */
const MOST = 65535

export class Layout {
  /** Of a peer as it lies in a block and in a compact reply: address and port in network order. */
  readonly peerBytes: number
  /** The same in units of 16 bits, which is how peers are compared. */
  readonly peerUnits: number
  readonly addressUnits: number
  /** What counts as one address: all of an IPv4 address, the /64 of an IPv6 address; in words. */
  readonly siteWords: number
  /** A peer in words, rounded up. */
  readonly peerWords: number
  /** A block of this order is split when full, unless all its peers have one address; then it grows up to `lastOrder`. */
  readonly splitOrder: number
  readonly lastOrder: number
  /** By order: how many peers fit, and how many slots their index has (0: none). */
  readonly capacity = new Int32Array(MAX_ORDER + 1)
  readonly slots = new Int32Array(MAX_ORDER + 1)
  /** By order: how many bits of a slot are the place; the rest are of the hash. */
  readonly placeBits = new Int32Array(MAX_ORDER + 1)

  constructor(readonly family: 4 | 6) {
    this.peerBytes = family === 4 ? 6 : 18
    this.peerUnits = this.peerBytes / 2
    this.addressUnits = this.peerUnits - 1
    this.siteWords = family === 4 ? 1 : 2
    this.peerWords = (this.peerBytes + 3) >> 2
    this.splitOrder = family === 4 ? 7 : 8
    this.lastOrder = family === 4 ? 14 : 15
    for (let k = 0; k <= MAX_ORDER; k++) {
      const room = (64 << k) - HEAD_BYTES
      const walked = Math.floor(room / (this.peerBytes + 1))
      const indexed = Math.floor(room / (this.peerBytes + 1 + 2 * SPARE))
      const capacity = Math.min(MOST, walked <= WALKED ? walked : indexed)
      this.capacity[k] = capacity
      this.placeBits[k] = 32 - Math.clz32(capacity)
      // What the peers leave, rounded down, but no more than a large block of few peers needs.
      const left = (room - (this.peerBytes + 1) * capacity) >> 1
      this.slots[k] = walked <= WALKED ? 0 : Math.min(left, Math.ceil(capacity * SPARE))
    }
  }

  /** The least order that holds `peers` and one more for each four, so that it does not grow again at once. */
  orderFor(peers: number): number {
    const wanted = peers + (peers >> 2)
    let k = 0
    while (k < this.lastOrder && this.capacity[k]! < wanted) k++
    return k
  }
}
