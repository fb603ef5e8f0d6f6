// Two bit arrays read a word at a time: what a peer has of what is wanted, at 32 pieces a step.

/** A window on bits in BEP 3 order, for nextCommon. Bytes that are no Uint8Array are copied. */
export function bitsView(bytes: ArrayLike<number>): DataView {
  const own = bytes instanceof Uint8Array ? bytes : Uint8Array.from(bytes)
  return new DataView(own.buffer, own.byteOffset, own.byteLength)
}

/** The first index at or after `from` and below `length` that is set in both, or -1. Both have bytes for `length` bits. */
export function nextCommon(a: DataView, b: DataView, from: number, length: number): number {
  const words = (length >> 5) << 2
  let mask = 0xffffffff >>> (from & 31)
  for (let at = (from >> 5) << 2; at < words; at += 4) {
    const both = a.getInt32(at) & b.getInt32(at) & mask
    if (both !== 0) return at * 8 + Math.clz32(both)
    mask = 0xffffffff
  }
  for (let i = Math.max(from, words * 8); i < length; i++) {
    if ((a.getUint8(i >> 3) & b.getUint8(i >> 3) & (0x80 >> (i & 7))) !== 0) return i
  }
  return -1
}
