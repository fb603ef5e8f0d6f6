import { expect } from 'chai'
import fc from 'fast-check'
import { Int32Ring } from '../../../core/base/ring.js'

describe('ring', () => {
  it('is a queue that refuses more than it holds', () => {
    const action = fc.oneof(
      fc.record({ do: fc.constant('push' as const), value: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) }),
      fc.record({ do: fc.constantFrom('shift' as const, 'clear' as const), value: fc.constant(0) }),
    )
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.array(action, { maxLength: 80 }), (capacity, actions) => {
        const ring = new Int32Ring(capacity)
        let model: number[] = []
        expect(ring.capacity).to.be.at.least(capacity)
        for (const { do: what, value } of actions) {
          if (what === 'push') {
            const room = model.length < ring.capacity
            expect(ring.push(value)).to.equal(room)
            if (room) model.push(value)
          } else if (what === 'shift') expect(ring.shift()).to.equal(model.shift() ?? 0)
          else {
            ring.clear()
            model = []
          }
          expect(ring.length).to.equal(model.length)
          expect(model.map((_, i) => ring.peek(i))).to.deep.equal(model)
        }
      }),
    )
  })

  it('has a power of two for capacity, at least what was asked for', () => {
    for (const [asked, got] of [
      [1, 2],
      [2, 2],
      [3, 4],
      [500, 512],
      [512, 512],
    ] as const) {
      expect(new Int32Ring(asked).capacity).to.equal(got)
    }
  })
})
