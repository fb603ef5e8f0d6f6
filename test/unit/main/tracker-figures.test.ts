import { expect } from 'chai'
import { LiveLine } from '../../../core/main/live-line.js'
import { TrackerMeter } from '../../../core/main/tracker-figures.js'
import { lineOf } from '../../../core/main/tracker-report.js'
import type { MetricSource } from '../../../core/contracts/metrics.js'

/** A source that gives these, by name and labels as in "announces_total udp"; they may change. */
function sourceOf(values: Record<string, number>, labels: Record<string, readonly string[]> = {}): MetricSource {
  const names = [...new Set(Object.keys(values).map(key => key.split(' ')[0] ?? ''))]
  return {
    metrics: names.map(name => ({
      name,
      help: 'Something.',
      kind: name.endsWith('_total') ? 'counter' : 'gauge',
      labels: labels[name] ?? [],
      read(tell) {
        for (const [key, value] of Object.entries(values)) {
          const [own, ...rest] = key.split(' ')
          if (own === name) tell(value, ...rest)
        }
      },
    })),
  }
}

const LABELS = {
  announces_total: ['protocol'],
  failures_total: ['protocol', 'reason'],
  packets_dropped_total: ['socket', 'thread'],
  peers: ['family'],
  seeders: ['family'],
}

describe('figures of a tracker', () => {
  it('are rates since the last look, and what there is', () => {
    const udp = {
      'announces_total udp': 100,
      'failures_total udp malformed': 1,
      'failures_total udp bad_id': 2,
      'packets_dropped_total a 1': 0,
      'packets_dropped_total a 2': 5,
    }
    const http = { 'announces_total http': 7, 'failures_total http malformed': 0 }
    const store = { swarms: 3, 'peers ipv4': 10, 'peers ipv6': 4, 'seeders ipv4': 2, 'seeders ipv6': 1 }
    const meter = new TrackerMeter([sourceOf(udp, LABELS), sourceOf(http, LABELS), sourceOf(store, LABELS)], 1000)
    expect(meter.serving).to.equal(true)
    udp['announces_total udp'] += 3000
    udp['failures_total udp bad_id'] += 20
    http['failures_total http malformed'] += 10
    udp['packets_dropped_total a 1'] += 4
    udp['packets_dropped_total a 2'] += 6
    expect(meter.look(3000)).to.deep.equal({
      announces: new Map([
        ['udp', 1500],
        ['http', 0],
      ]),
      failures: 15,
      dropped: 5,
      swarms: 3,
      peers: 14,
      seeders: 3,
    })
    store.swarms = 9
    const quiet = meter.look(4000)
    expect(quiet).to.include({ failures: 0, dropped: 0, swarms: 9 })
    expect([...quiet.announces.values()]).to.deep.equal([0, 0])
  })

  it('do without what nobody counts, and without a source that throws', () => {
    const broken = sourceOf({ swarms: 1 })
    const thrower: MetricSource = {
      metrics: broken.metrics.map(metric => ({
        ...metric,
        read() {
          throw new Error('no')
        },
      })),
    }
    expect(new TrackerMeter([], 0).serving).to.equal(false)
    const meter = new TrackerMeter([thrower, sourceOf({ 'announces_total ws': 5 }, LABELS)], 0)
    expect(meter.look(1000)).to.deep.equal({
      announces: new Map([['ws', 0]]),
      failures: 0,
      dropped: 0,
      swarms: 0,
      peers: 0,
      seeders: 0,
    })
  })

  it('make a line that leaves out what is not', () => {
    const announces = new Map([
      ['udp', 123_456.2],
      ['http', 0],
    ])
    const calm = { announces, failures: 0, dropped: 0, swarms: 1000, peers: 2_000_000, seeders: 1 }
    expect(lineOf(calm)).to.equal('UDP 123,457/s  HTTP 0/s  2,000,000 peers (1 seeding)  1,000 swarms')
    expect(lineOf({ ...calm, swarms: 1, peers: 1 })).to.match(/ {2}1 peer \(1 seeding\) {2}1 swarm$/)
    expect(lineOf({ ...calm, failures: 0.2, dropped: 30 })).to.match(
      / {2}1,000 swarms {2}1 failed\/s {2}30 dropped\/s$/,
    )
  })
})

describe('a live line', () => {
  const open = (columns?: number): { line: LiveLine; screen: string[] } => {
    const screen: string[] = []
    const terminal = { write: (text: string) => screen.push(text), ...(columns === undefined ? {} : { columns }) }
    return { line: new LiveLine(terminal), screen }
  }

  it('is drawn over itself, and never wraps', () => {
    const { line, screen } = open(10)
    line.draw('0123456789abc')
    line.draw('xy')
    expect(screen).to.deep.equal(['\r\u001b[K012345678', '\r\u001b[Kxy'])
    const wide = open()
    wide.line.draw('x'.repeat(200))
    expect(wide.screen[0]).to.have.length(4 + 79)
  })

  it('makes room once, and ends only what stands there', () => {
    const { line, screen } = open()
    line.erase()
    line.end()
    expect(screen).to.deep.equal([])
    line.draw('a')
    line.erase()
    line.erase()
    line.end()
    expect(screen.slice(1)).to.deep.equal(['\r\u001b[K'])
    line.draw('b')
    line.end()
    expect(screen.at(-1)).to.equal('\n')
  })
})
