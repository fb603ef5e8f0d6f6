import { expect } from 'chai'
import { createRandom } from '../../core/base/random.js'
import { silentLogger } from '../../core/base/log.js'
import { AnnouncePolicies, isRefusal, Probes, reasonOf, SwarmStores, Tracker } from '../../core/contracts/index.js'
import { Incoming } from '../../core/tracker/incoming.js'
import { TOO_FAST } from '../../core/tracker/prefix-rate.js'
import { MemoryStore } from '../../plugins/swarm-store-memory/memory-store.js'
import storePlugin from '../../plugins/swarm-store-memory/index.js'
import trackerPlugin from '../../plugins/tracker/index.js'
import { infoHash, KitPlace, loadPlugin, ManualClock } from '../conformance/index.js'
import { CountingStore, FirstBytePolicy } from '../unit/tracker/portable-parts.js'
import type { AnnouncePolicy, TrackerService } from '../../core/contracts/index.js'

async function load(options: object = {}, policies: readonly AnnouncePolicy[] = []) {
  const clock = new ManualClock()
  const store = MemoryStore.create(16 * 2 ** 20, true, { clock, random: createRandom(1), entropy: createRandom(2) })
  const warnings: string[] = []
  const log = { ...silentLogger, child: () => log, warn: (message: string) => void warnings.push(message) }
  const given = [[SwarmStores, store] as const, ...policies.map(policy => [AnnouncePolicies, policy] as const)]
  const loaded = await loadPlugin(trackerPlugin, options, given, { host: { clock, log } })
  return { store, clock, warnings, loaded, service: loaded.provided(Tracker) }
}

function announce(service: TrackerService, hash: number, peer: number, port = 6881) {
  const request = new Incoming()
  request.infoHash.set(infoHash(hash))
  request.from.ip = Uint8Array.of(10, 0, 0, peer)
  request.from.port = port
  request.left = 1
  const reply = { interval: 0, minInterval: 0, seeders: 0, leechers: 0, peers: new Uint8Array(1200), peerBytes: 0 }
  const answer = service.announce(request, reply)
  if (answer === null) return reply
  return isRefusal(answer) ? reasonOf(answer) : answer
}

describe('tracker', () => {
  it('tracks with the intervals and peers of its options', async () => {
    const { service, warnings } = await load({ intervalSeconds: 100, minIntervalSeconds: 7, peersPerReply: 2 })
    for (let peer = 1; peer < 6; peer++) announce(service, 1, peer)
    const reply = announce(service, 1, 9)
    expect(reply).to.include({ minInterval: 7, peerBytes: 12, leechers: 6 })
    expect(typeof reply !== 'string' && 'interval' in reply && reply.interval).to.be.within(100, 110)
    expect(warnings).to.deep.equal([])
  })

  it('gives its caps to the store', async () => {
    const { service } = await load({ maxSwarms: 2, maxPeers: 4, maxPeersPerAddress: 2 })
    expect(announce(service, 1, 1)).to.be.an('object')
    expect(announce(service, 1, 1, 2)).to.be.an('object')
    expect(announce(service, 1, 1, 3)).to.match(/address/)
    expect(announce(service, 2, 1)).to.be.an('object')
    expect(announce(service, 3, 1)).to.match(/torrents/)
    expect(announce(service, 2, 2)).to.be.an('object')
    expect(announce(service, 2, 3)).to.match(/peers/)
  })

  it('forgets who has been silent, and stops with no timer left', async () => {
    const { service, store, clock, loaded } = await load({ peerTimeoutSeconds: 60, intervalSeconds: 30 })
    for (let peer = 0; peer < 200; peer++) announce(service, peer % 20, peer)
    await clock.advance(59_000)
    expect(store.totals()).to.include({ swarms: 20, peers: 200 })
    await clock.advance(6000)
    expect(store.totals()).to.include({ swarms: 0, peers: 0 })
    await loaded.stop()
    expect(clock.pending).to.equal(0)
  })

  it('asks policies, and warns where peers would be forgotten between two announces', async () => {
    const { service, warnings } = await load({ peerTimeoutSeconds: 60 }, [{ admit: () => 'no' }])
    expect(announce(service, 1, 1)).to.equal('no')
    expect(warnings).to.have.length(1)
  })

  it('holds each network to its rate, and this machine to none', async () => {
    const { service, clock } = await load({ ratePerPrefix: 3 })
    const answers = Array.from({ length: 8 }, (_, i) => announce(service, 1, i + 1))
    expect(answers.filter(one => typeof one === 'string')).to.deep.equal(Array(2).fill(TOO_FAST.reason))
    for (let i = 0; i < 50; i++) expect(service.admitScraper?.(Uint8Array.of(127, 0, 0, 1))).to.equal(null)
    expect(service.admitScraper?.(Uint8Array.of(10, 0, 0, 9))).to.equal(TOO_FAST)
    await clock.advance(1000)
    expect(service.admitScraper?.(Uint8Array.of(10, 0, 0, 9))).to.equal(null)
  })

  it('can be opened in threads where store and policies can, and tells the store of threads that end', async () => {
    const [store, list] = [new CountingStore(), new FirstBytePolicy()]
    const loaded = await loadPlugin(trackerPlugin, { peersPerReply: 7 }, [
      [SwarmStores, store],
      [AnnouncePolicies, list],
    ])
    const service = loaded.provided(Tracker)
    expect(service.whyNoThreads).to.equal(undefined)
    const { inThread } = service
    if (inThread === undefined) throw new Error('no threads')
    const there = await new KitPlace(4, { now: () => 9000 }).open(inThread)
    expect(announce(there, 1, 1)).to.include({ leechers: 1 })
    expect(store.seen()).to.deep.equal({ announces: 1, time: 9000, thread: 4 })
    service.threadEnded?.(4)
    expect(store.ended).to.deep.equal([4])
  })

  it('says which plugin keeps it out of threads', async () => {
    const loaded = await loadPlugin(trackerPlugin, {}, [
      [SwarmStores, new CountingStore()],
      [AnnouncePolicies, { admit: () => null }],
    ])
    const service = loaded.provided(Tracker)
    expect(service.inThread).to.equal(undefined)
    expect(service.whyNoThreads).to.match(/^plugin ".*" can be asked on the main thread only$/)
    expect(service.threadEnded?.(1)).to.equal(undefined)
  })

  it('refuses options that make no sense', async () => {
    for (const options of [
      { intervalSeconds: 0 },
      { peersPerReply: 201 },
      { maxPeers: 0.5 },
      { interval: 5 },
      { ratePerPrefix: -1 },
      { ratePerPrefix: 200_000 },
    ]) {
      const error: unknown = await load(options).catch((reason: unknown) => reason)
      expect(error, JSON.stringify(options)).to.be.instanceOf(Error)
    }
  })

  it('runs on the store a profile names', async () => {
    const store = await loadPlugin(storePlugin, { memoryMiB: 16 })
    const loaded = await loadPlugin(trackerPlugin, {}, [[SwarmStores, store.provided(SwarmStores)]])
    expect(announce(loaded.provided(Tracker), 1, 1)).to.be.an('object')
    expect(store.provided(Probes).flatMap(probe => probe.check())).to.deep.equal([])
    expect(store.provided(SwarmStores).totals()).to.include({ swarms: 1, peers: 1 })
  })
})
