// HalfSipHash-1-3 (Aumasson and Bernstein): a keyed 32-bit hash of a few words. Keyed, because those who announce choose
// info-hashes and ports, and must not be able to choose what collides.

/** Words behind those that are hashed, of which the first is the length and the others are zero. */
export const PADDING = 4

/** The hash of `count` words from words[0], which are followed by their padding (see `pad`). */
export function keyedHash(k0: number, k1: number, words: Int32Array, count: number): number {
  let v0 = k0
  let v1 = k1
  let v2 = k0 ^ 0x6c796765
  let v3 = k1 ^ 0x74656462
  // One round a word, one for the length, three to finish.
  const rounds = count + PADDING
  for (let i = 0; i < rounds; i++) {
    const word = words[i]!
    if (i === count + 1) v2 ^= 0xff
    v3 ^= word
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
    v0 ^= word
  }
  return v1 ^ v3
}

/** An array for `count` words that are to be hashed. */
export function paddedWords(count: number): Int32Array {
  const words = new Int32Array(count + PADDING)
  words[count] = count << 26
  return words
}
