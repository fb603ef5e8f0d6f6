import { expect } from 'chai'
import type { TorrentSnapshot } from '../../core/contracts/node-api.js'
import { Company } from './company.js'
import { Pile } from './pile.js'
import type { SimulatedNode } from './sim-node.js'

const KiB = 1024
const MiB = 1024 * KiB

/** What a node has up to now, in all or of one torrent. */
function moved(node: SimulatedNode, way: 'downloaded' | 'uploaded', pile?: Pile): number {
  const fits = (torrent: TorrentSnapshot): boolean => pile === undefined || torrent.infoHash === pile.hash
  return node.face.snapshot().torrents.reduce((sum, torrent) => sum + (fits(torrent) ? torrent[way] : 0), 0)
}

describe('limits', function () {
  this.timeout(60_000)

  const fine = new Pile('fine', 3 * MiB, 16 * KiB)
  const broad = new Pile('broad', 16 * MiB, 64 * KiB)
  const other = new Pile('other', 16 * MiB, 64 * KiB)
  let company: Company

  beforeEach(() => {
    company = new Company()
  })

  afterEach(async () => {
    expect(await company.end()).to.deep.equal([])
  })

  const seeder = (name: string, options: object = {}): Promise<SimulatedNode> =>
    company.join({ name, has: [fine, broad, other], ...options })

  /** Bytes that `count` grows by in so many seconds. */
  async function during(seconds: number, count: () => number): Promise<number> {
    const before = count()
    await company.world.advance(seconds * 1000)
    return count() - before
  }

  for (const [text, rate] of [
    ['1 MiB/s', MiB],
    [100 * KiB, 100 * KiB],
  ] as const) {
    it(`holds a download to ${text}, from its first second on`, async () => {
      const from = await seeder('seeder')
      const node = await company.join({
        name: 'node',
        wants: [broad],
        dials: [from],
        client: { limits: { down: text } },
      })
      const took = await during(10, () => moved(node, 'downloaded'))
      expect(took / (10 * rate)).to.be.within(0.93, 1.02)
      const more = await during(3, () => moved(from, 'uploaded'))
      expect(more / (3 * rate)).to.be.within(0.93, 1.05)
    })

    it(`holds an upload to ${text}, from its first second on`, async () => {
      const from = await seeder('seeder', { client: { limits: { up: text } } })
      const node = await company.join({ name: 'node', wants: [broad], dials: [from] })
      const sent = await during(10, () => moved(from, 'uploaded'))
      expect(sent / (10 * rate)).to.be.within(0.95, 1.02)
      expect(node.have()).to.be.greaterThan(0)
    })
  }

  it('is right to the block where a block is worth more than a second', async () => {
    const from = await seeder('seeder')
    const limits = { down: 10 * KiB }
    const node = await company.join({ name: 'node', wants: [fine], dials: [from], client: { limits } })
    expect(await during(10, () => moved(node, 'downloaded'))).to.be.within(95 * KiB, 105 * KiB)
    expect(await during(90, () => moved(node, 'downloaded'))).to.be.within(880 * KiB, 920 * KiB)
  })

  it('sends no more than a quarter of a second at once', async () => {
    const from = await seeder('seeder', { client: { limits: { up: 400 * KiB } } })
    await company.join({ name: 'node', wants: [broad], dials: [from] })
    for (let i = 0; i < 40; i++) expect(await during(0.1, () => moved(from, 'uploaded'))).to.be.at.most(140 * KiB)
  })

  it('holds each torrent to its own limits within those of the node', async () => {
    const from = await seeder('seeder')
    const node = await company.join({
      name: 'node',
      wants: [broad, other],
      dials: [from],
      client: { limits: { down: 600 * KiB } },
      torrent: pile => (pile === other ? { limits: { down: 100 * KiB } } : {}),
    })
    await company.world.advance(1000)
    const before = moved(node, 'downloaded', other)
    const all = await during(10, () => moved(node, 'downloaded'))
    expect(all / (6000 * KiB)).to.be.within(0.95, 1.05)
    expect((moved(node, 'downloaded', other) - before) / (1000 * KiB)).to.be.within(0.9, 1.1)
  })

  it('changes while it runs', async () => {
    const from = await seeder('seeder')
    const node = await company.join({
      name: 'node',
      wants: [broad],
      dials: [from],
      client: { limits: { down: 200 * KiB } },
    })
    const rate = async (): Promise<number> => {
      await company.world.advance(500)
      return (await during(4, () => moved(node, 'downloaded'))) / (4 * KiB)
    }
    expect(await rate()).to.be.within(185, 215)
    node.face.setLimits({ down: 800 * KiB })
    expect(await rate()).to.be.within(760, 840)
    from.face.setLimits({ up: 100 * KiB }, broad.hash)
    expect(await rate()).to.be.within(80, 120)
    expect(from.face.limits(broad.hash)).to.include({ up: 100 * KiB, down: null })
    from.face.setLimits({ up: null }, broad.hash)
    node.face.setLimits({ down: 50 * KiB })
    expect(await rate()).to.be.within(0, 65)
    node.face.setLimits({ down: null })
    await company.world.run(() => node.saw('complete'), 5000)
    expect(() => node.face.setLimits({ up: 5 })).to.throw(/1024/)
  })

  it('shares an upload equally among those that want it, and gives on what one cannot take', async () => {
    const from = await seeder('seeder', { client: { limits: { up: 400 * KiB } } })
    const nodes: SimulatedNode[] = []
    for (const [name, downBytesPerSecond] of [
      ['slow', 20 * KiB],
      ['a', Infinity],
      ['b', Infinity],
      ['c', Infinity],
    ] as const) {
      nodes.push(await company.join({ name, wants: [broad], dials: [from], machine: { downBytesPerSecond } }))
    }
    await company.world.advance(2000)
    const before = nodes.map(node => moved(node, 'downloaded'))
    expect((await during(20, () => moved(from, 'uploaded'))) / (8000 * KiB)).to.be.within(0.95, 1.05)
    const [slow = 0, ...fast] = nodes.map((node, i) => (moved(node, 'downloaded') - (before[i] ?? 0)) / (20 * KiB))
    expect(slow).to.be.within(10, 22)
    for (const one of fast) expect(one).to.be.within(110, 145)
  })

  it('shares a download between a torrent of one peer and a torrent of many, and among those', async () => {
    const single = await company.join({ name: 'single', has: [other] })
    const many: SimulatedNode[] = []
    for (let i = 0; i < 12; i++) many.push(await company.join({ name: `one of many ${i}`, has: [broad] }))
    const node = await company.join({
      name: 'node',
      wants: [broad, other],
      dials: [single, ...many],
      client: { limits: { down: 480 * KiB } },
    })
    await company.world.advance(2000)
    const before = many.map(one => moved(one, 'uploaded'))
    const took = moved(node, 'downloaded', other)
    expect((await during(20, () => moved(node, 'downloaded'))) / (9600 * KiB)).to.be.within(0.95, 1.05)
    expect((moved(node, 'downloaded', other) - took) / (20 * KiB)).to.be.within(215, 265)
    for (const [i, one] of many.entries())
      expect((moved(one, 'uploaded') - (before[i] ?? 0)) / (20 * KiB)).to.be.within(12, 28)
  })

  it('blames nobody whom it keeps waiting', async () => {
    const peers: SimulatedNode[] = []
    for (let i = 0; i < 6; i++) peers.push(await company.join({ name: `peer ${i}`, has: [fine] }))
    const node = await company.join({
      name: 'node',
      wants: [fine],
      dials: peers,
      client: { limits: { down: 10 * KiB } },
    })
    expect((await during(200, () => moved(node, 'downloaded'))) / (2000 * KiB)).to.be.within(0.97, 1.02)
    expect(node.face.snapshot().torrents[0]?.peers).to.equal(6)
    expect(company.world.log.lines.filter(line => / link \d+ closed/.test(line))).to.deep.equal([])
    const sent = peers.reduce((sum, peer) => sum + moved(peer, 'uploaded'), 0)
    expect(sent - moved(node, 'downloaded')).to.be.below(150 * KiB)
  })
})
