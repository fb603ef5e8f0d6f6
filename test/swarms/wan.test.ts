import { expect } from 'chai'
import { Company } from './company.js'
import { Pile } from './pile.js'

/** 50 Mbit/s, and 80 ms there and back. */
const RATE = 6_250_000
const line = { latencyMs: 20, upBytesPerSecond: RATE }

describe('a line of 50 Mbit/s and 80 ms', function () {
  this.timeout(60_000)

  it('is used to 95 % from the third second on', async () => {
    const company = new Company()
    const pile = new Pile('pile', 48 << 20, 128 << 10)
    const from = await company.join({ name: 'seeder', has: [pile], machine: line, client: { bufferMiB: 64 } })
    const node = await company.join({
      name: 'node',
      wants: [pile],
      dials: [from],
      machine: line,
      client: { bufferMiB: 64 },
    })
    await company.world.advance(2000)
    for (let second = 3; second <= 6; second++) {
      const before = from.uploaded()
      await company.world.advance(1000)
      expect(from.uploaded() - before, `second ${second}`).to.be.greaterThan(0.95 * RATE)
    }
    await company.world.run(() => node.saw('complete'))
    expect(from.uploaded()).to.equal(pile.bytes.length)
    expect(await company.end()).to.deep.equal([])
  })
})
