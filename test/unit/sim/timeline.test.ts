import { expect } from 'chai'
import fc from 'fast-check'
import { Timeline } from '../../../core/sim/timeline.js'

describe('sim timeline', () => {
  it('runs events by time, and equal times in the order in which they were asked for', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 60 }), times => {
        const timeline = new Timeline()
        const ran: number[] = []
        times.forEach((time, i) => timeline.at(time, () => ran.push(i)))
        while (timeline.step());
        const expected = times.map((_, i) => i).sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b)
        expect(ran).to.deep.equal(expected)
      }),
    )
  })

  it('leaves out what was cancelled, and counts a turn for what ran', () => {
    const timeline = new Timeline()
    const ran: string[] = []
    const cancelled = timeline.at(1, () => ran.push('cancelled'))
    timeline.at(2, () => ran.push('kept'))
    cancelled.cancel()
    expect(timeline.next()).to.equal(2)
    expect(timeline.step()).to.equal(true)
    expect(timeline.step()).to.equal(false)
    expect(ran).to.deep.equal(['kept'])
    expect([timeline.now, timeline.turn]).to.deep.equal([2, 1])
  })

  it('takes a time that has passed as now, after what is to happen now', () => {
    const timeline = new Timeline()
    const ran: string[] = []
    timeline.at(10, () => {
      timeline.at(10, () => ran.push('first'))
      timeline.at(3, () => ran.push('second'))
    })
    while (timeline.step());
    expect(ran).to.deep.equal(['first', 'second'])
    expect(timeline.now).to.equal(10)
  })
})
