import { expect } from 'chai'
import fc from 'fast-check'
import { fillContent, firstWrong } from '../../../core/sim/content.js'

describe('sim content', () => {
  it('depends on seed and offset alone', () => {
    const whole = new Uint8Array(5000)
    fillContent(9, 1000, whole)
    fc.assert(
      fc.property(fc.nat(4000), fc.nat(900), (from, length) => {
        const part = new Uint8Array(length)
        fillContent(9, 1000 + from, part)
        expect(Buffer.compare(part, whole.subarray(from, from + length))).to.equal(0)
      }),
    )
  })

  it('finds the first wrong byte, beyond 4 GiB as well', () => {
    const at = 9_000_000_001
    const bytes = new Uint8Array(100)
    fillContent(9, at, bytes)
    expect(firstWrong(9, at, bytes)).to.equal(-1)
    expect(firstWrong(9, at + 4 * 2 ** 32, bytes)).not.to.equal(-1)
    bytes[70] = (bytes[70] ?? 0) ^ 1
    expect(firstWrong(9, at, bytes)).to.equal(at + 70)
  })
})
