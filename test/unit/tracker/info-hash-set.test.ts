import { expect } from 'chai'
import fc from 'fast-check'
import { toHex } from '../../../core/base/bytes.js'
import { InfoHashSet } from '../../../core/tracker/info-hash-set.js'

// Few values a byte, so that hashes share words and slots.
const hash = fc
  .array(fc.integer({ min: 0, max: 2 }), { minLength: 20, maxLength: 20 })
  .map(list => Uint8Array.from(list))

describe('info-hash set', () => {
  it('holds what it was given and nothing else', () => {
    fc.assert(
      fc.property(fc.array(hash, { maxLength: 60 }), fc.array(hash, { maxLength: 60 }), (held, asked) => {
        const set = new InfoHashSet(held)
        const model = new Set(held.map(toHex))
        expect(set.size).to.equal(model.size)
        for (const one of [...held, ...asked]) expect(set.has(one)).to.equal(model.has(toHex(one)))
      }),
    )
  })
})
