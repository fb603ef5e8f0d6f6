// Writes bencode piece by piece into one growing buffer, for replies with keys that are no text and for dictionaries too
// large to be built first. Order of keys and matching of ends are the caller's to keep.

const CHAR_0 = 0x30
const encoder = new TextEncoder()

export class BencodeWriter {
  private buffer: Uint8Array
  private length = 0

  constructor(capacity = 256) {
    this.buffer = new Uint8Array(capacity)
  }

  openDictionary(): this {
    return this.char(0x64)
  }

  openList(): this {
    return this.char(0x6c)
  }

  close(): this {
    return this.char(0x65)
  }

  /** A short ASCII string: a key, or a value known to be one. */
  ascii(text: string): this {
    this.digits(text.length).char(0x3a).reserve(text.length)
    for (let i = 0; i < text.length; i++) this.buffer[this.length++] = text.charCodeAt(i)
    return this
  }

  text(text: string): this {
    return this.bytes(encoder.encode(text))
  }

  bytes(bytes: Uint8Array): this {
    return this.digits(bytes.length).char(0x3a).raw(bytes)
  }

  /** A whole number, not negative. */
  integer(value: number): this {
    return this.char(0x69).digits(value).char(0x65)
  }

  /** Bytes that are bencode already. */
  raw(bytes: Uint8Array): this {
    this.reserve(bytes.length)
    this.buffer.set(bytes, this.length)
    this.length += bytes.length
    return this
  }

  /** Begins anew in the same buffer: what `finish` gave before is overwritten. */
  reset(): this {
    this.length = 0
    return this
  }

  /** What was written; a view of the buffer, so nothing may be written after. */
  finish(): Uint8Array {
    return this.buffer.subarray(0, this.length)
  }

  private digits(value: number): this {
    let scale = 1
    let count = 1
    while (value >= scale * 10) {
      scale *= 10
      count++
    }
    this.reserve(count)
    let rest = value
    for (; scale >= 1; scale /= 10) {
      const digit = Math.floor(rest / scale)
      this.buffer[this.length++] = CHAR_0 + digit
      rest -= digit * scale
    }
    return this
  }

  private char(code: number): this {
    this.reserve(1)
    this.buffer[this.length++] = code
    return this
  }

  private reserve(count: number): void {
    if (this.length + count <= this.buffer.length) return
    const grown = new Uint8Array(Math.max(2 * this.buffer.length, this.length + count))
    grown.set(this.buffer.subarray(0, this.length))
    this.buffer = grown
  }
}
