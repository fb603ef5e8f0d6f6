// HalfSipHash-2-4 (Aumasson and Bernstein) of messages of four to seven bytes, 32 bits out: for places in a table that
// nobody without the key can choose. Checked against the reference vectors.

/** `word`: the first four bytes, little-endian. `last`: those that are left, and in the top byte how many there are in all. */
export function halfSipHash(k0: number, k1: number, word: number, last: number): number {
  let v0 = k0
  let v1 = k1
  let v2 = k0 ^ 0x6c796765
  let v3 = k1 ^ 0x74656462 ^ word
  // Two rounds for each of the two words, and four: in one loop with all state in locals, which is the quickest way.
  for (let round = 0; round < 8; round++) {
    if (round === 2) {
      v0 ^= word
      v3 ^= last
    } else if (round === 4) {
      v0 ^= last
      v2 ^= 0xff
    }
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
  return v1 ^ v3
}
