import { expect } from 'chai'
import { NodeError } from '../../core/base/errors.js'
import { parseEndpoint, parseIp, type Endpoint } from '../../core/base/address.js'
import { createRandom } from '../../core/base/random.js'
import type { Names } from '../../core/contracts/host.js'
import {
  type AnnounceNote,
  type DiscoveryHandle,
  type Progress,
  PeerDiscoveries,
} from '../../core/contracts/peer-discovery.js'
import { AnnounceEvent } from '../../core/contracts/swarm-store.js'
import {
  type AnnounceResult,
  type TrackerAnnounce,
  type TrackerClient,
  TrackerClients,
} from '../../core/contracts/tracker-client.js'
import { infoHashOf, peerIdOf } from '../../core/protocol/ids.js'
import { config } from '../../plugins/discovery-tracker/config.js'
import { TrackerDiscovery } from '../../plugins/discovery-tracker/tracker-discovery.js'
import { loadPlugin, ManualClock, peerDiscoveryCases, register } from '../conformance/index.js'
import plugin from '../../plugins/discovery-tracker/index.js'

type Answer = Partial<AnnounceResult> | NodeError | 'silence'

const eventNames = new Map(Object.entries(AnnounceEvent).map(([name, number]) => [number, name.toLowerCase()]))
const refused = (details = {}): NodeError => new NodeError('ERR_ANNOUNCE_REFUSED', 'remote', 'not today', { details })

/** Trackers in memory: each URL answers as `answers` says, and every announce is written down. */
class Trackers {
  readonly clock = new ManualClock(0)
  readonly seen: (TrackerAnnounce & { at: number })[] = []
  readonly notes: AnnounceNote[] = []
  readonly found: Endpoint[] = []
  readonly progress = { left: 1000, uploaded: 0, downloaded: 0, connected: 1 }
  readonly discovery: TrackerDiscovery

  constructor(
    readonly answers: Record<string, Answer>,
    options: Record<string, unknown> = {},
    names?: Names,
  ) {
    const client: TrackerClient = {
      announce: (announce, signal) => this.announce(announce, signal),
      scrape: () => Promise.reject(new Error('not asked for')),
    }
    const clients = { get: () => client, has: (name: string) => name !== 'wss', names: () => ['http', 'udp'] }
    const parts = { clients, names, clock: this.clock, entropy: createRandom(7), config: config.parse(options) }
    this.discovery = new TrackerDiscovery(parts, createRandom(7))
  }

  watch(
    trackers: string[][],
    progress: Progress = this.progress,
    port = 6881,
    privateTorrent = false,
  ): DiscoveryHandle {
    const torrent = {
      infoHash: infoHashOf(new Uint8Array(20).fill(this.seen.length + 1))!,
      peerId: peerIdOf(new Uint8Array(20).fill(9))!,
      privateTorrent,
      trackers,
      port,
    }
    return this.discovery.watch(torrent, () => progress, {
      forget: () => void this.found.splice(0),
      found: peers => void this.found.push(...peers),
      noted: note => void this.notes.push(note),
    })
  }

  /** What was announced so far, as "seconds url event". */
  get log(): string[] {
    return this.seen.map(
      ({ at, url, request }) => `${Math.round(at / 1000)} ${url.hostname} ${eventNames.get(request.event)}`,
    )
  }

  private announce(announce: TrackerAnnounce, signal: AbortSignal): Promise<AnnounceResult> {
    this.seen.push({ ...announce, at: this.clock.now() })
    const key =
      announce.request.family === undefined ? announce.url.href : `${announce.url.href}#${announce.request.family}`
    const answer = this.answers[key] ?? this.answers[announce.url.href] ?? {}
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error)
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      if (answer instanceof NodeError) reject(answer)
      else if (answer !== 'silence') resolve({ interval: 1800, seeders: 0, leechers: 0, peers: [], ...answer })
    })
  }
}

const signal = new AbortController().signal
const minutes = (n: number): number => n * 60_000

