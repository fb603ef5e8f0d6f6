import { expect } from 'chai'
import { silentLogger } from '../../../core/base/log.js'
import { Tally } from '../../../core/tracker/tally.js'
import { ManualClock } from '../../conformance/index.js'
import type { Logger } from '../../../core/base/log.js'

function open() {
  const clock = new ManualClock()
  const counts = { badIds: 0, dropped: 0 }
  const lines: string[] = []
  const log: Logger = {
    ...silentLogger,
    debug: text => void lines.push(`debug ${text}`),
    warn: text => void lines.push(`warn ${text}`),
  }
  const tally = new Tally(
    'UDP tracker',
    [
      { read: () => counts.badIds, what: 'packets with wrong connection ids', level: 'debug' },
      { read: () => counts.dropped, what: 'packets dropped', level: 'warn' },
    ],
    clock,
    log,
  )
  return { clock, counts, lines, tally }
}

describe('tally', () => {
  it('says nothing where nothing happens', async () => {
    const { clock, lines, tally } = open()
    tally.start()
    await clock.advance(10_000)
    expect(lines).to.deep.equal([])
  })

  it('tells a flood in one line a second', async () => {
    const { clock, counts, lines, tally } = open()
    tally.start()
    for (let ms = 0; ms < 3000; ms += 10) {
      counts.badIds += 1000
      await clock.advance(10)
    }
    const line = 'debug UDP tracker: 100,000 packets with wrong connection ids in the last second'
    expect(lines).to.deep.equal([line, line, line])
  })

  it('counts from when it was made, and tells nothing twice', async () => {
    const { clock, counts, lines, tally } = open()
    counts.badIds = 5
    tally.start()
    await clock.advance(5000)
    counts.badIds += 2
    await clock.advance(5000)
    expect(lines).to.deep.equal([
      'debug UDP tracker: 5 packets with wrong connection ids in the last second',
      'debug UDP tracker: 2 packets with wrong connection ids in the last second',
    ])
  })

  it('warns at once, then at most once a minute of all that came since', async () => {
    const { clock, counts, lines, tally } = open()
    tally.start()
    for (let second = 0; second < 125; second++) {
      counts.dropped += 2
      await clock.advance(1000)
    }
    expect(lines).to.deep.equal([
      'warn UDP tracker: 2 packets dropped in the last second',
      'warn UDP tracker: 120 packets dropped in the last 60 seconds',
      'warn UDP tracker: 120 packets dropped in the last 60 seconds',
    ])
    counts.dropped = 251
    await clock.advance(180_000)
    expect(lines.slice(3)).to.deep.equal(['warn UDP tracker: 9 packets dropped in the last 60 seconds'])
  })

  it('leaves nothing behind', async () => {
    const { clock, counts, lines, tally } = open()
    tally.start()
    tally.start()
    expect(clock.pending).to.equal(1)
    tally.stop()
    counts.badIds++
    await clock.advance(5000)
    expect({ lines, pending: clock.pending }).to.deep.equal({ lines: [], pending: 0 })
  })
})
