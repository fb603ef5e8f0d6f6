import { expect } from 'chai'
import { formatEndpoint, parseEndpoint } from '../../core/base/address.js'
import { AnnouncePolicies } from '../../core/contracts/announce-policy.js'
import { PeerDiscoveries, type PeerDiscovery } from '../../core/contracts/peer-discovery.js'
import { AnnounceEvent, type AnnounceRequest } from '../../core/contracts/swarm-store.js'
import { infoHashOf, peerIdOf, type InfoHash } from '../../core/protocol/ids.js'
import plugin from '../../plugins/discovery-own-tracker/index.js'
import { OwnTrackerDiscovery } from '../../plugins/discovery-own-tracker/own-tracker-discovery.js'
import { Pigeonholes, type Heard } from '../../plugins/discovery-own-tracker/pigeonholes.js'
import {
  announcePolicyCases,
  infoHash,
  KitPlace,
  loadPlugin,
  ManualClock,
  OtherThread,
  peerDiscoveryCases,
  register,
} from '../conformance/index.js'

const ours = peerIdOf(new Uint8Array(20).fill(9))!

function announce(hash: InfoHash, from: string, more: Partial<AnnounceRequest> = {}): AnnounceRequest {
  return {
    infoHash: infoHashOf(hash.slice())!,
    peerId: peerIdOf(new Uint8Array(20).fill(8))!,
    from: parseEndpoint(from)!,
    event: AnnounceEvent.Started,
    left: 1,
    uploaded: 0,
    downloaded: 0,
    numWant: 50,
    key: 0,
    urlData: null,
    ...more,
  }
}

function watched(hash = infoHash(1)) {
  const clock = new ManualClock()
  const discovery = new OwnTrackerDiscovery(clock)
  const told: string[][] = []
  const torrent = { infoHash: hash, peerId: ours, privateTorrent: false, trackers: [], port: 1 }
  const handle = discovery.watch(torrent, () => ({ left: 0, uploaded: 0, downloaded: 0, connected: 0 }), {
    found: peers => void told.push(peers.map(formatEndpoint)),
  })
  return { clock, discovery, told, handle, hash }
}

