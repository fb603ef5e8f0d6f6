// SipHash-2-4 (Aumasson and Bernstein) on 32-bit halves: a keyed hash of short messages, 64 bits out, cheap enough to
// run for every datagram. Checked against the reference vectors.
import { readU32 } from './bytes.js'

// v0..v3 as high and low halves. Module state, so that a round allocates nothing; nothing here waits, so it is safe.
let v0h = 0
let v0l = 0
let v1h = 0
let v1l = 0
let v2h = 0
let v2l = 0
let v3h = 0
let v3l = 0

/** A 16-byte key as four little-endian words. */
export type SipKey = Int32Array

export function sipKey(bytes: Uint8Array): SipKey {
  const key = new Int32Array(4)
  for (let i = 0; i < 4; i++) key[i] = swap(readU32(bytes, 4 * i))
  return key
}

/** Writes the 64-bit hash of bytes[from..to) into out[0] (low half) and out[1] (high half). */
export function sipHash(key: SipKey, bytes: Uint8Array, from: number, to: number, out: Int32Array): void {
  const k0l = key[0]!
  const k0h = key[1]!
  const k1l = key[2]!
  const k1h = key[3]!
  v0h = k0h ^ 0x736f6d65
  v0l = k0l ^ 0x70736575
  v1h = k1h ^ 0x646f7261
  v1l = k1l ^ 0x6e646f6d
  v2h = k0h ^ 0x6c796765
  v2l = k0l ^ 0x6e657261
  v3h = k1h ^ 0x74656462
  v3l = k1l ^ 0x79746573
  const length = to - from
  const whole = from + (length & ~7)
  for (let i = from; i < whole; i += 8) absorb(swap(readU32(bytes, i + 4)), swap(readU32(bytes, i)))
  let low = 0
  let high = length << 24
  for (let i = whole; i < to; i++) {
    const shift = (i - whole) * 8
    if (shift < 32) low |= bytes[i]! << shift
    else high |= bytes[i]! << (shift - 32)
  }
  absorb(high, low)
  v2l ^= 0xff
  round()
  round()
  round()
  round()
  out[0] = v0l ^ v1l ^ v2l ^ v3l
  out[1] = v0h ^ v1h ^ v2h ^ v3h
}

function absorb(high: number, low: number): void {
  v3h ^= high
  v3l ^= low
  round()
  round()
  v0h ^= high
  v0l ^= low
}

function round(): void {
  let low = (v0l >>> 0) + (v1l >>> 0)
  v0h = (v0h + v1h + (low > 0xffffffff ? 1 : 0)) | 0
  v0l = low | 0
  let h = (v1h << 13) | (v1l >>> 19)
  let l = (v1l << 13) | (v1h >>> 19)
  v1h = h ^ v0h
  v1l = l ^ v0l
  h = v0l
  v0l = v0h
  v0h = h
  low = (v2l >>> 0) + (v3l >>> 0)
  v2h = (v2h + v3h + (low > 0xffffffff ? 1 : 0)) | 0
  v2l = low | 0
  h = (v3h << 16) | (v3l >>> 16)
  l = (v3l << 16) | (v3h >>> 16)
  v3h = h ^ v2h
  v3l = l ^ v2l
  low = (v0l >>> 0) + (v3l >>> 0)
  v0h = (v0h + v3h + (low > 0xffffffff ? 1 : 0)) | 0
  v0l = low | 0
  h = (v3h << 21) | (v3l >>> 11)
  l = (v3l << 21) | (v3h >>> 11)
  v3h = h ^ v0h
  v3l = l ^ v0l
  low = (v2l >>> 0) + (v1l >>> 0)
  v2h = (v2h + v1h + (low > 0xffffffff ? 1 : 0)) | 0
  v2l = low | 0
  h = (v1h << 17) | (v1l >>> 15)
  l = (v1l << 17) | (v1h >>> 15)
  v1h = h ^ v2h
  v1l = l ^ v2l
  h = v2l
  v2l = v2h
  v2h = h
}

function swap(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}
