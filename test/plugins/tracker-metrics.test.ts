// What the tracker and its UDP server count, and what they tell the log of it.
import { expect } from 'chai'
import { endpointOf } from '../../core/base/address.js'
import { silentLogger } from '../../core/base/log.js'
import {
  AnnouncePolicies,
  Datagrams,
  MetricSources,
  NameLookup,
  SwarmStores,
  Tracker,
} from '../../core/contracts/index.js'
import {
  readUdpConnectReply,
  writeUdpAnnounce,
  writeUdpConnect,
  writeUdpScrape,
} from '../../core/protocol/tracker-udp-client.js'
import storePlugin from '../../plugins/swarm-store-memory/index.js'
import trackerPlugin from '../../plugins/tracker/index.js'
import udpPlugin from '../../plugins/tracker-udp/index.js'
import { infoHash, loadPlugin, ManualClock, metricSourceCases, register } from '../conformance/index.js'
import { directNames, DirectDatagrams, ipOf, trackerService } from './tracker-nets.js'
import type { Logger } from '../../core/base/log.js'
import type {
  AnnouncePolicy,
  Answering,
  DatagramNet,
  DatagramSocket,
  DatagramTraffic,
  Endpoint,
  MetricSource,
  TrackerService,
} from '../../core/contracts/index.js'
import type { UdpAnnounce, UdpConnectionId } from '../../core/protocol/tracker-udp-client.js'
import type { PluginUnderTest } from '../conformance/index.js'

/** By name and labels: "failures_total udp bad_id". */
function figuresOf(loaded: PluginUnderTest): Record<string, number> {
  const values: Record<string, number> = {}
  for (const metric of loaded.provided(MetricSources).flatMap(source => source.metrics)) {
    metric.read((value, ...labels) => void (values[[metric.name, ...labels].join(' ')] = value))
  }
  return values
}

function only(loaded: PluginUnderTest): MetricSource {
  const [source] = loaded.provided(MetricSources)
  return source ?? expect.fail('no source of metrics')
}

const announce: UdpAnnounce = {
  infoHash: infoHash(1),
  peerId: infoHash(2),
  event: 0,
  left: 1,
  uploaded: 0,
  downloaded: 0,
  numWant: -1,
  key: 1,
  port: 6881,
}

const NOBODY: UdpConnectionId = { high: 1, low: 2 }

/** A net whose sockets say of themselves what a test wants them to. */
class WatchedDatagrams implements DatagramNet {
  readonly direct = new DirectDatagrams()
  traffic: DatagramTraffic[] = [{ received: 0, sent: 0, dropped: null }]
  trouble: string | null = null

  bind(): Promise<DatagramSocket> {
    return this.direct.bind()
  }

  async serve(at: Endpoint, answering: Answering): Promise<DatagramSocket> {
    const socket = await this.direct.serve(at, answering)
    return { ...socket, traffic: () => this.traffic, trouble: () => this.trouble }
  }
}

class UdpBed {
  readonly net = new WatchedDatagrams()
  readonly clock = new ManualClock()
  readonly lines: string[] = []
  private loadedPlugin: PluginUnderTest | null = null

  async open(service: TrackerService = trackerService()): Promise<this> {
    const log: Logger = {
      ...silentLogger,
      child: () => log,
      debug: text => void this.lines.push(`debug ${text}`),
      warn: text => void this.lines.push(`warn ${text}`),
    }
    const given = [[Tracker, service] as const, [Datagrams, this.net] as const, [NameLookup, directNames] as const]
    const host = { clock: this.clock, log }
    this.loadedPlugin = await loadPlugin(udpPlugin, { listen: '127.0.0.1:6969', io: 'dgram' }, given, { host })
    return this
  }

  get loaded(): PluginUnderTest {
    return this.loadedPlugin ?? expect.fail('not open')
  }

  async connect(from: Endpoint): Promise<UdpConnectionId> {
    const packet = new Uint8Array(16)
    writeUdpConnect(packet, 1)
    return readUdpConnectReply((await this.ask(packet, from)) ?? packet) ?? expect.fail('no connection id')
  }

  async announce(from: Endpoint, over: Partial<UdpAnnounce> = {}, id?: UdpConnectionId): Promise<void> {
    const packet = new Uint8Array(200)
    const length = writeUdpAnnounce(packet, id ?? (await this.connect(from)), 2, { ...announce, ...over }, EMPTY)
    await this.ask(packet.slice(0, length), from)
  }

  ask(packet: Uint8Array, from: Endpoint): Promise<Uint8Array | null> {
    return this.net.direct.ask(packet, from)
  }
}

const EMPTY = new Uint8Array(0)
const somebody = endpointOf(ipOf('192.0.2.1'), 1000)

register(
  'tracker-udp, what it counts: contract',
  metricSourceCases(async () => {
    const bed = await new UdpBed().open()
    return {
      source: only(bed.loaded),
      work: () => bed.announce(somebody),
      close: () => bed.loaded.stop(),
    }
  }),
)

register(
  'tracker, what it counts: contract',
  metricSourceCases(async () => {
    const store = await loadPlugin(storePlugin)
    const loaded = await loadPlugin(trackerPlugin, {}, [[SwarmStores, store.provided(SwarmStores)]])
    const bed = await new UdpBed().open(loaded.provided(Tracker))
    let peer = 0
    return {
      source: only(loaded),
      work: () => bed.announce(endpointOf(Uint8Array.of(10, 0, 0, ++peer), 1000)),
      async close() {
        for (const one of [bed.loaded, loaded, store]) await one.stop()
      },
    }
  }),
)

