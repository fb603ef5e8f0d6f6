// Connection ids of UDP trackers (BEP 15) without a table of clients: a keyed hash of the address, 48 bits of it, and 16
// bits of the second in which the id was given. Each second has a key of its own, made from the secret, so what little
// an id tells of its key is worthless when the id is. Whoever forges a sender never sees the id, and an id is worth
// nothing at another address.
import { isMapped } from '../base/address.js'
import { readU32, writeU32 } from '../base/bytes.js'
import { tagHash } from '../base/half-siphash.js'
import { sipHash, sipKey } from '../base/siphash.js'
import type { SipKey } from '../base/siphash.js'

/** As BEP 15 says. */
const VALID_SECONDS = 120
/** Ages are told apart up to here. */
const MOST_SECONDS = 0xffff
const SECOND_MASK = 0xffff

export class ConnectionIds {
  private readonly secret: SipKey
  private readonly oldest: number
  /** The keys of the seconds last asked for, each where its low bits say; and which second's it is. */
  private readonly keys: Int32Array
  private readonly seconds: Float64Array
  private readonly message = new Uint8Array(8)
  private readonly address = new Int32Array(4)
  private readonly hash = new Int32Array(2)

  /** `secret`: 16 unpredictable bytes of this start. `leewaySeconds`: for clients that use their ids longer than they may. */
  constructor(secret: Uint8Array, leewaySeconds = 0) {
    this.secret = sipKey(secret)
    this.oldest = Math.min(VALID_SECONDS + leewaySeconds, MOST_SECONDS)
    const kept = 2 ** Math.ceil(Math.log2(this.oldest + 2))
    this.keys = new Int32Array(2 * kept)
    // No number: before a clock's first second there are seconds too, and who asks for one must not find an empty key.
    this.seconds = new Float64Array(kept).fill(NaN)
  }

  /** Writes the id for a sender (16 bytes of address first) to out[at..at + 8). `now`: monotonic milliseconds. */
  write(from: Uint8Array, now: number, out: Uint8Array, at: number): void {
    const second = Math.floor(now / 1000)
    this.digest(from, second)
    writeU32(out, at, this.hash[0]!)
    writeU32(out, at + 4, (this.hash[1]! & ~SECOND_MASK) | (second & SECOND_MASK))
  }

  /** Is packet[at..at + 8) an id that was given to this sender, not too long ago? */
  check(from: Uint8Array, now: number, packet: Uint8Array, at: number): boolean {
    const high = readU32(packet, at)
    const low = readU32(packet, at + 4)
    const present = Math.floor(now / 1000)
    const age = (present - low) & SECOND_MASK
    // The age is no secret; the rest is compared whole, in the same time wherever it differs.
    if (age > this.oldest) return false
    this.digest(from, present - age)
    return ((this.hash[0]! ^ high) | ((this.hash[1]! ^ low) & ~SECOND_MASK)) === 0
  }

  /** Of 4 bytes where the address is IPv4, else of 16; the hash knows how many. */
  private digest(from: Uint8Array, second: number): void {
    const { address, keys } = this
    const slot = second & (this.seconds.length - 1)
    if (this.seconds[slot] !== second) this.derive(second, slot)
    let words = 0
    for (let at = isMapped(from) ? 12 : 0; at < 16; at += 4) {
      address[words++] = from[at]! | (from[at + 1]! << 8) | (from[at + 2]! << 16) | (from[at + 3]! << 24)
    }
    tagHash(keys[2 * slot]!, keys[2 * slot + 1]!, address, words, this.hash)
  }

  private derive(second: number, slot: number): void {
    writeU32(this.message, 0, Math.floor(second / 0x1_0000_0000))
    writeU32(this.message, 4, second)
    sipHash(this.secret, this.message, 0, this.message.length, this.hash)
    this.keys[2 * slot] = this.hash[0]!
    this.keys[2 * slot + 1] = this.hash[1]!
    this.seconds[slot] = second
  }
}
