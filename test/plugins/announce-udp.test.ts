import { expect } from 'chai'
import {
  endpointOf,
  formatEndpoint,
  parseEndpoint,
  parseIp,
  sameEndpoint,
  type Endpoint,
} from '../../core/base/address.js'
import { latin1 } from '../../core/base/bytes.js'
import { NodeError } from '../../core/base/errors.js'
import { createRandom } from '../../core/base/random.js'
import { Datagrams, NameLookup, type DatagramNet, type Names } from '../../core/contracts/host.js'
import type { TrackerCounts } from '../../core/contracts/tracker-client.js'
import { TrackerClients, type AnnounceResult, type TrackerClient } from '../../core/contracts/tracker-client.js'
import { emptyAnnounce } from '../../core/protocol/announce-fields.js'
import { compactPeers } from '../../core/protocol/compact-peers.js'
import { infoHashOf, peerIdOf } from '../../core/protocol/ids.js'
import {
  readUdpAnnounce,
  readUdpScrape,
  UdpAction,
  udpRequestKind,
  udpTransaction,
  writeUdpAnnounceHead,
  writeUdpConnectReply,
  writeUdpError,
  writeUdpScrapeEntry,
  writeUdpScrapeHead,
} from '../../core/protocol/tracker-udp.js'
import { UdpExchange } from '../../plugins/announce-udp/exchange.js'
import { UdpTrackerClient } from '../../plugins/announce-udp/udp-tracker-client.js'
import {
  loadPlugin,
  ManualClock,
  register,
  trackerClientCases,
  type HeardAnnounce,
  type TrackerWords,
} from '../conformance/index.js'
import plugin from '../../plugins/announce-udp/index.js'

type OnPacket = (bytes: Uint8Array, from: Endpoint) => void

/** A UDP tracker in memory, behind a datagram net that has nothing else. */
class MemoryTracker implements DatagramNet {
  readonly heard: HeardAnnounce[] = []
  /** "c", "a" or "s" for each packet that came, at which second. */
  readonly packets: string[] = []
  readonly urlData: string[] = []
  words: TrackerWords = { interval: 1800, seeders: 1, leechers: 1, peers: [] }
  readonly wordForPaused = false
  counts: (infoHash: Uint8Array) => TrackerCounts | undefined = () => undefined
  /** Packets of these kinds are lost. */
  deafTo = ''
  /** Sees every reply before it goes; what it returns is delivered in order. */
  onReply: (reply: Uint8Array, from: Endpoint) => [Uint8Array, Endpoint][] = (reply, from) => [[reply, from]]
  sockets = 0
  private issued = 0

  constructor(
    readonly clock: ManualClock,
    readonly at = parseEndpoint('192.0.2.1:6969')!,
    readonly families: readonly number[] = [4],
  ) {}

  bind(local: Endpoint, onPacket: OnPacket): ReturnType<DatagramNet['bind']> {
    if (!this.families.includes(local.family)) {
      return Promise.reject(new NodeError('ERR_DATAGRAM_BIND', 'operator', 'no such family'))
    }
    this.sockets++
    return Promise.resolve({
      local,
      traffic: () => [],
      send: (bytes, to) => this.take(bytes.slice(), to, onPacket),
      close: () => Promise.resolve(void this.sockets--),
    })
  }

  serve(): never {
    throw new Error('not used')
  }

  /** Connection ids given out so far are void. */
  forget(): void {
    this.issued += 1000
  }

  private take(packet: Uint8Array, to: Endpoint, deliver: OnPacket): void {
    const kind = 'cas'[udpRequestKind(packet)] ?? '?'
    this.packets.push(`${this.clock.now() / 1000}${kind}`)
    if (!sameEndpoint(to, this.at) || this.deafTo.includes(kind)) return
    const out = new Uint8Array(2000)
    const length = this.answer(packet, out)
    if (length === 0) return
    for (const [reply, from] of this.onReply(out.slice(0, length), this.at)) queueMicrotask(() => deliver(reply, from))
  }