describe('tracker-udp, what it counts', () => {
  it('is what came, by what became of it', async () => {
    const policy: AnnouncePolicy = {
      admit: ({ from }) =>
        from.port === 7 ? 'no' : from.port === 8 ? { reason: 'hush', kind: 'too_fast', quiet: true } : null,
    }
    const bed = await new UdpBed().open(trackerService([policy]))
    for (const port of [1, 2, 3, 7, 7, 8, 0]) await bed.announce(somebody, { port })
    await bed.announce(somebody, {}, NOBODY)
    const scrape = new Uint8Array(36)
    writeUdpScrape(scrape, await bed.connect(somebody), 3, [infoHash(1)])
    await bed.ask(scrape, somebody)
    for (const length of [0, 15, 97]) await bed.ask(new Uint8Array(length), somebody)
    const { udp_received_bytes_total: received = 0, udp_sent_bytes_total: sent = 0, ...figures } = figuresOf(bed.loaded)
    expect(figures).to.deep.equal({
      'announces_total udp': 7,
      'scrapes_total udp': 1,
      udp_connects_total: 8,
      'failures_total udp malformed': 3,
      'failures_total udp bad_id': 1,
      'failures_total udp bad_fields': 1,
      'failures_total udp refused': 2,
      'failures_total udp silenced': 1,
      'failures_total udp fault': 0,
      'packets_received_total 127.0.0.1:6969 0': 0,
      'packets_sent_total 127.0.0.1:6969 0': 0,
    })
    expect(received).to.equal(8 * 16 + 8 * 98 + 36 + 15 + 97)
    expect(sent).to.be.within(8 * 16 + 3 * 20 + 20, received)
  })

  it('is what each thread read and sent, and what the system dropped', async () => {
    const bed = await new UdpBed().open()
    bed.net.traffic = [
      { received: 10, sent: 9, dropped: 0 },
      { received: 20, sent: 19, dropped: 3 },
    ]
    expect(figuresOf(bed.loaded)).to.include({
      'packets_received_total 127.0.0.1:6969 0': 10,
      'packets_received_total 127.0.0.1:6969 1': 20,
      'packets_sent_total 127.0.0.1:6969 1': 19,
      'packets_dropped_total 127.0.0.1:6969 0': 0,
      'packets_dropped_total 127.0.0.1:6969 1': 3,
    })
  })

  it('tells of a socket that is not answered', async () => {
    const bed = await new UdpBed().open()
    expect(only(bed.loaded).trouble?.()).to.equal(null)
    bed.net.trouble = '1 of 2 threads is gone'
    expect(only(bed.loaded).trouble?.()).to.equal('1 of 2 threads is gone')
  })

  it('is told in one line a class and a second, whatever comes', async () => {
    const bed = await new UdpBed().open()
    bed.lines.length = 0
    for (let i = 0; i < 2000; i++) {
      await bed.ask(new Uint8Array(i % 15), somebody)
      await bed.announce(somebody, {}, NOBODY)
    }
    bed.net.traffic = [{ received: 0, sent: 0, dropped: 1_234_567 }]
    await bed.clock.advance(10_000)
    expect(bed.lines).to.deep.equal([
      'debug UDP tracker: 2,000 packets that are no request in the last second',
      'debug UDP tracker: 2,000 packets with wrong connection ids in the last second',
      'warn UDP tracker: 1,234,567 packets dropped by the system, as they came faster than they were read in the last second',
    ])
    await bed.loaded.stop()
    expect(bed.clock.pending).to.equal(0)
  })
})

describe('tracker, what it counts', () => {
  it('is what it holds, what it may hold, and whom it refused and why', async () => {
    const store = await loadPlugin(storePlugin)
    const policy: AnnouncePolicy = {
      admit({ infoHash }) {
        if (infoHash[0] === 2) return { reason: 'not here', kind: 'not_tracked' }
        if (infoHash[0] === 3) return 'no'
        if (infoHash[0] === 4) throw new Error('broken')
        return null
      },
    }
    const given = [[SwarmStores, store.provided(SwarmStores)] as const, [AnnouncePolicies, policy] as const]
    const loaded = await loadPlugin(trackerPlugin, { maxSwarms: 1, maxPeers: 500, ratePerPrefix: 10 }, given)
    const bed = await new UdpBed().open(loaded.provided(Tracker))
    const from = (last: number, more = 0): Endpoint => endpointOf(Uint8Array.of(10, 0, more, last), 1000)
    const hash = (first: number): UdpAnnounce['infoHash'] => infoHash(1).fill(first)
    await bed.announce(from(1), { infoHash: hash(1), left: 0 })
    await bed.announce(from(2), { infoHash: hash(1) })
    for (const first of [2, 2, 3, 4, 5]) await bed.announce(from(3), { infoHash: hash(first) })
    for (let i = 0; i < 25; i++) await bed.announce(from(4, 9), { infoHash: hash(1), port: 5 })
    const figures = figuresOf(loaded)
    expect(figures).to.include({
      swarms: 1,
      swarms_limit: 1,
      peers_limit: 500,
      'announces_refused_total not_tracked': 2,
      'announces_refused_total other': 1,
      'announces_refused_total fault': 1,
      'announces_refused_total full': 1,
      'announces_refused_total too_fast': 5,
      'announces_refused_total busy': 0,
    })
    const peers = Object.entries(figures).filter(([name]) => name.startsWith('peers '))
    expect(peers.reduce((sum, [, count]) => sum + count, 0)).to.equal(3)
    for (const one of [bed.loaded, loaded, store]) await one.stop()
  })
})
