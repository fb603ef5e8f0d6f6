import { expect } from 'chai'
import { EventLog, firstDifference, mark } from '../../../core/sim/event-log.js'
import { Timeline } from '../../../core/sim/timeline.js'

describe('sim event log', () => {
  it('gives equal digests to equal lines, and says where two logs part', () => {
    const [a, b] = [new EventLog(new Timeline()), new EventLog(new Timeline())]
    for (const log of [a, b]) log.add('node', 'listens')
    expect(a.digest()).to.equal(b.digest())
    expect(firstDifference(a.lines, b.lines)).to.equal(null)
    b.add('node', 'stops')
    expect(a.digest()).not.to.equal(b.digest())
    expect(firstDifference(a.lines, b.lines)).to.equal('line 2: (nothing) | 0.000000 node stops')
  })

  it('marks different bytes of one length differently', () => {
    expect(mark(Uint8Array.of(1, 2, 3))).not.to.equal(mark(Uint8Array.of(1, 3, 2)))
  })
})
