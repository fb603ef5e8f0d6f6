// Announces without a socket: what of a tracker's time is ours.
import { silentLogger } from '../../core/base/log.js'
import { createRandom } from '../../core/base/random.js'
import { writeU16, writeU32 } from '../../core/base/bytes.js'
import { ConnectionIds } from '../../core/tracker/connection-id.js'
import { Incoming } from '../../core/tracker/incoming.js'
import { TrackerCore } from '../../core/tracker/tracker-core.js'
import { escapeBytes } from '../../core/protocol/query-bytes.js'
import { MemoryStore } from '../../plugins/swarm-store-memory/memory-store.js'
import { ClientAddress } from '../../plugins/tracker-http/client-address.js'
import { FullScrape } from '../../plugins/tracker-http/full-scrape.js'
import { HttpTracker } from '../../plugins/tracker-http/http-tracker.js'
import { udpCounts } from '../../plugins/tracker-udp/counts.js'
import { UdpTracker } from '../../plugins/tracker-udp/udp-tracker.js'
import type { Clock } from '../../core/base/clock.js'
import type { Random } from '../../core/base/random.js'
import type { HttpRequest, SwarmLimits } from '../../core/contracts/index.js'
import type { Bench } from './bench.js'

const limits: SwarmLimits = { maxSwarms: 2e6, maxPeers: 16e6, maxPeersPerAddress: 1e6, peerTimeoutSeconds: 3600 }
const tracker = { ...limits, intervalSeconds: 1800, minIntervalSeconds: 60, peersPerReply: 50, fullScrape: false }

/** Time stands still. */
const stopped: Clock = {
  now: () => 5_000_000,
  epoch: () => 0,
  after: () => ({ cancel: () => undefined }),
  every: () => ({ cancel: () => undefined }),
}

function newStore(clock = stopped): MemoryStore {
  const host = { clock, random: createRandom(1), entropy: createRandom(2) }
  const store = MemoryStore.create(2 ** 30, true, host)
  store.limit(limits)
  return store
}

/** Writes the nth info-hash. */
function hashInto(out: Uint8Array, at: number, n: number): void {
  writeU32(out, at, Math.imul(n, 2654435761))
  writeU32(out, at + 4, n)
}

/** Peers from 64 addresses and any port, a third of them seeders. */
function randomly(request: Incoming, swarms: number, random: Random): void {
  hashInto(request.infoHash, 0, random.below(swarms))
  request.from.ip[3] = random.below(64)
  request.from.port = 1 + random.below(65535)
  request.left = random.below(3)
  request.numWant = 50
}

const storeBench = (swarms: number, peers: number): Bench => ({
  name: `announce: store, ${swarms} swarms, ${peers} peers, 50 wanted`,
  long: true,
  prepare() {
    const store = newStore()
    const request = new Incoming()
    const random = createRandom(4)
    const reply = { interval: 0, minInterval: 0, seeders: 0, leechers: 0, peers: new Uint8Array(1212), peerBytes: 0 }
    while (store.totals().peers < peers) {
      randomly(request, swarms, random)
      store.announce(request, 0, reply)
    }
    return {
      run() {
        randomly(request, swarms, random)
        store.announce(request, 0, reply)
      },
      facts: () => ({ swarms: store.totals().swarms, peers: store.totals().peers }),
    }
  },
})

const udpBench: Bench = {
  name: 'announce: UDP, packet to reply, 1000 swarms, 50 wanted',
  prepare() {
    const ids = new ConnectionIds(new Uint8Array(16).fill(7))
    const service = new TrackerCore(newStore(), [], tracker, stopped, createRandom(3), silentLogger)
    const answerer = new UdpTracker(service, ids, udpCounts().row(0), null)
    const random = createRandom(4)
    const from = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1, 30, 0)
    const packet = new Uint8Array(98)
    const reply = new Uint8Array(4096)
    writeU32(packet, 8, 1)
    writeU32(packet, 92, 50)
    const run = (): void => {
      from[15] = random.below(64)
      ids.write(from, 5_000_000, packet, 0)
      hashInto(packet, 16, random.below(1000))
      packet[71] = random.below(3)
      writeU16(packet, 96, 1 + random.below(65535))
      answerer.answer(packet, packet.length, from, 5_000_000, reply)
    }
    for (let i = 0; i < 200_000; i++) run()
    return { run }
  },
}

const httpBench: Bench = {
  name: 'announce: HTTP, query to reply, 1000 swarms, 50 wanted',
  prepare() {
    const service = new TrackerCore(newStore(), [], tracker, stopped, createRandom(3), silentLogger)
    const everything = new FullScrape(service, stopped, {}, { seconds: 300, most: 1 })
    const server = new HttpTracker(service, new ClientAddress([]), false, everything)
    const random = createRandom(4)
    const queries = Array.from({ length: 20_000 }, () => {
      const hash = new Uint8Array(20)
      hashInto(hash, 0, random.below(1000))
      const port = 1 + random.below(65535)
      return `info_hash=${escapeBytes(hash)}&peer_id=-LG0001-${String(port).padStart(12, '0')}&port=${port}&uploaded=0&downloaded=0&left=1000&compact=1&numwant=50`
    })
    let at = 0
    const run = (): void => {
      at = (at + 1) % queries.length
      const from = { family: 4 as const, ip: Uint8Array.of(127, 0, 0, random.below(64)), port: 9 }
      const request: HttpRequest = {
        method: 'GET',
        path: '/announce',
        query: queries[at] ?? '',
        from,
        header: () => undefined,
      }
      server.answer(request, () => undefined)
    }
    for (let i = 0; i < 200_000; i++) run()
    return { run }
  },
}

/** As upkeep gives the store. */
const SLICE_MS = 2

/** Not how long calls take but how long the longest does, by the wall: a million peers come, and die a slice at a time. */
const pauseBench: Bench = {
  name: 'announce: store, longest pause, a million peers that come and die',
  long: true,
  prepare() {
    const store = newStore({ ...stopped, now: () => performance.now() })
    const request = new Incoming()
    const random = createRandom(4)
    const reply = { interval: 0, minInterval: 0, seeders: 0, leechers: 0, peers: new Uint8Array(1212), peerBytes: 0 }
    let now = 0
    let announce = 0
    let slice = 0
    const come = (): void => {
      for (let i = 0; i < 1000; i++) {
        hashInto(request.infoHash, 0, i % 11 === 0 ? 0 : random.below(100_000))
        writeU32(request.from.ip, 0, random.u32())
        request.from.port = 1 + random.below(65535)
        request.numWant = 50
        const began = performance.now()
        store.announce(request, now, reply)
        announce = Math.max(announce, performance.now() - began)
      }
    }
    return {
      run() {
        while (store.totals().peers < 1_000_000) come()
        now += 2 * limits.peerTimeoutSeconds
        for (let more = true; more;) {
          const began = performance.now()
          more = store.sweep(now, SLICE_MS)
          slice = Math.max(slice, performance.now() - began)
        }
      },
      facts: () => ({ longestAnnounceMs: announce, longestSliceMs: slice }),
    }
  },
}

export const announceBenches: readonly Bench[] = [
  storeBench(1000, 500_000),
  storeBench(100_000, 1_000_000),
  udpBench,
  httpBench,
  pauseBench,
]