describe('discovery-tracker', () => {
  register(
    'peer-discovery contract',
    peerDiscoveryCases((peers, clock) => {
      const client: TrackerClient = {
        announce: () => Promise.resolve({ interval: 60, seeders: 1, leechers: 1, peers }),
        scrape: () => Promise.resolve([]),
      }
      const clients = { get: () => client, has: () => true, names: () => ['udp'] }
      const parts = { clients, names: undefined, clock, entropy: createRandom(7), config: config.parse({}) }
      return { discovery: new TrackerDiscovery(parts, createRandom(7)), trackers: [['udp://tracker.example:6969']] }
    }),
  )

  describe('tiers', () => {
    const a = 'http://a/announce'
    const b = 'http://b/announce'

    it('come into use one after the other, and the first is tried again in the next round', async () => {
      const trackers = new Trackers({ [a]: refused(), [b]: {} })
      trackers.watch([[a], [b]])
      await trackers.clock.advance(minutes(31))
      expect(trackers.log).to.deep.equal(['0 a started', '0 b started', '1800 a started', '1800 b none'])
    })

    it('are shuffled, and a tracker that answers moves to the front of its tier', async () => {
      const firsts = new Set<string>()
      for (let which = 0; which < 3; which++) {
        const names = ['k', 'l', 'm', 'n'].map(name => `http://${name}/announce`)
        const trackers = new Trackers(Object.fromEntries(names.map(name => [name, refused()])))
        const good = names[which]!
        trackers.answers[good] = {}
        for (let torrent = 0; torrent < 5; torrent++) trackers.watch([names])
        await trackers.clock.advance(0)
        await trackers.clock.advance(minutes(1))
        trackers.seen.length = 0
        await trackers.clock.advance(minutes(30))
        expect(trackers.seen.every(one => one.url.href === good)).to.equal(true)
        expect(trackers.seen).to.have.length(5)
      }
      const trackers = new Trackers({})
      for (let torrent = 0; torrent < 20; torrent++) trackers.watch([[a, b]])
      await trackers.clock.advance(0)
      for (const one of trackers.seen) firsts.add(one.url.hostname)
      expect([...firsts].sort()).to.deep.equal(['a', 'b'])
    })

    it('of a private torrent are used one at a time, and only the peers of that one', async () => {
      const [one, two] = ['http://a/x', 'http://b/x']
      const [here, there] = [parseEndpoint('10.0.0.1:1')!, parseEndpoint('10.0.0.2:2')!]
      const trackers = new Trackers({ [one]: { peers: [here] }, [two]: { peers: [there] } }, { tiers: 'every-tier' })
      const handle = trackers.watch([[one], [two]], trackers.progress, 6881, true)
      await trackers.clock.advance(1000)
      expect(trackers.log).to.deep.equal(['0 a started'])
      expect(trackers.found).to.deep.equal([here])
      trackers.answers[one] = refused()
      await trackers.clock.advance(minutes(31))
      expect(trackers.log.slice(-2)).to.deep.equal(
        ['1800 a empty', '1800 b started'].map(line => line.replace('empty', eventNames.get(0) ?? '')),
      )
      expect(trackers.found, 'those of the former are forgotten').to.deep.equal([there])
      trackers.answers[one] = { peers: [here] }
      handle.event('completed')
      await trackers.clock.advance(minutes(2))
      expect(trackers.log.slice(-2)).to.have.members(['1861 a completed', '1861 b completed'])
      expect(new Set(trackers.found), 'what the former says in passing is not heeded').to.deep.equal(new Set([there]))
    })

    it('are all in use at once where the policy is every-tier', async () => {
      const trackers = new Trackers({}, { tiers: 'every-tier' })
      trackers.watch([[a], [b]])
      await trackers.clock.advance(minutes(31))
      expect(trackers.log).to.deep.equal(['0 a started', '0 b started', '1800 a none', '1800 b none'])
    })

    it('pass over a silent tracker, but wait for a lone one', async () => {
      const trackers = new Trackers({ [a]: 'silence', [b]: {} })
      trackers.watch([[a], [b]])
      await trackers.clock.advance(minutes(1))
      expect(trackers.log).to.deep.equal(['0 a started', '45 b started'])
      expect(trackers.notes.map(note => note.error)).to.deep.equal(['no answer in 45 s', null])

      const lone = new Trackers({ [a]: 'silence' })
      lone.watch([[a]])
      await lone.clock.advance(minutes(100))
      expect(lone.log).to.deep.equal(['0 a started'])
      expect(lone.notes.map(note => note.error)).to.deep.equal(['no answer in 45 s, still asking'])
    })
  })

  describe('events', () => {
    it('are sent once each: started until it is accepted, completed, stopped', async () => {
      const url = 'udp://t:1/'
      const trackers = new Trackers({ [url]: refused() })
      const handle = trackers.watch([[url]])
      await trackers.clock.advance(1000)
      trackers.answers[url] = {}
      await trackers.clock.advance(minutes(31))
      trackers.progress.left = 0
      handle.event('completed')
      handle.event('completed')
      await trackers.clock.advance(minutes(31))
      await handle.stop(signal)
      expect(trackers.log.map(line => line.split(' ')[2])).to.deep.equal([
        'started',
        'started',
        'none',
        'completed',
        'none',
        'stopped',
      ])
      expect(trackers.notes.map(note => note.kind)).to.deep.equal([
        'started',
        'started',
        'regular',
        'completed',
        'regular',
        'stopped',
      ])
    })

    it('leave out completed where the content was whole at the start', async () => {
      const trackers = new Trackers({})
      trackers.progress.left = 0
      const handle = trackers.watch([['udp://t:1']])
      await trackers.clock.advance(1000)
      handle.event('completed')
      await trackers.clock.advance(minutes(1))
      await handle.stop(signal)
      expect(trackers.log).to.deep.equal(['0 t started', '61 t stopped'])
    })

    it('send a refused completed again, after backing off', async () => {
      const trackers = new Trackers({})
      const handle = trackers.watch([['udp://t:1']])
      await trackers.clock.advance(1000)
      trackers.answers['udp://t:1'] = refused()
      trackers.progress.left = 0
      handle.event('completed')
      await trackers.clock.advance(1000)
      trackers.answers['udp://t:1'] = {}
      await trackers.clock.advance(minutes(5))
      expect(trackers.log.map(line => line.split(' ')[2])).to.deep.equal(['started', 'completed', 'completed'])
      await handle.stop(signal)
    })

    it('say completed before stopped when both come at once', async () => {
      const trackers = new Trackers({})
      const handle = trackers.watch([['udp://t:1']])
      await trackers.clock.advance(1000)
      trackers.progress.left = 0
      handle.event('completed')
      await handle.stop(signal)
      expect(trackers.log).to.deep.equal(['0 t started', '1 t completed', '1 t stopped'])
    })

    it('say stopped only where started was accepted', async () => {
      const trackers = new Trackers({ 'udp://a:1': refused() })
      const handle = trackers.watch([['udp://a:1'], ['udp://b:1']])
      await trackers.clock.advance(1000)
      await handle.stop(signal)
      expect(trackers.log).to.deep.equal(['0 a started', '0 b started', '1 b stopped'])
    })

    it('let go of a tracker that does not answer on leaving, when the signal says so', async () => {
      const trackers = new Trackers({})
      const handle = trackers.watch([['udp://t:1']])
      await trackers.clock.advance(1000)
      trackers.answers['udp://t:1'] = 'silence'
      const deadline = new AbortController()
      trackers.clock.after(3000, () => deadline.abort(new Error('time is up')))
      let stopped = false
      void handle.stop(deadline.signal).then(() => (stopped = true))
      await trackers.clock.advance(2999)
      expect(stopped).to.equal(false)
      await trackers.clock.advance(1)
      expect(stopped).to.equal(true)
      expect(trackers.clock.pending).to.equal(0)
    })

    it('let go of it after five seconds, where the signal never says so', async () => {
      const trackers = new Trackers({})
      const handle = trackers.watch([['udp://t:1']])
      await trackers.clock.advance(1000)
      trackers.answers['udp://t:1'] = 'silence'
      let stopped = false
      void handle.stop(signal).then(() => (stopped = true))
      await trackers.clock.advance(5000)
      expect(stopped).to.equal(true)
      expect(trackers.clock.pending).to.equal(0)
    })

    it('give what is under way a second to finish on leaving', async () => {
      const trackers = new Trackers({ 'udp://t:1': 'silence' })
      const handle = trackers.watch([['udp://t:1']])
      await trackers.clock.advance(10)
      let stopped = false
      void handle.stop(signal).then(() => (stopped = true))
      await trackers.clock.advance(999)
      expect(stopped).to.equal(false)
      await trackers.clock.advance(1)
      expect(stopped).to.equal(true)
      expect(trackers.log).to.deep.equal(['0 t started'])
    })
  })

  describe('times', () => {
    it('double after each failure, up to an hour and never below 30 s', async () => {
      const trackers = new Trackers({ 'http://t/announce': refused() })
      trackers.watch([['http://t/announce']])
      await trackers.clock.advance(minutes(600))
      const waits = trackers.seen.slice(1).map((one, i) => (one.at - trackers.seen[i]!.at) / 1000)
      waits.forEach((wait, i) => {
        const base = Math.min(3600, 30 * 2 ** i)
        expect(wait).to.be.within(base, Math.min(3601, base * 1.25 + 1))
      })
      expect(waits.length).to.be.greaterThan(12)
    })

    it('follow retry in (BEP 31)', async () => {
      const trackers = new Trackers({
        'udp://t:1': refused({ retryIn: 600 }),
        'udp://n:1': refused({ retryIn: 'never' }),
      })
      trackers.watch([['udp://t:1']])
      trackers.watch([['udp://n:1']])
      await trackers.clock.advance(minutes(21))
      expect(trackers.log).to.deep.equal(['0 t started', '0 n started', '600 t started', '1200 t started'])
    })

    it('are kept to a minute at least and two hours at most, whatever a client passes on', async () => {
      for (const [interval, expected] of [
        [0, 60],
        [-1, 60],
        [NaN, 1800],
        [2 ** 31, 7200],
      ] as const) {
        const trackers = new Trackers({ 'udp://t:1': { interval } })
        trackers.watch([['udp://t:1']])
        await trackers.clock.advance(minutes(121))
        expect(trackers.seen[1]!.at / 1000, String(interval)).to.equal(expected)
      }
    })

    it('come sooner while no peer is connected and data is wanted, honouring the min interval', async () => {
      const trackers = new Trackers({})
      trackers.progress.connected = 0
      trackers.watch([['udp://t:1']])
      await trackers.clock.advance(minutes(8))
      expect(trackers.seen.map(one => one.at / 1000)).to.deep.equal([0, 30, 90, 210, 450])
      trackers.progress.connected = 1
      await trackers.clock.advance(minutes(22))
      expect(trackers.seen).to.have.length(5)

      const slow = new Trackers({ 'udp://t:1': { minInterval: 100 } })
      slow.progress.connected = 0
      slow.watch([['udp://t:1']])
      await slow.clock.advance(minutes(4))
      expect(slow.seen.map(one => one.at / 1000)).to.deep.equal([0, 100, 200])
    })

    it('come no sooner to a partial seed, which wants nobody, and say what it is', async () => {
      const trackers = new Trackers({})
      const progress = { left: 1000, uploaded: 0, downloaded: 0, connected: 0, partialSeed: true }
      const handle = trackers.watch([['udp://t:1']], progress)
      await trackers.clock.advance(minutes(29))
      expect(trackers.seen).to.have.length(1)
      await trackers.clock.advance(minutes(2))
      expect(trackers.seen.map(one => one.request.event)).to.deep.equal([AnnounceEvent.Started, AnnounceEvent.Paused])
      await handle.stop(new AbortController().signal)
    })

    it('come sooner on refresh, once, honouring the min interval', async () => {
      const trackers = new Trackers({ 'udp://t:1': { minInterval: 200 } })
      const handle = trackers.watch([['udp://t:1']])
      await trackers.clock.advance(minutes(1))
      handle.refresh()
      handle.refresh()
      await trackers.clock.advance(minutes(20))
      expect(trackers.seen.map(one => one.at / 1000)).to.deep.equal([0, 200])
    })

    it('are waited for without a look at torrents that want nothing', async () => {
      const trackers = new Trackers({})
      let looks = 0
      const whole = {
        ...trackers.progress,
        get left() {
          looks++
          return 0
        },
      }
      for (let i = 0; i < 120; i++) trackers.watch([['udp://t:1']], whole)
      await trackers.clock.advance(minutes(1))
      expect(trackers.seen).to.have.length(120)
      looks = 0
      await trackers.clock.advance(minutes(28))
      expect(looks).to.equal(0)
      await trackers.clock.advance(minutes(2))
      expect(trackers.seen).to.have.length(240)
    })

    it('come first for what wants data, however many seeds wait', async () => {
      const trackers = new Trackers({})
      const whole = { ...trackers.progress, left: 0 }
      for (let i = 0; i < 300; i++) trackers.watch([['udp://seed:1']], whole)
      trackers.watch([['udp://download:1']])
      await trackers.clock.advance(0)
      expect(trackers.log[0]).to.equal('0 download started')
    })

    it('leave sockets free where trackers are silent, and a download more of them', async () => {
      const trackers = new Trackers({ 'udp://silent:1': 'silence' })
      const whole = { ...trackers.progress, left: 0 }
      for (let i = 0; i < 300; i++) trackers.watch([['udp://silent:1']], whole)
      await trackers.clock.advance(minutes(1))
      expect(trackers.seen).to.have.length(100)
      trackers.watch([['udp://download:1']])
      await trackers.clock.advance(2000)
      expect(trackers.log.at(-1)).to.equal('60 download started')
    })

    it('let some torrents say goodbye at once, and the others after them', async () => {
      const trackers = new Trackers({ 'udp://t:1': {} })
      const whole = { ...trackers.progress, left: 0 }
      const handles = Array.from({ length: 200 }, () => trackers.watch([['udp://t:1']], whole))
      await trackers.clock.advance(minutes(1))
      trackers.answers['udp://t:1'] = 'silence'
      const deadline = new AbortController()
      const stopped = Promise.all(handles.map(handle => handle.stop(deadline.signal)))
      await trackers.clock.advance(1000)
      expect(trackers.seen).to.have.length(200 + 64)
      deadline.abort(new Error('time is up'))
      await stopped
      await trackers.clock.advance(0)
      expect(trackers.clock.pending).to.equal(0)
      trackers.answers['udp://t:1'] = {}
      const again = Array.from({ length: 200 }, () => trackers.watch([['udp://t:1']], whole))
      await trackers.clock.advance(minutes(1))
      const before = trackers.seen.length
      await Promise.all(again.map(handle => handle.stop(signal)))
      expect(trackers.seen).to.have.length(before + 200)
    })

    it('spread the first announces of very many torrents', async () => {
      const trackers = new Trackers({})
      for (let i = 0; i < 120; i++) trackers.watch([['udp://t:1']])
      await trackers.clock.advance(0)
      expect(trackers.seen).to.have.length(50)
      await trackers.clock.advance(3000)
      expect(trackers.seen).to.have.length(120)
    })
  })

  describe('announces', () => {
    it('carry one key a torrent, the progress of the moment and the tracker id given', async () => {
      const trackers = new Trackers({ 'http://t/announce': { trackerId: 'abc', interval: 60 } })
      trackers.watch([['http://t/announce']])
      trackers.watch([['http://t/announce']])
      await trackers.clock.advance(0)
      Object.assign(trackers.progress, { left: 10, uploaded: 20, downloaded: 30 })
      await trackers.clock.advance(minutes(1))
      const [one, two, again] = trackers.seen.map(seen => seen.request)
      expect(one!.key).to.equal(again!.key)
      expect(one!.key).not.to.equal(two!.key)
      expect(one).to.include({ left: 1000, port: 6881, numWant: 50 }).and.not.have.any.keys('trackerId', 'family')
      expect(again).to.include({ left: 10, uploaded: 20, downloaded: 30, trackerId: 'abc' })
    })

    it('want no peers with enough connected, nor when leaving, and name a port where nobody is for a node that does not listen', async () => {
      const trackers = new Trackers({}, { enoughPeers: 3 })
      trackers.progress.connected = 3
      const handle = trackers.watch([['udp://t:1']], trackers.progress, 0)
      await trackers.clock.advance(0)
      trackers.progress.connected = 0
      await handle.stop(signal)
      expect(trackers.seen.map(one => one.request.numWant)).to.deep.equal([0, 0])
      expect(trackers.seen[0]!.request.port).to.equal(1)
    })

    it('hand on peers and warnings, with secrets masked', async () => {
      const peers = [parseEndpoint('192.0.2.1:1')!]
      const url = 'http://t/s3cr3tkey/announce'
      const trackers = new Trackers({ [url]: { peers, warning: 's3cr3tkey runs\nout' } })
      trackers.watch([[url]])
      await trackers.clock.advance(0)
      expect(trackers.found).to.deep.equal(peers)
      expect(trackers.notes).to.deep.equal([
        { url: 'http://t/***/announce', kind: 'started', peers: 1, warning: '*** runs out', error: null },
      ])
    })

    it('never go to what is no tracker: each such URL is noted once, others are asked', async () => {
      const trackers = new Trackers({})
      trackers.watch([['not a URL', 'http://t/announce?info_hash=1'], ['wss://t/'], ['udp://t:1', 'udp://t:1']])
      await trackers.clock.advance(minutes(10))
      expect(trackers.log).to.deep.equal(['0 t started'])
      const errors = trackers.notes.map(note => note.error)
      expect(errors.filter(error => error !== null)).to.have.length(3)
      expect(errors.join()).to.include('wss').and.include('info_hash').and.include('cannot be read')
    })

    it('go to a hundred trackers of a torrent at most', async () => {
      const urls = Array.from({ length: 150 }, (_, i) => `udp://t${i}:1`)
      const trackers = new Trackers({}, { tiers: 'every-tier' })
      trackers.watch(urls.map(url => [url]))
      await trackers.clock.advance(5000)
      expect(trackers.seen).to.have.length(100)
    })

    it('are not repeated to a URL the client finds unfit', async () => {
      const trackers = new Trackers({ 'udp://t:1': new NodeError('ERR_X', 'operator', 'must not be asked') })
      trackers.watch([['udp://t:1']])
      await trackers.clock.advance(minutes(1000))
      expect(trackers.log).to.deep.equal(['0 t started'])
    })
  })

  describe('both families (BEP 7)', () => {
    const ips = (...texts: string[]): Uint8Array[] => texts.map(text => parseIp(text)!)
    const url = 'udp://dual:1'
    const names = (own: Uint8Array[], found: Uint8Array[]): Names => ({
      own: () => own,
      resolve: () => Promise.resolve(found),
    })
    const dual = names(ips('192.0.2.9', '2001:db8::9'), ips('192.0.2.1', '2001:db8::1'))

    it('are announced to with one key, and each is told every event once', async () => {
      const trackers = new Trackers({ [`${url}#6`]: refused() }, {}, dual)
      const handle = trackers.watch([[url]])
      await trackers.clock.advance(0)
      expect(trackers.seen.map(one => one.request.family)).to.deep.equal([4, 6])
      expect(new Set(trackers.seen.map(one => one.request.key)).size).to.equal(1)
      expect(trackers.notes).to.have.length(1)
      trackers.answers[`${url}#6`] = {}
      await trackers.clock.advance(minutes(30))
      expect(trackers.log.slice(2)).to.deep.equal(['1800 dual none', '1800 dual started'])
      await handle.stop(signal)
      expect(trackers.log.slice(4)).to.deep.equal(['1800 dual stopped', '1800 dual stopped'])
    })

    it('do not wait long for each other', async () => {
      const trackers = new Trackers({ [`${url}#6`]: 'silence' }, {}, dual)
      trackers.watch([[url]])
      await trackers.clock.advance(14_999)
      expect(trackers.notes).to.have.length(0)
      await trackers.clock.advance(1)
      expect(trackers.notes.map(note => note.error)).to.deep.equal([null])
    })

    it('are left to the system where one is missing, the address literal, or the tracker on this machine', async () => {
      const v4 = ips('192.0.2.1')
      const both = ips('192.0.2.1', '2001:db8::1')
      const cases: [string, Names][] = [
        [url, names(v4, both)],
        [url, names(ips('192.0.2.1', 'fe80::1'), both)],
        [url, names(both, v4)],
        [url, names(both, ips('127.0.0.1', '::1'))],
        ['udp://[2001:db8::1]:1', dual],
      ]
      for (const [at, given] of cases) {
        const trackers = new Trackers({}, {}, given)
        trackers.watch([[at]])
        await trackers.clock.advance(0)
        expect(trackers.seen.map(one => one.request.family)).to.deep.equal([undefined])
      }
    })
  })

  it('is loaded as a plugin over the clients there are, without names where the node has none', async () => {
    const seen: string[] = []
    const client: TrackerClient = {
      announce: ({ url }) => {
        seen.push(url.href)
        return Promise.resolve({ interval: 1800, seeders: 0, leechers: 0, peers: [] })
      },
      scrape: () => Promise.resolve([]),
    }
    const clock = new ManualClock()
    const loaded = await loadPlugin(plugin, {}, [[TrackerClients, client, 'udp']], { host: { clock } })
    const [discovery] = loaded.provided(PeerDiscoveries)
    const torrent = {
      infoHash: infoHashOf(new Uint8Array(20))!,
      peerId: peerIdOf(new Uint8Array(20))!,
      privateTorrent: true,
      trackers: [['http://a/announce'], ['udp://b:1']],
      port: 1,
    }
    const progress = { left: 1, uploaded: 0, downloaded: 0, connected: 0 }
    const handle = discovery!.watch(torrent, () => progress, { found() {} })
    await clock.advance(1000)
    expect(seen).to.deep.equal(['udp://b:1'])
    await handle.stop(signal)
    await loaded.stop()
  })
})
