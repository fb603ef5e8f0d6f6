// HalfSipHash-2-4 (Aumasson and Bernstein) of a few words, 64 bits out: SipHash on 32-bit words with a key of 64 bits,
// and so several times as fast here, where 64-bit words are made of halves. For keys that live for minutes. Checked
// against the reference vectors.

/** Writes the 64-bit hash of words[0..count) to out[0] (the first four bytes, lowest first) and out[1]. */
export function addressHash(k0: number, k1: number, words: Int32Array, count: number, out: Int32Array): void {
  let v0 = k0
  let v1 = k1 ^ 0xee
  let v2 = k0 ^ 0x6c796765
  let v3 = k1 ^ 0x74656462
  // Two rounds a word, the last of them the length; then four for each half of the outcome. One loop with all state in
  // locals: calls and shared state cost more than the arithmetic.
  const wordRounds = 2 * count + 2
  let word = 0
  for (let round = 0; round < wordRounds + 8; round++) {
    if (round < wordRounds) {
      if ((round & 1) === 0) {
        word = round === 2 * count ? count << 26 : words[round >> 1]!
        v3 ^= word
      }
    } else if (round === wordRounds) v2 ^= 0xee
    else if (round === wordRounds + 4) {
      out[0] = v1 ^ v3
      v1 ^= 0xdd
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
    if (round < wordRounds && (round & 1) === 1) v0 ^= word
  }
  out[1] = v1 ^ v3
}
