import { expect } from 'chai'
import fc from 'fast-check'
import { toHex } from '../../../core/base/bytes.js'
import { tableHash, tagHash } from '../../../core/base/half-siphash.js'

/** Little-endian words. */
const words = (bytes: Uint8Array): Int32Array => new Int32Array(bytes.slice().buffer)
const hex = (hash: Int32Array): string => toHex(new Uint8Array(hash.buffer))

function tag(key: Int32Array, message: Int32Array): string {
  const out = new Int32Array(2)
  tagHash(key[0]!, key[1]!, message, message.length, out)
  return hex(out)
}

const place = (key: Int32Array, message: Int32Array): string =>
  hex(Int32Array.of(tableHash(key[0]!, key[1]!, message, message.length)))

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by))

/** HalfSipHash-c-d as its authors state it, a step a line. */
function stated(key: Int32Array, message: Int32Array, c: number, d: number, bits: 32 | 64): string {
  let [v0, v1, v2, v3] = [key[0]!, key[1]!, key[0]! ^ 0x6c796765, key[1]! ^ 0x74656462]
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) {
      v0 = (v0 + v1) | 0
      v1 = rotate(v1, 5) ^ v0
      v0 = rotate(v0, 16)
      v2 = (v2 + v3) | 0
      v3 = rotate(v3, 8) ^ v2
      v0 = (v0 + v3) | 0
      v3 = rotate(v3, 7) ^ v0
      v2 = (v2 + v1) | 0
      v1 = rotate(v1, 13) ^ v2
      v2 = rotate(v2, 16)
    }
  }
  if (bits === 64) v1 ^= 0xee
  for (const word of [...message, (4 * message.length) << 24]) {
    v3 ^= word
    rounds(c)
    v0 ^= word
  }
  v2 ^= bits === 64 ? 0xee : 0xff
  rounds(d)
  const first = v1 ^ v3
  if (bits === 32) return hex(Int32Array.of(first))
  v1 ^= 0xdd
  rounds(d)
  return hex(Int32Array.of(first, v1 ^ v3))
}

describe('HalfSipHash', () => {
  // Key 00 01 .. 07; message 00 01 .. n-1.
  const key = words(Uint8Array.from({ length: 8 }, (_, i) => i))
  const counted = (n: number): Int32Array => words(Uint8Array.from({ length: n }, (_, i) => i))

  for (const [n, expected] of [
    [0, '218d1f59b9b83cc8'],
    [4, 'd5e78a175be52ea1'],
    [8, 'edfee820bce4858c'],
    [12, '7bc71f9faef5c799'],
    [16, '7336aad25f7bf3b5'],
    [20, '1bf52b0a6feea7db'],
  ] as const) {
    it(`gives the reference vector of ${n} bytes`, () => {
      expect(tag(key, counted(n))).to.equal(expected)
    })
  }

  it('is stated here as its authors give it, in 32 bits too', () => {
    expect(stated(key, counted(4), 2, 4, 32)).to.equal('2a6e4689')
  })

  it('agrees with the statement of its authors for any key and message', () => {
    const someKey = fc.uint8Array({ minLength: 8, maxLength: 8 })
    const message = fc.nat(8).chain(n => fc.uint8Array({ minLength: 4 * n, maxLength: 4 * n }))
    fc.assert(
      fc.property(someKey, message, (k, m) => {
        expect(tag(words(k), words(m))).to.equal(stated(words(k), words(m), 2, 4, 64))
        expect(place(words(k), words(m))).to.equal(stated(words(k), words(m), 1, 3, 32))
      }),
    )
  })
})
