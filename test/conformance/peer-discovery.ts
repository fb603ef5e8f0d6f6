// What every source of peers must do, whatever it asks.
import assert from 'node:assert/strict'
import { formatEndpoint, parseEndpoint, type Endpoint } from '../../core/base/address.js'
import type { PeerDiscovery, TorrentIdentity } from '../../core/contracts/peer-discovery.js'
import { infoHashOf, peerIdOf } from '../../core/protocol/ids.js'
import type { ConformanceCase } from './case.js'
import { ManualClock } from './manual-clock.js'

export interface DiscoveryUnderTest {
  readonly discovery: PeerDiscovery
  /** Announce URLs to put into the torrents, where the source needs any. */
  readonly trackers?: TorrentIdentity['trackers']
}

/** `open` gives a source that finds exactly these peers for any torrent, by the given clock. */
export function peerDiscoveryCases(
  open: (peers: readonly Endpoint[], clock: ManualClock) => DiscoveryUnderTest,
): ConformanceCase[] {
  const peers = ['192.0.2.7:6881', '[2001:db8::7]:51413'].map(text => parseEndpoint(text)!)

  interface Setting {
    readonly clock: ManualClock
    readonly origin: PeerDiscovery['origin']
    /** What each torrent's listener was told of peers, as text, each peer once. */
    watch(torrent: number, options?: { privateTorrent?: boolean; left?: number }): Watched
  }
  interface Watched {
    readonly heard: Set<string>
    calls: number
    readonly handle: ReturnType<PeerDiscovery['watch']>
  }

  function begin(): Setting {
    const clock = new ManualClock()
    const { discovery, trackers = [] } = open(peers, clock)
    return {
      clock,
      origin: discovery.origin,
      watch(torrent, { privateTorrent = false, left = 1000 } = {}) {
        const heard = new Set<string>()
        const identity: TorrentIdentity = {
          infoHash: infoHashOf(new Uint8Array(20).fill(torrent))!,
          peerId: peerIdOf(new Uint8Array(20).fill(9))!,
          privateTorrent,
          trackers,
          port: 6881,
        }
        const watched = { heard, calls: 0 }
        const handle = discovery.watch(identity, () => ({ left, uploaded: 0, downloaded: 0, connected: 0 }), {
          found(found) {
            watched.calls++
            for (const peer of found) heard.add(formatEndpoint(peer))
          },
          noted() {
            watched.calls++
          },
        })
        return Object.assign(watched, { handle })
      },
    }
  }

  const expected = new Set(peers.map(formatEndpoint))
  const never = new AbortController().signal

  return [
    {
      name: 'finds the peers there are, for each torrent',
      async run() {
        const { clock, watch } = begin()
        const [one, two] = [watch(1), watch(2)]
        await clock.advance(5000)
        assert.deepEqual(one.heard, expected)
        assert.deepEqual(two.heard, expected)
      },
    },
    {
      name: 'calls nobody back inside a call to it',
      async run() {
        const { clock, watch } = begin()
        const one = watch(1)
        assert.equal(one.calls, 0, 'inside watch')
        await clock.advance(3_600_000)
        for (const call of [() => one.handle.refresh(), () => one.handle.event('completed')]) {
          const before: number = one.calls
          call()
          assert.equal(one.calls, before)
          await clock.advance(3_600_000)
        }
      },
    },
    {
      name: 'falls silent with stop, which may be called again, and lets go of its timers',
      async run() {
        const { clock, watch } = begin()
        const one = watch(1)
        await clock.advance(100_000)
        const stops = [one.handle.stop(never), one.handle.stop(never)]
        await clock.advance(5000)
        await Promise.all(stops)
        const { calls } = one
        one.handle.refresh()
        one.handle.event('completed')
        await clock.advance(10_000_000)
        assert.equal(one.calls, calls)
        assert.equal(clock.pending, 0)
        await one.handle.stop(never)
      },
    },
    {
      name: 'goes on for one torrent when another is stopped',
      async run() {
        const { clock, watch } = begin()
        const one = watch(1)
        await clock.advance(5000)
        const stopped = one.handle.stop(never)
        const two = watch(2)
        await clock.advance(5000)
        await stopped
        assert.deepEqual(two.heard, expected)
      },
    },
    {
      name: 'stops before its first answer, and at once where there is no time',
      async run() {
        const { clock, watch } = begin()
        const one = watch(1)
        await one.handle.stop(AbortSignal.abort(new Error('no time')))
        const { calls } = one
        await clock.advance(100_000)
        assert.equal(one.calls, calls)
        assert.equal(clock.pending, 0)
      },
    },
    {
      name: 'finds no peers of a private torrent unless a tracker or the operator names them (BEP 27)',
      async run() {
        const { clock, origin, watch } = begin()
        const one = watch(1, { privateTorrent: true })
        await clock.advance(100_000)
        const asked = origin === 'tracker' || origin === 'own-tracker' || origin === 'static'
        assert.deepEqual(one.heard, asked ? expected : new Set())
      },
    },
  ]
}
