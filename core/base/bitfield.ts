/** Bits in BEP 3 order (the high bit of byte 0 is index 0), with the count kept. Spare bits at the end stay 0. */
export class Bitfield {
  readonly bytes: Uint8Array
  private ones = 0

  constructor(readonly length: number) {
    this.bytes = new Uint8Array((length + 7) >> 3)
  }

  /** null when the bytes are not exactly as long as `length` bits need, or a spare bit is set. */
  static from(bytes: Uint8Array, length: number): Bitfield | null {
    if (bytes.length !== (length + 7) >> 3) return null
    const spare = bytes.length * 8 - length
    if (spare > 0 && ((bytes[bytes.length - 1] ?? 0) & ((1 << spare) - 1)) !== 0) return null
    const field = new Bitfield(length)
    field.bytes.set(bytes)
    for (const byte of bytes) field.ones += bitsIn(byte)
    return field
  }

  get count(): number {
    return this.ones
  }

  get full(): boolean {
    return this.ones === this.length
  }

  has(index: number): boolean {
    return ((this.bytes[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0
  }

  /** True if the bit was not set before. */
  set(index: number): boolean {
    if (index < 0 || index >= this.length || this.has(index)) return false
    this.bytes[index >> 3]! |= 0x80 >> (index & 7)
    this.ones++
    return true
  }

  clear(index: number): boolean {
    if (!this.has(index)) return false
    this.bytes[index >> 3]! &= ~(0x80 >> (index & 7))
    this.ones--
    return true
  }

  fill(): void {
    for (let i = 0; i < this.bytes.length; i++) this.bytes[i] = 0xff
    const spare = this.bytes.length * 8 - this.length
    if (spare > 0) this.bytes[this.bytes.length - 1] = (0xff << spare) & 0xff
    this.ones = this.length
  }

  /** The first set bit at or after `from`, or -1. */
  nextSet(from: number): number {
    for (let i = from; i < this.length; i++) {
      if ((i & 7) === 0 && this.bytes[i >> 3] === 0) i += 7
      else if (this.has(i)) return i
    }
    return -1
  }
}

export function bitsIn(byte: number): number {
  let bits = byte - ((byte >> 1) & 0x55)
  bits = (bits & 0x33) + ((bits >> 2) & 0x33)
  return (bits + (bits >> 4)) & 0x0f
}
