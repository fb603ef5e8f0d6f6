import { expect } from 'chai'
import { NodeError } from '../../../core/base/errors.js'
import type { ReadJob } from '../../../core/contracts/storage.js'
import { SmallSwarm } from './small-swarm.js'

describe('read faults', () => {
  it('are told once an hour for each kind, while peers go on being served from what can be read', async () => {
    const swarm = new SmallSwarm(16 * 65_536, 65_536)
    const seeder = await swarm.add(true)
    const read = seeder.storage.read.bind(seeder.storage)
    let broken = true
    seeder.storage.read = (job: ReadJob) => {
      if (broken && job.piece % 2 === 0)
        queueMicrotask(() => job.done(new NodeError('ERR_STORAGE_IO', 'operator', 'content/a: input/output error')))
      else read(job)
    }
    const leecher = await swarm.add(false)
    swarm.connect(leecher, seeder)
    await swarm.tick(10)
    expect(leecher.kept.length).to.be.greaterThan(0)
    expect(seeder.warnings.map(error => error.message)).to.deep.equal(['content/a: input/output error'])
    expect(seeder.failures).to.deep.equal([])
    broken = false
    await swarm.tick(3600)
    broken = true
    swarm.connect(await swarm.add(false), seeder)
    await swarm.tick(10)
    expect(seeder.warnings.length).to.be.within(1, 2)
  })
})
