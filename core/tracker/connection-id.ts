// Connection ids of UDP trackers (BEP 15) without a table of clients: a keyed hash of the address and of the second in
// which the id was given, 48 bits of it, and 16 bits of that second. Whoever forges a sender never sees the id, and an
// id is worth nothing at another address.
import { readU32, writeU32 } from '../base/bytes.js'
import { sipHash, sipKey } from '../base/siphash.js'
import type { SipKey } from '../base/siphash.js'

/** As BEP 15 says. */
const VALID_SECONDS = 120
/** Ages are told apart up to here. */
const MOST_SECONDS = 0xffff

const ADDRESS_BYTES = 16
const SECOND_MASK = 0xffff

export class ConnectionIds {
  private readonly key: SipKey
  private readonly oldest: number
  private readonly message = new Uint8Array(ADDRESS_BYTES + 4)
  private readonly hash = new Int32Array(2)

  /** `secret`: 16 unpredictable bytes of this start. `leewaySeconds`: for clients that use their ids longer than they may. */
  constructor(secret: Uint8Array, leewaySeconds = 0) {
    this.key = sipKey(secret)
    this.oldest = Math.min(VALID_SECONDS + leewaySeconds, MOST_SECONDS)
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

  private digest(from: Uint8Array, second: number): void {
    const { message } = this
    for (let i = 0; i < ADDRESS_BYTES; i++) message[i] = from[i]!
    writeU32(message, ADDRESS_BYTES, second)
    sipHash(this.key, message, 0, message.length, this.hash)
  }
}
