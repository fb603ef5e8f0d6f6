// Disks that take 50 ms for anything they are asked: what comes is as much as they can take, and nobody is blamed.
import { expect } from 'chai'
import { Company } from './company.js'
import { Pile } from './pile.js'
import type { SimulatedNode } from './sim-node.js'

const KiB = 1024
const MiB = 1024 * KiB
const disk = { operationMs: 50, bytesPerSecond: Infinity }

describe('a slow disk', function () {
  this.timeout(60_000)

  const pile = new Pile('pile', 8 * MiB, 64 * KiB)
  let company: Company

  beforeEach(() => {
    company = new Company()
  })

  afterEach(async () => {
    expect(await company.end()).to.deep.equal([])
  })

  /** Links closed but for those between nodes that are both whole. */
  const closed = (): number => company.world.log.lines.filter(line => / link \d+ closed/.test(line)).length

  for (const [senders, bufferMiB] of [
    [1, 1],
    [6, 1],
    [6, 64],
  ] as const) {
    it(`is written to by ${senders} fast peers as fast as it goes, through ${bufferMiB} MiB`, async () => {
      const peers: SimulatedNode[] = []
      for (let i = 0; i < senders; i++) peers.push(await company.join({ name: `peer ${i}`, has: [pile] }))
      const node = await company.join({
        name: 'node',
        wants: [pile],
        dials: peers,
        client: { bufferMiB },
        machine: { disk },
      })
      await company.world.run(() => node.have() > 0)
      const sent = (): number => peers.reduce((sum, peer) => sum + peer.uploaded(), 0)
      const ahead = (): number => sent() - node.have() * 64 * KiB
      while (!node.saw('complete')) {
        expect(ahead()).to.be.below(bufferMiB * MiB + 16 * 64 * KiB)
        if (node.have() < 128) expect(closed()).to.equal(0)
        await company.world.advance(200)
      }
      expect(pile.isWhole(node.machine)).to.equal(true)
      expect(sent() / pile.bytes.length).to.be.below(1.2)
      // 128 pieces, and what is written down about them.
      expect(company.world.timeline.now).to.be.within(6400, 12_000)
    })
  }

  it('is read from as fast as it goes, and hardly more than once for each who asks', async () => {
    const from = await company.join({ name: 'seeder', has: [pile], client: { bufferMiB: 1 }, machine: { disk } })
    const begun = company.world.timeline.now
    const nodes: SimulatedNode[] = []
    for (let i = 0; i < 3; i++) nodes.push(await company.join({ name: `node ${i}`, wants: [pile], dials: [from] }))
    await company.world.run(() => nodes.every(node => node.saw('complete')), 60_000)
    const reads = company.world.log.lines.filter(line => / seeder storage \w+ read /.test(line)).length
    expect(reads).to.be.at.most(3.3 * 128)
    expect(company.world.timeline.now - begun).to.be.within(reads * 50, reads * 50 + 3000)
    expect(from.uploaded()).to.equal(3 * pile.bytes.length)
  })
})
