import { expect } from 'chai'
import { halfSipHash } from '../../../core/base/half-siphash.js'

describe('HalfSipHash', () => {
  // Of the bytes 0, 1, 2 ... under the key 0 to 7: the authors' own, lowest byte first.
  const vectors = [
    [4, 0x89466e2a],
    [5, 0x69b6fac5],
    [6, 0x23fc6358],
    [7, 0xc563cf8b],
  ] as const

  for (const [length, expected] of vectors) {
    it(`gives what its authors give for ${length} bytes`, () => {
      let last = length << 24
      for (let i = 4; i < length; i++) last |= i << (8 * (i - 4))
      expect(halfSipHash(0x03020100, 0x07060504, 0x03020100, last) >>> 0).to.equal(expected)
    })
  }
})
