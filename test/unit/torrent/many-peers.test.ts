import { expect } from 'chai'
import { SmallSwarm } from './small-swarm.js'

const KiB = 1024

describe('a download from twenty peers with memory for fewer pieces than they have to give', () => {
  async function download(bufferKiB: number) {
    const swarm = new SmallSwarm(160 * 64 * KiB, 64 * KiB)
    const leecher = await swarm.add(false, { bufferBytes: bufferKiB * KiB })
    for (let i = 0; i < 20; i++) swarm.connect(leecher, await swarm.add(true))
    await swarm.tick(20)
    const served = swarm.nodes.slice(1).map(node => node.session.uploadedBytes)
    return { swarm, leecher, served, fair: swarm.content.length / 20 }
  }

  it('gets hardly a block twice', async () => {
    for (const bufferKiB of [640, 1280]) {
      const { swarm, leecher } = await download(bufferKiB)
      expect(leecher.completed).to.equal(1)
      expect(leecher.session.scheduler.wasted / swarm.content.length, `${bufferKiB} KiB`).to.be.below(0.1)
    }
  })

  it('asks all of them in turn, none of them for most of it', async () => {
    const { served, fair } = await download(640)
    expect(Math.min(...served)).to.be.above(fair / 4)
    expect(Math.max(...served)).to.be.below(3 * fair)
  })
})
