import { expect } from 'chai'
import { delay } from '../../../core/base/clock.js'
import { ManualClock } from '../../conformance/manual-clock.js'

describe('ManualClock', () => {
  it('runs timers in the order of their time, then of their making', async () => {
    const clock = new ManualClock(0)
    const seen: string[] = []
    clock.after(20, () => seen.push('b'))
    clock.after(20, () => seen.push('c'))
    clock.after(10, () => seen.push('a'))
    clock.after(31, () => seen.push('never'))
    await clock.advance(30)
    expect(seen).to.deep.equal(['a', 'b', 'c'])
    expect(clock.now()).to.equal(30)
    expect(clock.pending).to.equal(1)
  })

  it('lets promises run between timers, so that what they start within the span falls due too', async () => {
    const clock = new ManualClock(0)
    const seen: number[] = []
    const loop = (async (): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        await delay(clock, 10)
        seen.push(clock.now())
      }
    })()
    await clock.advance(35)
    await loop
    expect(seen).to.deep.equal([10, 20, 30])
  })

  it('repeats what is asked for until it is cancelled', async () => {
    const clock = new ManualClock(0)
    let runs = 0
    const timer = clock.every(10, () => {
      if (++runs === 3) timer.cancel()
    })
    await clock.advance(100)
    expect(runs).to.equal(3)
    expect(clock.pending).to.equal(0)
  })
})
