// HalfSipHash (Aumasson and Bernstein): SipHash on 32-bit words with a key of 64 bits, and so several times as fast here,
// where 64-bit words are made of halves. Checked against the reference vectors.

/**
 * HalfSipHash-1-3 of words[0..count), 32 bits: for places in tables. Keyed, because strangers choose what is put there,
 * and must not be able to choose what collides.
 */
export function tableHash(k0: number, k1: number, words: Int32Array, count: number): number {
  return halfSipHash(k0, k1, words, count, 1, null)
}

/**
 * HalfSipHash-2-4 of words[0..count), 64 bits: for tags that must not be forged, under keys that live for minutes.
 * Writes it to out[0] (the first four bytes, lowest first) and out[1].
 */
export function tagHash(k0: number, k1: number, words: Int32Array, count: number, out: Int32Array): void {
  out[1] = halfSipHash(k0, k1, words, count, 2, out)
}

/** 64 bits where there is an `out`: it gets the first half, and the other is returned. */
function halfSipHash(
  k0: number,
  k1: number,
  words: Int32Array,
  count: number,
  perWord: 1 | 2,
  out: Int32Array | null,
): number {
  let v0 = k0
  let v1 = out === null ? k1 : k1 ^ 0xee
  let v2 = k0 ^ 0x6c796765
  let v3 = k1 ^ 0x74656462
  // Each word, and last the length. All state in locals, and the round written down twice: calls and shared state cost
  // more than the arithmetic.
  for (let i = 0; i <= count; i++) {
    const word = i < count ? words[i]! : count << 26
    v3 ^= word
    for (let round = 0; round < perWord; round++) {
      v0 = (v0 + v1) | 0
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
      v0 = (v0 + v3) | 0
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
      v2 = (v2 + v1) | 0
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
      v2 = (v2 << 16) | (v2 >>> 16)
    }
    v0 ^= word
  }
  v2 ^= out === null ? 0xff : 0xee
  for (let half = 0; ; half++) {
    for (let round = 0; round < perWord + 2; round++) {
      v0 = (v0 + v1) | 0
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
      v0 = (v0 + v3) | 0
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
      v2 = (v2 + v1) | 0
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
      v2 = (v2 << 16) | (v2 >>> 16)
    }
    if (out === null || half > 0) return v1 ^ v3
    out[0] = v1 ^ v3
    v1 ^= 0xdd
  }
}