describe('discovery-own-tracker', () => {
  register(
    'peer-discovery contract',
    peerDiscoveryCases((peers, clock) => {
      const inner = new OwnTrackerDiscovery(clock)
      // The peers announce whatever is watched.
      const discovery: PeerDiscovery = {
        origin: inner.origin,
        watch(torrent, progress, listener) {
          const handle = inner.watch(torrent, progress, listener)
          for (const peer of peers) inner.admit(announce(torrent.infoHash, formatEndpoint(peer)))
          return handle
        },
      }
      return { discovery }
    }),
  )

  register(
    'announce-policy contract',
    announcePolicyCases(async () => {
      const loaded = await loadPlugin(plugin, {}, [])
      const [policy] = loaded.provided(AnnouncePolicies)
      expect(loaded.provided(PeerDiscoveries)).to.deep.equal([policy])
      return { policy: policy!, admitted: [{}, { left: 0 }], refused: [], close: () => loaded.stop() }
    }),
  )

  it('tells of those that announced a watched torrent, after three seconds and together', async () => {
    const { clock, discovery, told, hash } = watched()
    discovery.admit(announce(hash, '10.0.0.1:1'))
    discovery.admit(announce(infoHash(2), '10.0.0.2:2'))
    await clock.advance(2_999)
    discovery.admit(announce(hash, '[2001:db8::3]:3', { event: AnnounceEvent.None }))
    expect(told).to.deep.equal([])
    await clock.advance(1)
    expect(told).to.deep.equal([['10.0.0.1:1', '[2001:db8::3]:3']])
    discovery.admit(announce(hash, '10.0.0.4:4'))
    await clock.advance(3_000)
    expect(told.slice(1)).to.deep.equal([['10.0.0.4:4']])
  })

  it('keeps nothing of an announce, whose bytes are used again', async () => {
    const { clock, discovery, told, hash } = watched()
    const request = announce(hash, '10.0.0.1:1')
    discovery.admit(request)
    request.from.ip.fill(77)
    await clock.advance(3_000)
    expect(told).to.deep.equal([['10.0.0.1:1']])
  })

  it('passes over its own node, those that leave, seeders that were there before, and hashes that begin alike', async () => {
    const { clock, discovery, told, hash } = watched()
    const alike = infoHashOf(hash.slice())!
    alike[19]! ^= 1
    discovery.admit(announce(hash, '10.0.0.1:1', { peerId: ours }))
    discovery.admit(announce(hash, '10.0.0.2:2', { event: AnnounceEvent.Stopped }))
    discovery.admit(announce(hash, '10.0.0.3:3', { left: 0, event: AnnounceEvent.None }))
    discovery.admit(announce(hash, '10.0.0.4:4', { left: 0, event: AnnounceEvent.Completed }))
    discovery.admit(announce(alike, '10.0.0.5:5'))
    await clock.advance(10_000)
    expect(told).to.deep.equal([])
    // It may have no more than a magnet link.
    discovery.admit(announce(hash, '10.0.0.6:6', { left: 0 }))
    await clock.advance(3_000)
    expect(told).to.deep.equal([['10.0.0.6:6']])
  })

  it('tells of a hundred at a time, however many announce', async () => {
    const { clock, discovery, told, hash } = watched()
    for (let i = 0; i < 1_000; i++) discovery.admit(announce(hash, `10.0.0.1:${i + 1}`))
    await clock.advance(3_000)
    expect(told.map(peers => peers.length)).to.deep.equal([100])
  })

  describe('in a tracker thread', () => {
    it('hands on who announces what is watched, and nothing else', async () => {
      const { clock, discovery, told, handle, hash } = watched()
      const thread = await OtherThread.open(discovery.inThread)
      const says = (...args: Parameters<typeof announce>): Promise<unknown> => thread.call('admit', announce(...args))
      expect(await says(hash, '10.0.0.1:1')).to.equal(null)
      await says(infoHash(2), '10.0.0.2:2')
      await says(hash, '[2001:db8::3]:3', { event: AnnounceEvent.None })
      await says(hash, '10.0.0.4:4', { event: AnnounceEvent.Stopped })
      await says(hash, '10.0.0.5:5', { left: 0, event: AnnounceEvent.None })
      await says(hash, '10.0.0.6:6', { peerId: ours })
      await says(hash, '10.0.0.7:7', { left: 0 })
      await clock.advance(4_000)
      expect(told).to.deep.equal([['10.0.0.1:1', '[2001:db8::3]:3', '10.0.0.7:7']])
      await handle.stop(new AbortController().signal)
      await says(hash, '10.0.0.8:8')
      expect(clock.pending).to.equal(0)
      const again = discovery.watch(
        { infoHash: hash, peerId: ours, privateTorrent: false, trackers: [], port: 1 },
        () => ({ left: 0, uploaded: 0, downloaded: 0, connected: 0 }),
        { found: peers => void told.push(peers.map(formatEndpoint)) },
      )
      await says(hash, '10.0.0.9:9')
      await clock.advance(4_000)
      expect(told.slice(1)).to.deep.equal([['10.0.0.9:9']])
      await again.stop(new AbortController().signal)
      await thread.close()
    })

    it('drops what nobody fetches, and goes on once somebody does', async () => {
      const { clock, discovery, told, hash } = watched()
      const ear = await new KitPlace().open(discovery.inThread)
      for (let port = 1; port <= 5000; port++) ear.admit(announce(hash, `10.0.0.1:${port}`))
      await clock.advance(4_000)
      expect(told.map(peers => peers.length)).to.deep.equal([100])
      ear.admit(announce(hash, '10.0.0.2:2'))
      await clock.advance(4_000)
      expect(told.slice(1)).to.deep.equal([['10.0.0.2:2']])
    })
  })
})

describe('pigeonholes', () => {
  const heard = (port: number): Heard => announce(infoHash(port), `10.0.0.1:${port}`)

  it('give what was put into them once, up to a thousand or so', () => {
    const holes = new Pigeonholes()
    const other = new Pigeonholes(holes.memory)
    for (let round = 0; round < 5; round++) {
      const put = Array.from({ length: 1 + 700 * round }, (_, i) => i + 1).filter(port => other.put(heard(port)))
      expect(put.length).to.equal(Math.min(1024, 1 + 700 * round))
      const out: number[] = []
      holes.empty(({ from, infoHash: hash }) => {
        expect(hash).to.deep.equal(infoHash(from.port))
        out.push(from.port)
      })
      expect(out.sort((a, b) => a - b)).to.deep.equal(put)
      holes.empty(() => expect.fail('there was nothing left'))
    }
  })

  it('lose one for a thread that ended while it wrote, and no more', () => {
    const holes = new Pigeonholes()
    new Int32Array(holes.memory)[2] = 1
    const put = Array.from({ length: 2000 }, (_, i) => i + 1).filter(port => holes.put(heard(port)))
    expect(put.length).to.equal(1023)
    let count = 0
    holes.empty(() => void count++)
    expect(count).to.equal(1023)
  })
})
