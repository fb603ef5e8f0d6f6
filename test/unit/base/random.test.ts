import { expect } from 'chai'
import fc from 'fast-check'
import { createRandom, shuffle, type Random } from '../../../core/base/random.js'

const draw = (random: Random, count = 8): readonly number[] => Array.from({ length: count }, () => random.u32())

describe('random', () => {
  it('is the same stream for the same seed, and another for another', () => {
    const first = new Set<string>()
    for (let seed = 0; seed < 500; seed++) {
      expect(draw(createRandom(seed))).to.deep.equal(draw(createRandom(seed)))
      first.add(draw(createRandom(seed)).join())
    }
    expect(first.size).to.equal(500)
  })

  it('has nothing in common between neighbouring seeds, from the first draw on', () => {
    for (let skip = 0; skip < 4; skip++) {
      const high = new Array<number>(16).fill(0)
      const low = new Array<number>(16).fill(0)
      for (let seed = 0; seed < 3200; seed++) {
        const value = draw(createRandom(seed), skip + 1)[skip]!
        high[value >>> 28]!++
        low[value & 15]!++
      }
      for (const count of [...high, ...low]) expect(count).to.be.within(140, 260)
    }
  })

  it('gives whole numbers from 0 to n - 1, each about as often', () => {
    const random = createRandom(1)
    const counts = new Array<number>(7).fill(0)
    for (let i = 0; i < 7000; i++) counts[random.below(7)]!++
    for (const count of counts) expect(count).to.be.within(850, 1150)
    expect(random.below(1)).to.equal(0)
    for (let i = 0; i < 100; i++) expect(random.below(2 ** 32)).to.be.within(0, 2 ** 32 - 1)
  })

  it('uses all 32 bits', () => {
    const random = createRandom(3)
    let or = 0
    let and = -1
    for (let i = 0; i < 200; i++) {
      const value = random.u32()
      expect(value).to.be.within(0, 2 ** 32 - 1)
      or |= value
      and &= value
    }
    expect(or).to.equal(-1)
    expect(and).to.equal(0)
  })

  it('fills bytes, every one', () => {
    const bytes = new Uint8Array(4096)
    createRandom(2).fill(bytes)
    expect(new Set(bytes).size).to.equal(256)
  })

  it('forks by seed and label, not by how much was drawn', () => {
    const fresh = createRandom(7)
    const drawn = createRandom(7)
    draw(drawn, 100)
    expect(draw(drawn.fork('a'))).to.deep.equal(draw(fresh.fork('a')))
    const used = fresh.fork('a')
    draw(used)
    expect(draw(createRandom(7))).to.deep.equal(draw(fresh))
  })

  it('gives every label, and every fork of a fork, a stream of its own', () => {
    const seen = new Set<string>()
    const root = createRandom(7)
    seen.add(draw(createRandom(7)).join())
    for (let i = 0; i < 300; i++) {
      const fork = root.fork(`plugin ${i}`)
      seen.add(draw(fork).join())
      seen.add(draw(root.fork(`plugin ${i}`).fork('x')).join())
      seen.add(draw(root.fork(`plugin ${i}`).fork('y')).join())
    }
    expect(seen.size).to.equal(901)
  })

  it('gives forks of the same label under other seeds other streams', () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 500; seed++) seen.add(draw(createRandom(seed).fork('tracker')).join())
    expect(seen.size).to.equal(500)
  })

  it('shuffles in place, losing nothing, every order about as often', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer(), (items, seed) => {
        const shuffled = [...items]
        expect(shuffle(shuffled, createRandom(seed))).to.equal(shuffled)
        expect([...shuffled].sort((a, b) => a - b)).to.deep.equal([...items].sort((a, b) => a - b))
      }),
    )
    const orders = new Map<string, number>()
    const random = createRandom(4)
    for (let i = 0; i < 6000; i++) {
      const order = shuffle([1, 2, 3], random).join()
      orders.set(order, (orders.get(order) ?? 0) + 1)
    }
    expect(orders.size).to.equal(6)
    for (const count of orders.values()) expect(count).to.be.within(800, 1200)
  })
})
