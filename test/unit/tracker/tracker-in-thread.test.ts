import { expect } from 'chai'
import { Incoming } from '../../../core/tracker/incoming.js'
import { PrefixRate, TOO_FAST } from '../../../core/tracker/prefix-rate.js'
import { portableTracker } from '../../../core/tracker/tracker-in-thread.js'
import { KitPlace } from '../../conformance/index.js'
import { CountingStore, FirstBytePolicy } from './portable-parts.js'
import type { AnnouncePolicy, TrackerService } from '../../../core/contracts/index.js'
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

const plain: AnnouncePolicy = { admit: () => null }

async function opened(
  store: CountingStore,
  policies: readonly AnnouncePolicy[],
  place: KitPlace,
  rate: PrefixRate | null = null,
) {
  const named = policies.map((part, i) => ({ id: `policy-${i}`, part }))
  const portable = portableTracker({ options, store: { id: 'store', part: store }, policies: named, rate })
  if (typeof portable === 'string') throw new Error(portable)
  return place.open(portable)
}

function announce(service: TrackerService, first: number, from = new Incoming().from) {
  const request = Object.assign(new Incoming(), { from })
  request.infoHash[0] = first
  const reply = { interval: 0, minInterval: 0, seeders: 0, leechers: 0, peers: new Uint8Array(1200), peerBytes: 0 }
  return { answer: service.announce(request, reply), reply, request }
}

describe('a tracker in threads', () => {
  it('asks the same store and policies, by the clock of its thread', async () => {
    const [store, policy] = [new CountingStore(), new FirstBytePolicy()]
    let now = 5000
    const first = await opened(store, [policy], new KitPlace(1, { now: () => now }))
    const second = await opened(store, [policy], new KitPlace(2, { now: () => now + 1 }))
    policy.refuse(9)
    expect(announce(first, 9).answer).to.equal('unwanted')
    const { answer, reply, request } = announce(first, 1)
    expect(answer).to.equal(null)
    expect([reply.leechers, reply.minInterval, request.numWant]).to.deep.equal([1, 60, 50])
    expect(reply.interval).to.be.within(1800, 1980)
    expect(store.seen()).to.deep.equal({ announces: 1, time: 5000, thread: 1 })
    now = 7000
    expect(announce(second, 1).reply.leechers).to.equal(2)
    expect(store.seen()).to.deep.equal({ announces: 2, time: 7001, thread: 2 })
  })

  it('is scraped there, but for what a policy does not admit', async () => {
    const [store, policy] = [new CountingStore(), new FirstBytePolicy()]
    policy.refuse(9)
    const service = await opened(store, [policy], new KitPlace(1, { now: () => 0 }))
    const hashes = [1, 9].map(first => announce(service, first).request.infoHash)
    const seen: number[][] = []
    expect(service.scrape(hashes, 4, (...counts) => void seen.push([...counts]))).to.equal(null)
    expect(seen).to.deep.equal([[0, 4, 0, 1, 0]])
  })

  it('holds networks to one rate in all threads', async () => {
    const rate = new PrefixRate(PrefixRate.reserve(2, new Uint8Array(8)))
    const clock = { now: () => 1_000_000 }
    const store = new CountingStore()
    const services = await Promise.all([1, 2].map(n => opened(store, [], new KitPlace(n, clock), rate)))
    const from = { family: 4 as const, ip: Uint8Array.of(192, 0, 2, 1), port: 1 }
    const answers = Array.from({ length: 6 }, (_, i) => {
      const service = services[i % 2]
      return service === undefined ? null : announce(service, 1, from).answer
    })
    expect(answers.filter(answer => answer === null)).to.have.length(4)
    expect(answers.at(-1)).to.deep.equal(TOO_FAST)
  })

  it('is on the main thread only where one of its plugins is, and says which', () => {
    const store = new CountingStore()
    const part = new FirstBytePolicy()
    const policies = [
      { id: 'list', part },
      { id: 'my-rule', part: plain },
    ]
    const why = portableTracker({ options, store: { id: 'store', part: store }, policies, rate: null })
    expect(why).to.match(/plugin "my-rule".*main thread only/)
    const bare = Object.create(store, { inThread: { value: undefined } }) as CountingStore
    const other = portableTracker({ options, store: { id: 'far-store', part: bare }, policies: [], rate: null })
    expect(other).to.match(/plugin "far-store"/)
  })
})