  private answer(packet: Uint8Array, out: Uint8Array): number {
    const transaction = udpTransaction(packet)
    const kind = udpRequestKind(packet)
    if (kind === UdpAction.Connect) return writeUdpConnectReply(out, transaction, 77, ++this.issued)
    if (packet[3] !== 77 || ((packet[6]! << 8) | packet[7]!) < this.issued - 999) {
      return writeUdpError(out, transaction, 'Connection ID mismatch.')
    }
    if (kind === UdpAction.Scrape) {
      let length = writeUdpScrapeHead(out, transaction)
      readUdpScrape(packet).forEach((hash, i) => {
        const { seeders, completed, leechers } = this.counts(hash) ?? { seeders: 0, completed: 0, leechers: 0 }
        length = writeUdpScrapeEntry(out, i, seeders, completed, leechers)
      })
      return length
    }
    const { urlData, ...fields } = emptyAnnounce()
    const into = { urlData, ...fields }
    if (readUdpAnnounce(packet, into) !== null) return 0
    this.urlData.push(into.urlData === null ? '' : latin1(into.urlData))
    const { urlData: _, ...heard } = into
    this.heard.push({ ...heard, transaction })
    if (this.words === 'silence') return 0
    if ('refusal' in this.words) return writeUdpError(out, transaction, this.words.refusal)
    const { interval, leechers, seeders, peers } = this.words
    const head = writeUdpAnnounceHead(out, transaction, interval, leechers, seeders)
    const compact = compactPeers(peers, this.at.family)
    out.set(compact, head)
    return head + compact.length
  }
}

function setting(net: MemoryTracker, seed = 1, found: string[] = ['192.0.2.1'], own: string[] = []) {
  const ips = found.map(text => parseIp(text)!)
  const names: Names = { own: () => own.map(text => parseIp(text)!), resolve: () => Promise.resolve(ips) }
  const exchange = new UdpExchange(net, net.clock, createRandom(seed))
  return { exchange, client: new UdpTrackerClient(exchange, names, net.clock) }
}

function announce(client: TrackerClient, href = 'udp://tracker.example:6969', signal = new AbortController().signal) {
  const request = {
    infoHash: infoHashOf(new Uint8Array(20))!,
    peerId: peerIdOf(new Uint8Array(20))!,
    event: 0 as const,
    left: 1,
    uploaded: 0,
    downloaded: 0,
    numWant: 50,
    key: 1,
    port: 6881,
  }
  return client.announce({ url: new URL(href), request }, signal)
}

