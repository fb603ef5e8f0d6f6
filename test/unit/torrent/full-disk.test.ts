import { expect } from 'chai'
import { NodeError } from '../../../core/base/errors.js'
import { SmallSwarm } from './small-swarm.js'

describe('a full disk', () => {
  it('is reported once, keeps the node up, and the download goes on when there is room again', async () => {
    const swarm = new SmallSwarm(16 * 65536, 65536)
    const seeder = await swarm.add(true)
    const leecher = await swarm.add(false)
    leecher.storage.fail = new NodeError('ERR_STORAGE_FULL', 'operator', 'no space')
    swarm.connect(leecher, seeder)
    await swarm.tick(15)
    expect(leecher.warnings.map(warning => warning.code)).to.deep.equal(['ERR_STORAGE_FULL'])
    expect(leecher.failures).to.deep.equal([])
    leecher.storage.fail = null
    await swarm.tick(15)
    expect(leecher.storage.content).to.deep.equal(swarm.content)
  })

  it('stops the torrent where the storage cannot go on', async () => {
    const swarm = new SmallSwarm(16 * 65536, 65536)
    const seeder = await swarm.add(true)
    const leecher = await swarm.add(false)
    leecher.storage.fail = new NodeError('ERR_STORAGE_IO', 'operator', 'EIO')
    swarm.connect(leecher, seeder)
    await swarm.settle()
    expect(leecher.failures[0]?.code).to.equal('ERR_STORAGE_IO')
  })
})
