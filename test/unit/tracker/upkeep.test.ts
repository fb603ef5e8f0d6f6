import { expect } from 'chai'
import { silentLogger } from '../../../core/base/log.js'
import { Upkeep } from '../../../core/tracker/upkeep.js'
import { ManualClock } from '../../conformance/index.js'
import type { SwarmLimits, SwarmStore } from '../../../core/contracts/index.js'

const limits: SwarmLimits = { peerTimeoutSeconds: 3200, maxSwarms: 10, maxPeers: 100, maxPeersPerAddress: 5 }

class Recorder implements SwarmStore {
  limits: SwarmLimits | null = null
  sweeps: number[] = []
  more = 0

  limit(limits: SwarmLimits): void {
    this.limits = limits
  }

  announce(): string {
    return 'no'
  }

  scrape(): boolean {
    return false
  }

  sweep(now: number): boolean {
    this.sweeps.push(now)
    return this.more-- > 0
  }

  totals(): { swarms: number; peers: number } {
    return { swarms: 0, peers: 0 }
  }
}

function build(store: SwarmStore) {
  const clock = new ManualClock(0)
  const errors: string[] = []
  const log = { ...silentLogger, error: (message: string) => void errors.push(message) }
  return { upkeep: new Upkeep(store, limits, clock, log), clock, errors }
}

describe('upkeep', () => {
  it('tells the store its limits before anything else', () => {
    const store = new Recorder()
    build(store)
    expect(store.limits).to.deep.equal(limits)
  })

  it('sweeps a round every so often, a slice at a time', async () => {
    const store = new Recorder()
    const { upkeep, clock } = build(store)
    const sweep = async (until: number): Promise<void> => {
      while (clock.now() < until) await clock.advance(upkeep.sweep())
    }
    store.more = 3
    await sweep(90_000)
    expect(store.sweeps).to.deep.equal([0, 0.05, 0.1, 0.15])
    await sweep(200_000)
    expect(store.sweeps).to.have.length(5)
    expect(store.sweeps[4]).to.be.within(100, 101.5)
  })

  it('outlives a store that throws over a sweep, and tells of it once', async () => {
    const { upkeep, clock, errors } = build(
      Object.assign(new Recorder(), {
        sweep: () => {
          throw new Error('no broom')
        },
      }),
    )
    for (let i = 0; i < 300; i++) {
      const wait = upkeep.sweep()
      expect(wait).to.be.greaterThan(0)
      await clock.advance(wait)
    }
    expect(errors).to.have.length(1)
  })
})