describe('announce-udp', () => {
  register(
    'tracker-client contract',
    trackerClientCases(seed => {
      const net = new MemoryTracker(new ManualClock())
      const { client, exchange } = setting(net, seed)
      return Promise.resolve(
        Object.assign(net, {
          client,
          url: new URL('udp://tracker.example:6969/s3cr3tkey/announce'),
          close: () => exchange.close(),
        }),
      )
    }),
  )

  it('asks again after 15, 30, 60 seconds and so on, eight times', async () => {
    const net = new MemoryTracker(new ManualClock(0))
    net.deafTo = 'c'
    const { client } = setting(net)
    const error = announce(client).catch((reason: unknown) => reason)
    await net.clock.advance(15_000 * 511)
    expect(net.packets).to.deep.equal(['0c', '15c', '45c', '105c', '225c', '465c', '945c', '1905c', '3825c'])
    expect(await error).to.include({ code: 'ERR_ANNOUNCE_UDP_TIMEOUT', blame: 'remote' })
    expect(net.clock.pending).to.equal(0)
  })

  it('starts over with the request once a connection id was given after long silence', async () => {
    const net = new MemoryTracker(new ManualClock(0))
    net.deafTo = 'c'
    const { client } = setting(net)
    const result = announce(client)
    await net.clock.advance(100_000)
    net.deafTo = 'a'
    await net.clock.advance(10_000)
    net.deafTo = ''
    await net.clock.advance(10_000)
    expect(net.packets).to.deep.equal(['0c', '15c', '45c', '105c', '105a', '120a'])
    expect((await result).interval).to.equal(1800)
  })

  it('gives up a tracker that answers every connect and never a request', async () => {
    const net = new MemoryTracker(new ManualClock(0))
    net.deafTo = 'a'
    const error = announce(setting(net).client).catch((reason: unknown) => reason)
    await net.clock.advance(15_000 * 511)
    expect(net.packets.filter(packet => packet.endsWith('a'))).to.have.length(9)
    expect(await error).to.include({ code: 'ERR_ANNOUNCE_UDP_TIMEOUT' })
    expect(net.clock.pending).to.equal(0)
  })

  it('asks for a new connection id once the old one is a minute old', async () => {
    const net = new MemoryTracker(new ManualClock(0))
    net.deafTo = 'a'
    const { client } = setting(net)
    const result = announce(client)
    await net.clock.advance(106_000)
    net.deafTo = ''
    await net.clock.advance(200_000)
    expect(net.packets).to.deep.equal(['0c', '0a', '15a', '45a', '105c', '105a', '225c', '225a'])
    expect((await result).interval).to.equal(1800)
  })

  it('uses a connection id for a minute, whatever the torrent', async () => {
    const net = new MemoryTracker(new ManualClock(0))
    const { client } = setting(net)
    await announce(client)
    await net.clock.advance(59_000)
    await announce(client)
    await net.clock.advance(1000)
    await announce(client)
    expect(net.packets).to.deep.equal(['0c', '0a', '59a', '60c', '60a'])
  })

  it('gets a new connection id at once when the tracker has forgotten the old one', async () => {
    const net = new MemoryTracker(new ManualClock(0))
    const { client } = setting(net)
    await announce(client)
    net.forget()
    await announce(client)
    expect(net.packets).to.deep.equal(['0c', '0a', '0a', '0c', '0a'])
  })

  it('is not taken in by replies of others: from another port or address, with another transaction, too short', async () => {
    const net = new MemoryTracker(new ManualClock(0))
    net.words = { interval: 1800, seeders: 5, leechers: 0, peers: [parseEndpoint('192.0.2.7:7')!] }
    const forged: [Uint8Array, Endpoint][] = []
    net.onReply = (reply, from) => {
      const other = reply.slice()
      other[7]! ^= 1
      const wrongAction = reply.slice()
      wrongAction[3] = 2
      const lies: [Uint8Array, Endpoint][] = [
        [reply, endpointOf(from.ip, from.port + 1)],
        [reply, endpointOf(parseIp('192.0.2.2')!, from.port)],
        [other, from],
        [reply.subarray(0, 7), from],
        [reply.subarray(0, reply.length < 20 ? 15 : 19), from],
        [wrongAction, from],
        [new Uint8Array(0), from],
      ]
      forged.push(...lies)
      return [...lies, [reply, from]]
    }
    const result = await announce(setting(net).client)
    expect(forged).to.have.length(14)
    expect(result.seeders).to.equal(5)
    expect(result.peers.map(formatEndpoint)).to.deep.equal(['192.0.2.7:7'])
  })

  it('takes a reply that ends in the middle of a peer', async () => {
    const net = new MemoryTracker(new ManualClock(0))
    net.words = {
      interval: 1800,
      seeders: 0,
      leechers: 0,
      peers: ['192.0.2.7:7', '192.0.2.8:8'].map(t => parseEndpoint(t)!),
    }
    net.onReply = (reply, from) => [[reply.length === 32 ? reply.subarray(0, 29) : reply, from]]
    const result = await announce(setting(net).client)
    expect(result.peers.map(formatEndpoint)).to.deep.equal(['192.0.2.7:7'])
  })

  it('takes a late reply to an earlier sending', async () => {
    const net = new MemoryTracker(new ManualClock(0))
    const late: [Uint8Array, Endpoint][] = []
    const client = setting(net).client
    net.onReply = (reply, from) => {
      if (reply[3] !== UdpAction.Announce) return [[reply, from]]
      const earlier = late.splice(0)
      late.push([reply, from])
      return earlier
    }
    const result = announce(client)
    await net.clock.advance(15_000)
    expect(net.packets).to.deep.equal(['0c', '0a', '15a'])
    expect((await result).interval).to.equal(1800)
  })

  it('tells the tracker the path and query of its URL (BEP 41)', async () => {
    const net = new MemoryTracker(new ManualClock(0))
    const { client } = setting(net)
    const long = `/${'k'.repeat(300)}`
    for (const path of ['', '/', '/announce', '/announce?passkey=abc', long]) {
      await announce(client, `udp://tracker.example:6969${path}`)
    }
    expect(net.urlData).to.deep.equal(['', '', '/announce', '/announce?passkey=abc', long])
  })

  it('reads IPv6 peers from a tracker reached over IPv6', async () => {
    const net = new MemoryTracker(new ManualClock(0), parseEndpoint('[2001:db8::1]:6969')!, [6])
    net.words = { interval: 1800, seeders: 0, leechers: 0, peers: [parseEndpoint('[2001:db8::7]:7')!] }
    const result: AnnounceResult = await announce(setting(net, 1, ['2001:db8::1']).client)
    expect(result.peers.map(formatEndpoint)).to.deep.equal(['[2001:db8::7]:7'])
  })

  it('passes over addresses of a family this machine lacks, and says so where none is left', async () => {
    const net = new MemoryTracker(new ManualClock(0))
    const { client } = setting(net, 1, ['2001:db8::1', '192.0.2.1'], ['192.0.2.9'])
    await announce(client)
    expect(net.packets).to.deep.equal(['0c', '0a'])
    const unbindable = setting(net, 1, ['2001:db8::1', '192.0.2.1'])
    await announce(unbindable.client)
    const error: unknown = await announce(setting(net, 1, ['2001:db8::1']).client).catch((reason: unknown) => reason)
    expect(error).to.include({ code: 'ERR_ANNOUNCE_UDP_UNREACHABLE', blame: 'remote' })
  })

  it('does not ask the system for its own addresses where there is nothing to choose', async () => {
    const net = new MemoryTracker(new ManualClock(0))
    let asked = 0
    for (const found of [['192.0.2.1'], ['192.0.2.1', '192.0.2.2'], ['192.0.2.1', '2001:db8::1']]) {
      const names: Names = {
        own: () => (asked++, [parseIp('192.0.2.9')!]),
        resolve: () => Promise.resolve(found.map(text => parseIp(text)!)),
      }
      const client = new UdpTrackerClient(new UdpExchange(net, net.clock, createRandom(1)), names, net.clock)
      await announce(client)
      expect(asked).to.equal(found.includes('2001:db8::1') ? 1 : 0)
    }
  })

  it('tries the next address of a name when one is silent', async () => {
    const net = new MemoryTracker(new ManualClock(0))
    const result = announce(setting(net, 1, ['192.0.2.2', '192.0.2.1']).client)
    await net.clock.advance(15_000)
    expect(net.packets).to.deep.equal(['0c', '15c', '15a'])
    expect((await result).interval).to.equal(1800)
  })

  it('closes what it opened, and ends what is under way', async () => {
    const net = new MemoryTracker(new ManualClock(0))
    const { client, exchange } = setting(net)
    await announce(client)
    net.words = 'silence'
    const error = announce(client).catch((reason: unknown) => reason)
    await net.clock.advance(1)
    expect(net.sockets).to.equal(1)
    await exchange.close()
    expect(await error).to.include({ code: 'ERR_ANNOUNCE_UDP_ABORTED' })
    expect(net.sockets).to.equal(0)
    expect(net.clock.pending).to.equal(0)
  })

  it('opens nothing for an announce whose name was resolved only after the close', async () => {
    const net = new MemoryTracker(new ManualClock(0))
    const { client, exchange } = setting(net)
    const error = announce(client).catch((reason: unknown) => reason)
    await exchange.close()
    expect(await error).to.include({ code: 'ERR_ANNOUNCE_UDP_ABORTED' })
    expect(net.sockets).to.equal(0)
    expect(net.clock.pending).to.equal(0)
  })

  it('is loaded as a plugin that speaks udp, and closes its sockets with the node', async () => {
    const net = new MemoryTracker(new ManualClock())
    const names: Names = { own: () => [], resolve: () => Promise.resolve([parseIp('192.0.2.1')!]) }
    const loaded = await loadPlugin(plugin, {}, [
      [Datagrams, net],
      [NameLookup, names],
    ])
    const client = loaded.provided(TrackerClients).get('udp')
    await announce(client)
    expect(net.heard).to.have.length(1)
    expect(net.sockets).to.equal(1)
    await loaded.stop()
    expect(net.sockets).to.equal(0)
  })
})
