import { expect } from 'chai'
import { silentLogger } from '../../../core/base/log.js'
import { createRandom } from '../../../core/base/random.js'
import { FAULT_OF_OURS } from '../../../core/tracker/errors.js'
import { TrackerCore } from '../../../core/tracker/tracker-core.js'
import { PrefixRate, TOO_FAST } from '../../../core/tracker/prefix-rate.js'
import { Incoming } from '../../../core/tracker/incoming.js'
import { infoHash, LateSwarmStore, ManualClock } from '../../conformance/index.js'
import type { AnnouncePolicy, AnnounceReply, ScrapeCounts, SwarmStore } from '../../../core/contracts/index.js'
import type { InfoHash } from '../../../core/protocol/ids.js'
import type { TrackerOptions } from '../../../core/tracker/tracker-core.js'

const options: TrackerOptions = {
  intervalSeconds: 1800,
  minIntervalSeconds: 60,
  peersPerReply: 50,
  peerTimeoutSeconds: 3200,
  maxSwarms: 10,
  maxPeers: 100,
  maxPeersPerAddress: 5,
  fullScrape: false,
}

/** Says what it was asked; counts that tell family and hash apart. */
class Recorder implements SwarmStore {
  wants: number[] = []
  times: number[] = []

  limit(): void {}

  announce(request: { numWant: number }, now: number, reply: AnnounceReply): true {
    this.wants.push(request.numWant)
    this.times.push(now)
    reply.seeders = 1
    return true
  }

  scrape(hash: Uint8Array, family: 4 | 6, out: ScrapeCounts): boolean {
    out.seeders = family
    out.leechers = 10 * family
    out.completed = hash[0] ?? 0
    out.partialSeeds = family - 1
    return hash[1] !== 0
  }

  sweep(): boolean {
    return false
  }

  totals(): { swarms: number; peers: number } {
    return { swarms: 0, peers: 0 }
  }
}

function build(
  store: SwarmStore,
  policies: AnnouncePolicy[] = [],
  over: Partial<TrackerOptions> = {},
  clock = new ManualClock(0),
) {
  const errors: string[] = []
  const log = { ...silentLogger, error: (message: string) => void errors.push(message) }
  const core = new TrackerCore(store, policies, { ...options, ...over }, clock, createRandom(3), log)
  return { core, clock, errors }
}

const emptyReply = (): AnnounceReply => ({
  interval: 0,
  minInterval: 0,
  seeders: 0,
  leechers: 0,
  peers: new Uint8Array(1200),
  peerBytes: 0,
})

function announce(core: TrackerCore, over: Partial<Incoming> = {}): { answer: unknown; reply: AnnounceReply } {
  const reply = emptyReply()
  return { answer: core.announce(Object.assign(new Incoming(), over), reply), reply }
}

