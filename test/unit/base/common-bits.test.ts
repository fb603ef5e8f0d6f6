import { expect } from 'chai'
import fc from 'fast-check'
import { Bitfield } from '../../../core/base/bitfield.js'
import { bitsView, nextCommon } from '../../../core/base/common-bits.js'

describe('common bits', () => {
  it('finds the first index that both have, wherever the search begins', () => {
    const bits = fc.array(fc.nat(199), { maxLength: 40 })
    fc.assert(
      fc.property(fc.nat(200), bits, bits, fc.nat(205), (length, a, b, from) => {
        const fields = [a, b].map(indices => {
          const field = new Bitfield(length)
          for (const index of indices) field.set(index)
          return field
        })
        const [one, two] = fields as [Bitfield, Bitfield]
        const both = a.filter(index => b.includes(index) && index >= from && index < length).sort((x, y) => x - y)
        expect(nextCommon(bitsView(one.bytes), bitsView(two.bytes), from, length)).to.equal(both[0] ?? -1)
      }),
    )
  })

  it('sees bytes that change, and the part of a buffer that is meant', () => {
    const buffer = new Uint8Array(8)
    const part = buffer.subarray(3, 8)
    const view = bitsView(part)
    expect(nextCommon(view, view, 0, 40)).to.equal(-1)
    buffer[2] = 0xff
    part[4] = 1
    expect(nextCommon(view, view, 0, 40)).to.equal(39)
  })

  it('reads what only looks like bytes', () => {
    const view = bitsView([0, 0b0100_0000])
    expect(nextCommon(view, view, 0, 16)).to.equal(9)
  })
})
