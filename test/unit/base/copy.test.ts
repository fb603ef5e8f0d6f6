import { expect } from 'chai'
import fc from 'fast-check'
import { copyBytes } from '../../../core/base/copy.js'

describe('copyBytes', () => {
  const memory = {
    own: (length: number) => new ArrayBuffer(length),
    shared: (length: number) => new SharedArrayBuffer(length),
  }

  for (const [name, make] of Object.entries(memory)) {
    it(`copies what it is told to ${name} memory, and nothing else`, () => {
      const place = fc.record({ at: fc.nat(40), count: fc.nat(400), skip: fc.nat(40), offset: fc.nat(40) })
      fc.assert(
        fc.property(place, ({ at, count, skip, offset }) => {
          const from = Uint8Array.from({ length: at + count + 3 }, (_, i) => i * 7 + 1)
          const whole = new Uint8Array(make(skip + offset + count + 5)).fill(0xee)
          const wanted = Uint8Array.from(whole)
          wanted.set(from.subarray(at, at + count), skip + offset)
          copyBytes(from, at, count, whole.subarray(skip), offset)
          expect(Uint8Array.from(whole)).to.deep.equal(wanted)
        }),
      )
    })
  }
})