describe('tracker core', () => {
  it('puts in the default number of peers, and the ceiling', () => {
    const store = new Recorder()
    const { core } = build(store)
    for (const numWant of [-1, -5, 0, 7, 200, 201, 2 ** 31]) announce(core, { numWant })
    expect(store.wants).to.deep.equal([50, 50, 0, 7, 200, 200, 200])
  })

  it('draws intervals out by up to a tenth, and never below what was asked', () => {
    const { core } = build(new Recorder())
    const intervals = new Set<number>()
    for (let i = 0; i < 300; i++) {
      const { answer, reply } = announce(core)
      expect(answer).to.equal(null)
      expect(reply.interval).to.be.within(1800, 1980)
      expect(reply.minInterval).to.equal(60)
      intervals.add(reply.interval)
    }
    expect(intervals.size).to.be.greaterThan(50)
  })

  it('never tells a min interval above the interval', () => {
    const { core } = build(new Recorder(), [], { intervalSeconds: 5 })
    expect(announce(core).reply).to.include({ interval: 5, minInterval: 5 })
  })

  it('asks policies in order until one refuses, and the store only if none did', () => {
    const store = new Recorder()
    const asked: string[] = []
    const policy = (name: string, answer: string | null): AnnouncePolicy => ({
      admit() {
        asked.push(name)
        return answer
      },
    })
    const { core } = build(store, [policy('a', null), policy('b', 'no'), policy('c', 'never')])
    expect(announce(core).answer).to.equal('no')
    expect(asked).to.deep.equal(['a', 'b'])
    expect(store.wants).to.deep.equal([])
  })

  it('asks for the rate of the network first, of announces and scrapes together', () => {
    const asked: unknown[] = []
    const policy: AnnouncePolicy = {
      admit(request) {
        asked.push(request.from.ip[3])
        return null
      },
    }
    const clock = new ManualClock(0)
    const rate = new PrefixRate(PrefixRate.reserve(1, new Uint8Array(8)))
    const core = new TrackerCore(new Recorder(), [policy], options, clock, createRandom(3), silentLogger, rate)
    const from = (last: number, net = 192) => ({ family: 4, ip: Uint8Array.of(net, 0, 2, last), port: 5 }) as const
    expect(announce(core, { from: from(1) }).answer).to.equal(null)
    expect(core.admitScraper(from(2).ip)).to.equal(null)
    expect(announce(core, { from: from(3) }).answer).to.equal(TOO_FAST)
    expect(core.admitScraper(from(4).ip)).to.equal(TOO_FAST)
    expect(announce(core, { from: from(5, 127) }).answer).to.equal(null)
    expect(asked).to.deep.equal([1, 5])
  })

  it('hands on the very refusal that a policy or the store gave, at once or later', async () => {
    const refused = { reason: 'no', retryMinutes: 3 } as const
    expect(announce(build(new Recorder(), [{ admit: () => refused }]).core).answer).to.equal(refused)
    const full = Object.assign(new Recorder(), { announce: () => refused })
    expect(announce(build(full).core).answer).to.equal(refused)
    const later = { settle: (done: (answer: typeof refused) => void) => void setImmediate(() => done(refused)) }
    const { answer } = announce(build(Object.assign(new Recorder(), { announce: () => later })).core)
    expect(await new Promise(resolve => (answer as typeof later).settle(resolve))).to.equal(refused)
  })

  it('refuses what a broken policy or store throws over, and reports it once', () => {
    const bad = (): never => {
      throw new Error('broken')
    }
    const first = build(new Recorder(), [{ admit: bad, admitScrape: bad }])
    for (let i = 0; i < 2; i++) expect(announce(first.core).answer).to.equal(FAULT_OF_OURS)
    expect(first.core.scrape([infoHash(1)], 0, bad)).to.equal(null)
    expect(first.errors).to.have.length(1)
    const second = build(Object.assign(new Recorder(), { announce: bad }))
    expect(announce(second.core).answer).to.equal(FAULT_OF_OURS)
  })

  it('outlives a store that throws over a list of its swarms', () => {
    const store = Object.assign(new Recorder(), {
      walk: () => {
        throw new Error('no list')
      },
    })
    const { core } = build(store, [], { fullScrape: true })
    expect(core.scrapeAll(0, 5, () => undefined)).to.equal(null)
  })

  it('sums both families in a scrape that asks for both, and counts one where one is asked for', () => {
    const { core } = build(new Recorder())
    const seen: number[][] = []
    const hashes = [Uint8Array.of(9, 1), Uint8Array.of(8, 0), Uint8Array.of(7, 1)] as unknown[]
    for (const family of [0, 4, 6] as const) {
      core.scrape(hashes as never, family, (...counts) => void seen.push([...counts]))
    }
    expect(seen).to.deep.equal([
      [0, 10, 18, 100, 8],
      [1, 0, 0, 0, 0],
      [2, 10, 14, 100, 8],
      [0, 4, 9, 40, 3],
      [1, 0, 0, 0, 0],
      [2, 4, 7, 40, 3],
      [0, 6, 9, 60, 5],
      [1, 0, 0, 0, 0],
      [2, 6, 7, 60, 5],
    ])
  })

  it('leaves out of a scrape what a policy does not let be scraped', () => {
    const { core } = build(new Recorder(), [
      { admit: () => null },
      { admit: () => null, admitScrape: hash => hash[0] !== infoHash(2)[0] },
    ])
    const seen: number[] = []
    core.scrape([infoHash(1), infoHash(2), infoHash(3)], 4, index => void seen.push(index))
    expect(seen).to.deep.equal([0, 2])
  })

  it('serves a full scrape only where it is allowed and the store can', () => {
    const walk = (cursor: number, budgetMs: number, visit: (hash: InfoHash) => void): number => {
      visit(infoHash(1))
      return cursor === 0 ? budgetMs : 0
    }
    const store = Object.assign(new Recorder(), { walk })
    const seen: number[] = []
    const visit = (_: InfoHash, ...counts: number[]): void => void seen.push(...counts)
    expect(build(store).core.scrapeAll(0, 5, visit)).to.equal(null)
    expect(build(new Recorder(), [], { fullScrape: true }).core.scrapeAll(0, 5, visit)).to.equal(null)
    const { core } = build(store, [], { fullScrape: true })
    expect(core.scrapeAll(0, 7, visit)).to.equal(7)
    expect(core.scrapeAll(7, 7, visit)).to.equal(0)
    const once = [10, 2 * (infoHash(1)[0] ?? 0), 100, 8]
    expect(seen).to.deep.equal([...once, ...once])
  })

  it('waits for a store that answers later', async () => {
    const clock = new ManualClock(0)
    const store = new LateSwarmStore({ clock, random: createRandom(1), mostMs: 50 })
    store.limit(options)
    const { core } = build(store, [], {}, clock)
    const { answer } = announce(core, {
      left: 1,
      event: 4,
      from: { family: 4, ip: Uint8Array.of(1, 2, 3, 4), port: 5 },
    })
    const coming = new Promise<AnnounceReply | string>(resolve => {
      if (answer === null || typeof answer !== 'object') return resolve('it was to come later')
      ;(answer as { settle(done: (result: AnnounceReply | string) => void): void }).settle(resolve)
    })
    await clock.advance(100)
    const reply = await coming
    expect(reply).to.include({ leechers: 1, seeders: 0, minInterval: 60 })
    const seen: number[][] = []
    const late = core.scrape([infoHash(9), new Incoming().infoHash], 0, (...counts) => void seen.push([...counts]))
    expect(seen).to.deep.equal([])
    const settled = new Promise(resolve => late?.settle(resolve))
    await clock.advance(100)
    expect(await settled).to.equal(true)
    expect(seen).to.deep.equal([
      [0, 0, 0, 0, 0],
      [1, 0, 0, 1, 1],
    ])
  })
})
