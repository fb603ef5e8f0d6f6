import { expect } from 'chai'
import { firstDifference } from '../../core/sim/event-log.js'
import { LENGTH } from './album.js'
import { runSwarm, SimulatedSwarm, type SwarmOutcome, type SwarmPlan } from './swarm.js'

const LEECHERS = 8
const plan: SwarmPlan = { seed: 1, leechers: LEECHERS, selector: 'rarest-first', hashing: true }

function expectWhole(outcome: SwarmOutcome): void {
  expect(outcome.damages).to.deep.equal([])
  expect(outcome.complaints).to.deep.equal([])
  expect(outcome.held).to.deep.equal([])
}

describe('simulated swarm', function () {
  this.timeout(60_000)

  let first: SwarmOutcome
  before(async () => {
    first = await runSwarm(plan)
  })

  it('completes at every leecher, byte for byte, and leaves no timer, link, port, lock or storage behind', () => {
    expectWhole(first)
  })

  it('gives the same event log for the same seed', async () => {
    const again = await runSwarm(plan)
    expect(firstDifference(first.log, again.log)).to.equal(null)
    expect(again.digest).to.equal(first.digest)
  })

  it('gives another event log for another seed', async () => {
    const other = await runSwarm({ ...plan, seed: 2 })
    expectWhole(other)
    expect(other.digest).not.to.equal(first.digest)
  })

  it('sends hardly a byte twice', () => {
    const needed = LEECHERS * LENGTH
    expect(first.uploaded).to.be.within(needed, 1.15 * needed)
  })

  for (const [selector, hashing] of [
    ['sequential', true],
    ['rarest-first', false],
    ['sequential', false],
  ] as const) {
    it(`completes with ${selector}, hashing ${hashing ? 'beside the disk' : 'in the pool'}`, async () => {
      const one = await runSwarm({ ...plan, leechers: 4, selector, hashing })
      expectWhole(one)
    })
  }

  it('completes without its seeder, once the first leecher is whole', async () => {
    const swarm = await SimulatedSwarm.load({ ...plan, leechers: 4 })
    await swarm.start()
    await swarm.world.run(() => swarm.leechers.some(leecher => leecher.saw('complete')))
    expect(swarm.leechers.every(leecher => leecher.saw('complete'))).to.equal(false)
    await swarm.world.until(swarm.seeder.stop())
    await swarm.complete()
    expectWhole(await swarm.finish())
  })

  it('completes while its tracker is away, and tells the tracker that comes back', async () => {
    const swarm = await SimulatedSwarm.load({ ...plan, leechers: 4 })
    await swarm.start()
    await swarm.world.until(swarm.tracker.stop())
    await swarm.world.advance(2000)
    await swarm.restartTracker()
    await swarm.complete()
    const outcome = await swarm.finish()
    expectWhole(outcome)
    expect(outcome.log.some(line => line.includes('"kind":"completed"') && line.includes('"error":null'))).to.equal(
      true,
    )
  })

  it('goes on with the pieces it had when a leecher is stopped and started again', async () => {
    const swarm = await SimulatedSwarm.load({ ...plan, leechers: 3 })
    await swarm.start()
    const [leecher] = swarm.leechers
    if (leecher === undefined) throw new Error('no leecher')
    await swarm.world.run(() => leecher.have() > 20)
    await swarm.world.until(leecher.stop())
    const stopped = leecher.machine.world.log.lines.length
    const again = await swarm.restartLeecher(0)
    await swarm.world.run(() => again.saw('torrent'))
    expect(again.have()).to.be.within(21, 63)
    await swarm.complete()
    const outcome = await swarm.finish()
    expectWhole(outcome)
    const written = (lines: readonly string[]): readonly string[] =>
      lines.flatMap(line => / leecher 1 storage \w+ wrote (piece \d+)/.exec(line)?.[1] ?? [])
    const [before, after] = [written(outcome.log.slice(0, stopped)), written(outcome.log.slice(stopped))]
    expect(before.length).to.be.greaterThan(20)
    expect(after.filter(piece => before.includes(piece))).to.deep.equal([])
  })
})
