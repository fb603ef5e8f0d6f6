import { expect } from 'chai'
import fc from 'fast-check'
import { Bitfield, bitsIn } from '../../../core/base/bitfield.js'

const someBits = fc
  .nat(70)
  .chain(length =>
    fc.record({ length: fc.constant(length), bits: fc.array(fc.nat(Math.max(0, length - 1)), { maxLength: 40 }) }),
  )

const field = (length: number, bits: readonly number[]): Bitfield => {
  const made = new Bitfield(length)
  for (const bit of bits) made.set(bit)
  return made
}

describe('bitfield', () => {
  it('keeps the high bit of the first byte for index 0', () => {
    expect([...field(10, [0, 7, 8]).bytes]).to.deep.equal([0b1000_0001, 0b1000_0000])
  })

  it('is a set of numbers', () => {
    const action = fc.tuple(fc.constantFrom('set', 'clear', 'fill'), fc.integer({ min: -2, max: 75 }))
    fc.assert(
      fc.property(fc.nat(70), fc.array(action, { maxLength: 60 }), (length, actions) => {
        const real = new Bitfield(length)
        const model = new Set<number>()
        for (const [what, index] of actions) {
          const within = index >= 0 && index < length
          if (what === 'set') {
            expect(real.set(index)).to.equal(within && !model.has(index))
            if (within) model.add(index)
          } else if (what === 'clear') expect(real.clear(index)).to.equal(model.delete(index))
          else if (index % 10 === 0) {
            real.fill()
            for (let i = 0; i < length; i++) model.add(i)
          }
          expect(real.count).to.equal(model.size)
          expect(real.full).to.equal(model.size === length)
        }
        for (let i = -3; i < length + 20; i++) expect(real.has(i), `has ${i}`).to.equal(model.has(i))
      }),
    )
  })

  it('finds the next set bit', () => {
    fc.assert(
      fc.property(someBits, fc.nat(72), ({ length, bits }, from) => {
        const sorted = bits.filter(bit => bit < length && bit >= from).sort((a, b) => a - b)
        expect(field(length, bits).nextSet(from)).to.equal(sorted[0] ?? -1)
      }),
    )
  })

  it('comes back from its bytes', () => {
    fc.assert(
      fc.property(someBits, ({ length, bits }) => {
        const one = field(length, bits)
        const back = Bitfield.from(one.bytes, length)
        expect(back?.bytes).to.deep.equal(one.bytes)
        expect(back?.count).to.equal(one.count)
      }),
    )
  })

  it('takes no bytes of another length, and none with a spare bit set', () => {
    expect(Bitfield.from(new Uint8Array(1), 9)).to.equal(null)
    expect(Bitfield.from(new Uint8Array(3), 9)).to.equal(null)
    expect(Bitfield.from(Uint8Array.of(0xff, 0x80), 9)?.full).to.equal(true)
    for (let spare = 0; spare < 7; spare++) expect(Bitfield.from(Uint8Array.of(0, 1 << spare), 9)).to.equal(null)
    expect(Bitfield.from(new Uint8Array(0), 0)?.full).to.equal(true)
  })

  it('is its own copy of the bytes', () => {
    const bytes = Uint8Array.of(0)
    const made = Bitfield.from(bytes, 8)
    bytes[0] = 0xff
    expect(made?.has(0)).to.equal(false)
  })

  it('counts the bits of every byte', () => {
    for (let byte = 0; byte < 256; byte++) {
      expect(bitsIn(byte)).to.equal(byte.toString(2).replaceAll('0', '').length)
    }
  })
})
