// SipHash-2-4 (Aumasson and Bernstein) on 32-bit halves: a keyed hash of short messages, 64 bits out, cheap enough to
// run for every datagram. Checked against the reference vectors.
import { readU32 } from './bytes.js'

/** A 16-byte key as four little-endian words. */
export type SipKey = Int32Array

export function sipKey(bytes: Uint8Array): SipKey {
  const key = new Int32Array(4)
  for (let i = 0; i < 4; i++) key[i] = swap(readU32(bytes, 4 * i))
  return key
}

/** Writes the 64-bit hash of bytes[from..to) into out[0] (low half) and out[1] (high half). */
export function sipHash(key: SipKey, bytes: Uint8Array, from: number, to: number, out: Int32Array): void {
  let v0l = key[0]! ^ 0x70736575
  let v0h = key[1]! ^ 0x736f6d65
  let v1l = key[2]! ^ 0x6e646f6d
  let v1h = key[3]! ^ 0x646f7261
  let v2l = key[0]! ^ 0x6e657261
  let v2h = key[1]! ^ 0x6c796765
  let v3l = key[2]! ^ 0x79746573
  let v3h = key[3]! ^ 0x74656462
  // Two rounds a word of eight bytes, the last of them padded and with the length; then four. In one loop with all state
  // in locals: calls and shared state cost more than the arithmetic.
  const wordRounds = 2 * (((to - from) >> 3) + 1)
  let low = 0
  let high = 0
  for (let round = 0; round < wordRounds + 4; round++) {
    if (round === wordRounds) v2l ^= 0xff
    else if (round < wordRounds && (round & 1) === 0) {
      const at = from + 4 * round
      if (round < wordRounds - 2) {
        low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
        high = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24)
      } else {
        low = 0
        high = (to - from) << 24
        for (let i = at; i < to; i++) {
          const shift = (i - at) * 8
          if (shift < 32) low |= bytes[i]! << shift
          else high |= bytes[i]! << (shift - 32)
        }
      }
      v3l ^= low
      v3h ^= high
    }
    let sum = (v0l >>> 0) + (v1l >>> 0)
    v0h = (v0h + v1h + (sum > 0xffffffff ? 1 : 0)) | 0
    v0l = sum | 0
    let held = (v1h << 13) | (v1l >>> 19)
    v1l = ((v1l << 13) | (v1h >>> 19)) ^ v0l
    v1h = held ^ v0h
    held = v0l
    v0l = v0h
    v0h = held
    sum = (v2l >>> 0) + (v3l >>> 0)
    v2h = (v2h + v3h + (sum > 0xffffffff ? 1 : 0)) | 0
    v2l = sum | 0
    held = (v3h << 16) | (v3l >>> 16)
    v3l = ((v3l << 16) | (v3h >>> 16)) ^ v2l
    v3h = held ^ v2h
    sum = (v0l >>> 0) + (v3l >>> 0)
    v0h = (v0h + v3h + (sum > 0xffffffff ? 1 : 0)) | 0
    v0l = sum | 0
    held = (v3h << 21) | (v3l >>> 11)
    v3l = ((v3l << 21) | (v3h >>> 11)) ^ v0l
    v3h = held ^ v0h
    sum = (v2l >>> 0) + (v1l >>> 0)
    v2h = (v2h + v1h + (sum > 0xffffffff ? 1 : 0)) | 0
    v2l = sum | 0
    held = (v1h << 17) | (v1l >>> 15)
    v1l = ((v1l << 17) | (v1h >>> 15)) ^ v2l
    v1h = held ^ v2h
    held = v2l
    v2l = v2h
    v2h = held
    if (round < wordRounds && (round & 1) === 1) {
      v0l ^= low
      v0h ^= high
    }
  }
  out[0] = v0l ^ v1l ^ v2l ^ v3l
  out[1] = v0h ^ v1h ^ v2h ^ v3h
}

function swap(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}
