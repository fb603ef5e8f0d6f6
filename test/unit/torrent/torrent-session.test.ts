import { expect } from 'chai'
import { NodeError } from '../../../core/base/errors.js'
import { CloseReason } from '../../../core/torrent/close-reason.js'
import { SmallSwarm } from './small-swarm.js'

const KiB = 1024

describe('TorrentSession', () => {
  for (const [title, total, pieceLength] of [
    ['whole pieces', 64 * 64 * KiB, 64 * KiB],
    ['a short last piece and block', 10 * 256 * KiB + 12_345, 256 * KiB],
    ['pieces of one block', 50 * 16 * KiB + 1, 16 * KiB],
    ['pieces that are no multiple of a block', 7 * 40_000 + 17, 40_000],
    ['one small piece', 5, 16 * KiB],
  ] as const) {
    it(`carries content from a seeder to a leecher: ${title}`, async () => {
      const swarm = new SmallSwarm(total, pieceLength)
      const seeder = await swarm.add(true)
      const leecher = await swarm.add(false)
      swarm.connect(leecher, seeder)
      await swarm.settle()
      await swarm.tick(5)
      expect(leecher.storage.content).to.deep.equal(swarm.content)
      expect(leecher.completed).to.equal(1)
      expect(seeder.session.uploadedBytes).to.equal(total)
      expect(seeder.ends).to.deep.equal([CloseReason.Remote])
    })
  }

  it('spreads pieces among leechers that know only each other and one seeder', async () => {
    const swarm = new SmallSwarm(40 * 64 * KiB, 64 * KiB)
    const seeder = await swarm.add(true)
    const leechers = [await swarm.add(false), await swarm.add(false), await swarm.add(false)]
    swarm.connect(leechers[0]!, seeder)
    swarm.connect(leechers[1]!, leechers[0]!)
    swarm.connect(leechers[2]!, leechers[1]!)
    await swarm.tick(30)
    for (const leecher of leechers) expect(leecher.storage.content).to.deep.equal(swarm.content)
    expect(seeder.session.uploadedBytes).to.equal(swarm.content.length)
  })

  it('finishes with hardly any memory', async () => {
    const swarm = new SmallSwarm(40 * 256 * KiB, 256 * KiB)
    const seeders = [await swarm.add(true), await swarm.add(true), await swarm.add(true)]
    const leecher = await swarm.add(false, { bufferBytes: 1024 * KiB })
    for (const seeder of seeders) swarm.connect(leecher, seeder)
    await swarm.tick(30)
    expect(leecher.storage.content).to.deep.equal(swarm.content)
  })

  it('gives all memory back when it closes', async () => {
    const swarm = new SmallSwarm(40 * 256 * KiB, 256 * KiB)
    const seeder = await swarm.add(true)
    const leecher = await swarm.add(false)
    const [out] = swarm.connect(leecher, seeder)
    out.deliver(() => 0.5)
    await Promise.all([seeder.session.close(), leecher.session.close()])
    await swarm.settle()
    expect(seeder.arena.unitsInUse).to.equal(0)
    expect(leecher.arena.unitsInUse).to.equal(0)
  })

  it('refuses pieces of which two do not fit its memory, a single one included', async () => {
    const swarm = new SmallSwarm(600 * KiB, 1024 * KiB)
    const codes: string[] = []
    for (const bufferBytes of [1100 * KiB, 1216 * KiB]) {
      await swarm
        .add(false, { bufferBytes })
        .catch((error: unknown) => codes.push(NodeError.is(error) ? error.code : ''))
    }
    expect(codes).to.deep.equal(['ERR_TORRENT_BUFFER'])
  })

  it('refuses content whose blocks it could not number', async () => {
    const swarm = new SmallSwarm(16 * KiB, 16 * KiB)
    const geometry = { ...swarm.geometry, pieceCount: 2 ** 21, blocksPerPiece: 2 ** 10 }
    const refused = await swarm.add(false, { geometry }).catch((error: unknown) => error)
    expect(NodeError.is(refused) && refused.code).to.equal('ERR_TORRENT_SIZE')
  })
})
