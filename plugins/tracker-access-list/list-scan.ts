// Reads the bytes of an access list, so many lines at a time: a list of a million must not keep the node waiting.
import { KEY_BYTES } from '../../core/base/key-set.js'

const DIGITS = 2 * KEY_BYTES
const NEWLINE = 0x0a
const HASH_SIGN = 0x23

export class ListScan {
  /** What is wrong, and where. */
  fault: string | null = null
  /** Hashes found so far, one after the other in `hashes`; those that stand twice are here twice. */
  count = 0
  readonly hashes: Uint8Array
  private at: number
  private line = 0

  constructor(private readonly bytes: Uint8Array) {
    this.at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
    // Each has its digits and, but for the last, the end of its line.
    this.hashes = new Uint8Array(KEY_BYTES * Math.ceil(bytes.length / DIGITS))
  }

  /** True: there is more. */
  read(lines: number): boolean {
    for (let i = 0; i < lines && this.at < this.bytes.length && this.fault === null; i++) {
      const found = this.bytes.indexOf(NEWLINE, this.at)
      const end = found < 0 ? this.bytes.length : found
      this.line++
      if (!this.take(this.at, end)) {
        this.fault = `line ${this.line} does not begin with an info-hash of ${DIGITS} hexadecimal digits`
      }
      this.at = end + 1
    }
    return this.at < this.bytes.length && this.fault === null
  }

  /** False: neither a hash nor a remark. */
  private take(from: number, to: number): boolean {
    const { bytes } = this
    let at = from
    while (at < to && isBlank(bytes[at]!)) at++
    if (at === to || bytes[at] === HASH_SIGN) return true
    if (to - at < DIGITS || (to - at > DIGITS && !isBlank(bytes[at + DIGITS]!))) return false
    const out = KEY_BYTES * this.count
    for (let i = 0; i < KEY_BYTES; i++) {
      const value = (digitOf(bytes[at + 2 * i]!) << 4) | digitOf(bytes[at + 2 * i + 1]!)
      if (value < 0) return false
      this.hashes[out + i] = value
    }
    this.count++
    return true
  }
}

/** Space, and the control characters from tab to carriage return. */
function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
}

/** -1: none. */
function digitOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
