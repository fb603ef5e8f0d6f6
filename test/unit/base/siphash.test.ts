import { expect } from 'chai'
import fc from 'fast-check'
import { fromHex, toHex } from '../../../core/base/bytes.js'
import { sipHash, sipKey } from '../../../core/base/siphash.js'

/** The hash as its authors print it: eight bytes, the lowest first. */
function hashOf(key: Uint8Array, bytes: Uint8Array, from = 0, to = bytes.length): string {
  const out = new Int32Array(2)
  sipHash(sipKey(key), bytes, from, to, out)
  const view = new DataView(new ArrayBuffer(8))
  view.setInt32(0, out[0]!, true)
  view.setInt32(4, out[1]!, true)
  return toHex(new Uint8Array(view.buffer))
}

const MASK = (1n << 64n) - 1n
const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & MASK

/** SipHash-2-4 as its paper states it, on 64-bit words. */
function stated(key: Uint8Array, bytes: Uint8Array): string {
  const word = (from: Uint8Array, at: number): bigint =>
    new DataView(from.buffer, from.byteOffset + at, 8).getBigUint64(0, true)
  const v: [bigint, bigint, bigint, bigint] = [
    word(key, 0) ^ 0x736f6d6570736575n,
    word(key, 8) ^ 0x646f72616e646f6dn,
    word(key, 0) ^ 0x6c7967656e657261n,
    word(key, 8) ^ 0x7465646279746573n,
  ]
  const round = (): void => {
    v[0] = (v[0] + v[1]) & MASK
    v[1] = rotate(v[1], 13n) ^ v[0]
    v[0] = rotate(v[0], 32n)
    v[2] = (v[2] + v[3]) & MASK
    v[3] = rotate(v[3], 16n) ^ v[2]
    v[0] = (v[0] + v[3]) & MASK
    v[3] = rotate(v[3], 21n) ^ v[0]
    v[2] = (v[2] + v[1]) & MASK
    v[1] = rotate(v[1], 17n) ^ v[2]
    v[2] = rotate(v[2], 32n)
  }
  const padded = new Uint8Array(bytes.length - (bytes.length % 8) + 8)
  padded.set(bytes)
  padded[padded.length - 1] = bytes.length
  for (let at = 0; at < padded.length; at += 8) {
    const m = word(padded, at)
    v[3] ^= m
    round()
    round()
    v[0] ^= m
  }
  v[2] ^= 0xffn
  for (let i = 0; i < 4; i++) round()
  const out = new DataView(new ArrayBuffer(8))
  out.setBigUint64(0, v[0] ^ v[1] ^ v[2] ^ v[3], true)
  return toHex(new Uint8Array(out.buffer))
}

describe('siphash', () => {
  // Key 00 01 .. 0f; message 00 01 .. n-1.
  const REFERENCE = [
    '310e0edd47db6f72',
    'fd67dc93c539f874',
    '5a4fa9d909806c0d',
    '2d7efbd796666785',
    'b7877127e09427cf',
    '8da699cd64557618',
    'cee3fe586e46c9cb',
    '37d1018bf50002ab',
    '6224939a79f5f593',
    'b0e4a90bdf82009e',
  ]
  const key = Uint8Array.from({ length: 16 }, (_, i) => i)

  REFERENCE.forEach((expected, n) => {
    it(`gives the reference vector of ${n} bytes`, () => {
      expect(hashOf(key, key.subarray(0, n))).to.equal(expected)
    })
  })

  it('gives the example of the paper', () => {
    expect(hashOf(key, key.subarray(0, 15))).to.equal(toHex(Uint8Array.from(fromHex('a129ca6149be45e5')!).reverse()))
  })

  it('agrees with the statement of the paper for any key and message', () => {
    const keys = fc.uint8Array({ minLength: 16, maxLength: 16 })
    fc.assert(
      fc.property(keys, fc.uint8Array({ maxLength: 70 }), (k, message) => {
        expect(hashOf(k, message)).to.equal(stated(k, message))
      }),
    )
  })

  it('hashes a part of a buffer as it would that part alone', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(60), fc.nat(60), (bytes, a, b) => {
        const from = Math.min(a, b, bytes.length)
        const to = Math.min(Math.max(a, b), bytes.length)
        expect(hashOf(key, bytes, from, to)).to.equal(hashOf(key, bytes.slice(from, to)))
      }),
    )
  })
})
