// Content that needs no memory: each byte is a pure function of a seed and its offset, so what a node holds can be
// judged without keeping what it should hold.

function word(seed: number, index: number): number {
  let h = (seed ^ Math.imul(Math.floor(index / 0x100000000) + 1, 0x9e3779b9)) + Math.imul(index | 0, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d)
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b)
  return h ^ (h >>> 16)
}

/** Fills `out` with the content of `seed` from `offset` on. */
export function fillContent(seed: number, offset: number, out: Uint8Array): void {
  for (let i = 0; i < out.length; i++) {
    const at = offset + i
    out[i] = word(seed, Math.floor(at / 4)) >>> (8 * (at % 4))
  }
}

/** The offset of the first byte that is not the content of `seed` from `offset` on; -1 where all are. */
export function firstWrong(seed: number, offset: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) {
    const at = offset + i
    if (bytes[i] !== ((word(seed, Math.floor(at / 4)) >>> (8 * (at % 4))) & 0xff)) return at
  }
  return -1
}
