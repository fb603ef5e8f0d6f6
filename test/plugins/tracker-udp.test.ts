import { expect } from 'chai'
import fc from 'fast-check'
import { endpointOf } from '../../core/base/address.js'
import { readU32, writeU32 } from '../../core/base/bytes.js'
import { BatchedDatagrams, Datagrams, NameLookup, Tracker, TrackerServers } from '../../core/contracts/index.js'
import {
  readUdpAnnounceReply,
  readUdpConnectReply,
  readUdpError,
  readUdpScrapeReply,
  udpReplyAction,
  writeUdpAnnounce,
  writeUdpConnect,
  writeUdpScrape,
} from '../../core/protocol/tracker-udp-client.js'
import { UdpAction } from '../../core/protocol/tracker-udp.js'
import udpPlugin from '../../plugins/tracker-udp/index.js'
import { infoHash, loadPlugin, register, trackerServerCases } from '../conformance/index.js'
import { portableHere } from './portable-here.js'
import { directNames, DirectDatagrams, ipOf, textsOf, ThreadedDatagrams, trackerService } from './tracker-nets.js'
import type { Endpoint } from '../../core/base/address.js'
import type { AnnounceRequest, TrackerService } from '../../core/contracts/index.js'
import type { UdpAnnounce, UdpConnectionId } from '../../core/protocol/tracker-udp-client.js'
import type { ServerUnderTest } from '../conformance/index.js'

const none = new Uint8Array(0)
const addresses = { 4: ipOf('192.0.2.9'), 6: ipOf('2001:db8::9') }
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

/** A client of the server under test, at any address. */
class Client {
  private transaction = 100

  constructor(readonly net: DirectDatagrams) {}

  async connect(from: Endpoint): Promise<UdpConnectionId> {
    const packet = new Uint8Array(16)
    writeUdpConnect(packet, ++this.transaction)
    const id = readUdpConnectReply((await this.net.ask(packet, from)) ?? none)
    if (id === null) throw new Error('no connection id')
    return id
  }

  packet(id: UdpConnectionId, over: Partial<UdpAnnounce> = {}, urlData = none): Uint8Array {
    const packet = new Uint8Array(2000)
    return packet.slice(0, writeUdpAnnounce(packet, id, ++this.transaction, { ...announce, ...over }, urlData))
  }

  async send(packet: Uint8Array, from: Endpoint): Promise<Uint8Array | null> {
    const transaction = readU32(packet, 12)
    const reply = await this.net.ask(packet, from)
    if (reply !== null) expect(readU32(reply, 4)).to.equal(transaction)
    return reply
  }

  async announce(from: Endpoint, over: Partial<UdpAnnounce> = {}) {
    const reply = (await this.send(this.packet(await this.connect(from), over), from)) ?? none
    if (udpReplyAction(reply) === UdpAction.Error) return readUdpError(reply)
    return readUdpAnnounceReply(reply, from.family) ?? 'no reply'
  }

  async scrape(hashes: readonly Uint8Array[], from: Endpoint): Promise<Uint8Array> {
    const packet = new Uint8Array(16 + 20 * hashes.length)
    writeUdpScrape(packet, await this.connect(from), ++this.transaction, hashes)
    return (await this.send(packet, from)) ?? none
  }
}

type Io = 'dgram' | 'mmsg'

async function loadWith(service: TrackerService, options: object = {}, io: Io = 'dgram') {
  const threads = new ThreadedDatagrams()
  const net = io === 'mmsg' ? threads : new DirectDatagrams()
  const movable = io === 'mmsg' ? withThreads(service) : service
  const loaded = await loadPlugin(udpPlugin, { listen: '[::]:0', threads: 2, io, ...options }, [
    [Tracker, movable],
    [Datagrams, io === 'dgram' ? net : new DirectDatagrams()],
    [BatchedDatagrams, threads],
    [NameLookup, directNames],
  ])
  return { net, threads, client: new Client(net), loaded }
}

/** The service as it is, in threads that are all here. */
function withThreads(service: TrackerService): TrackerService {
  const ended: number[] = []
  return Object.assign(Object.create(service) as TrackerService, {
    inThread: portableHere(service),
    ended,
    threadEnded: (number: number) => void ended.push(number),
  })
}

async function open(service: TrackerService, io: Io): Promise<ServerUnderTest> {
  const { net, client, loaded } = await loadWith(service, {}, io)
  const [server] = loaded.provided(TrackerServers)
  if (server === undefined) throw new Error('no server')
  return {
    server,
    addresses,
    announce: (asked, family) => client.announce(endpointOf(addresses[family], 5000 + asked.port), asked),
    async scrape(hashes, family) {
      const reply = await client.scrape(hashes, endpointOf(addresses[family], 5000))
      if (udpReplyAction(reply) === UdpAction.Error) return readUdpError(reply)
      return readUdpScrapeReply(reply, hashes.length) ?? 'no reply'
    },
    async close() {
      await loaded.stop()
      expect(net.listening).to.deep.equal([])
    },
  }
}

register(
  'tracker-udp: contract, io dgram',
  trackerServerCases(service => open(service, 'dgram')),
)
register(
  'tracker-udp: contract, io mmsg',
  trackerServerCases(service => open(service, 'mmsg'), { later: false }),
)

for (const io of ['dgram', 'mmsg'] as const) describe(`tracker-udp, io ${io}`, () => wire(io))

function wire(io: Io): void {
  const load = (service: TrackerService, options: object = {}) => loadWith(service, options, io)
  const from = endpointOf(ipOf('192.0.2.1'), 5000)
  const other = endpointOf(ipOf('192.0.2.2'), 5000)

  it('names its URLs once it listens', async () => {
    const { loaded } = await load(trackerService(), { listen: ['127.0.0.1:7001', '0.0.0.0:7002'] })
    expect(loaded.provided(TrackerServers)[0]?.announceUrls).to.deep.equal([
      'udp://127.0.0.1:7001/announce',
      'udp://192.0.2.50:7002/announce',
    ])
  })

  it('serves peers of the sender address and the announced port, by family', async () => {
    const { client } = await load(trackerService())
    const v6 = endpointOf(ipOf('2001:db8::1'), 5000)
    await client.announce(from, { port: 1001 })
    await client.announce(other, { port: 1002, left: 0 })
    await client.announce(v6, { port: 1003 })
    const mine = await client.announce(endpointOf(ipOf('192.0.2.3'), 1))
    const yours = await client.announce(endpointOf(ipOf('2001:db8::2'), 1))
    if (typeof mine === 'string' || typeof yours === 'string') throw new Error('refused')
    expect(textsOf(mine.peers)).to.deep.equal(['192.0.2.1:1001', '192.0.2.2:1002'])
    expect([mine.seeders, mine.leechers]).to.deep.equal([1, 2])
    expect(textsOf(yours.peers)).to.deep.equal(['[2001:db8::1]:1003'])
  })

  it('takes a v4-mapped sender for what it is', async () => {
    const { client } = await load(trackerService())
    await client.announce(from)
    const mapped = endpointOf(ipOf('::ffff:192.0.2.4'), 9)
    const answer = await client.announce(mapped)
    expect(typeof answer === 'string' ? answer : textsOf(answer.peers)).to.deep.equal(['192.0.2.1:6881'])
  })

  it('never believes the address field of the packet', async () => {
    const { client } = await load(trackerService())
    const packet = client.packet(await client.connect(from))
    writeU32(packet, 84, 0x09090909)
    await client.send(packet, from)
    const answer = await client.announce(other)
    expect(typeof answer === 'string' ? answer : textsOf(answer.peers)).to.deep.equal(['192.0.2.1:6881'])
  })

  it('says why it refuses, and nothing where the refusal is quiet', async () => {
    for (const [refusal, told] of [
      [{ reason: 'gone', retryMinutes: 'never' }, 'gone'],
      [{ reason: 'too fast', retryMinutes: 1, quiet: true }, null],
    ] as const) {
      const { client } = await load(trackerService([{ admit: () => refusal }]))
      const reply = await client.send(client.packet(await client.connect(from)), from)
      expect(reply === null ? null : readUdpError(reply)).to.equal(told)
    }
  })

  it('refuses a scrape from whom the service does not let scrape', async () => {
    const seen: Uint8Array[] = []
    const service = Object.assign(trackerService(), {
      admitScraper(ip: Uint8Array) {
        seen.push(ip.slice())
        return 'too fast'
      },
    })
    const { client } = await load(service)
    expect(readUdpError(await client.scrape([infoHash(1)], from))).to.equal('too fast')
    expect(seen).to.deep.equal([from.ip])
  })

  it('hands BEP 41 options to policies, and refuses broken ones', async () => {
    const seen: string[] = []
    const policy = {
      admit(request: AnnounceRequest) {
        seen.push(request.urlData === null ? 'none' : new TextDecoder().decode(request.urlData))
        return null
      },
    }
    const { client } = await load(trackerService([policy]))
    const id = await client.connect(from)
    await client.send(client.packet(id), from)
    await client.send(client.packet(id, {}, new TextEncoder().encode('/announce?key=1')), from)
    expect(seen).to.deep.equal(['none', '/announce?key=1'])
    const broken = Uint8Array.of(...client.packet(id), 2, 50, 1)
    expect(udpReplyAction((await client.send(broken, from)) ?? none)).to.equal(UdpAction.Error)
  })

  it('gives up to 200 IPv4 or 67 IPv6 peers in 1,232 bytes', async () => {
    const { client } = await load(trackerService([], { maxPeersPerAddress: 5000 }))
    for (const family of [4, 6] as const) {
      const at = endpointOf(addresses[family], 5000)
      for (let port = 1; port <= 300; port++) await client.announce(at, { port })
      const id = await client.connect(at)
      const reply = (await client.send(client.packet(id, { numWant: 10_000 }), at)) ?? none
      expect(reply.length).to.be.at.most(1232)
      expect(readUdpAnnounceReply(reply, family)?.peers.length).to.equal(family === 4 ? 200 : 67)
    }
  })

  it('counts the family of the sender in a scrape, 74 hashes at most, zeros for what is not admitted', async () => {
    const hidden = infoHash(3)
    const { client } = await load(
      trackerService([{ admit: () => null, admitScrape: hash => hash.join() !== hidden.join() }]),
    )
    await client.announce(from, { infoHash: infoHash(1) })
    await client.announce(from, { infoHash: hidden })
    await client.announce(endpointOf(addresses[6], 1), { infoHash: infoHash(1), left: 0 })
    const counts = readUdpScrapeReply(await client.scrape([hidden, infoHash(1), infoHash(9)], from), 3)
    expect(counts).to.deep.equal([
      { seeders: 0, leechers: 0, completed: 0 },
      { seeders: 0, leechers: 1, completed: 0 },
      { seeders: 0, leechers: 0, completed: 0 },
    ])
    const many = Array.from({ length: 74 }, (_, i) => infoHash(i))
    expect(await client.scrape(many, from)).to.have.length(8 + 74 * 12)
  })

  describe('says nothing', () => {
    const request = async (client: Client): Promise<Uint8Array> => client.packet(await client.connect(from))

    for (const [what, id] of [
      ['the magic', { high: 0x417, low: 0x27101980 }],
      ['zeros', { high: 0, low: 0 }],
      ['all ones', { high: 0xffffffff, low: 0xffffffff }],
    ] as const) {
      it(`to ${what} as connection id`, async () => {
        const { client } = await load(trackerService())
        expect(await client.send(client.packet(id), from)).to.equal(null)
        const scrape = new Uint8Array(36)
        writeUdpScrape(scrape, id, 1, [infoHash(1)])
        expect(await client.send(scrape, from)).to.equal(null)
      })
    }

    it('to an inverted id, or one of another address', async () => {
      const { client } = await load(trackerService())
      const { high, low } = await client.connect(from)
      expect(await client.send(client.packet({ high: ~high >>> 0, low: ~low >>> 0 }), from)).to.equal(null)
      expect(await client.send(client.packet({ high, low }), other)).to.equal(null)
      expect(await client.send(client.packet({ high, low }), from)).to.not.equal(null)
    })

    it('to an id of more than two minutes ago', async () => {
      const { client, net } = await load(trackerService())
      const id = await client.connect(from)
      net.now += 119_000
      expect(await client.send(client.packet(id), from)).to.not.equal(null)
      net.now += 2_000
      expect(await client.send(client.packet(id), from)).to.equal(null)
    })

    it('to packets that are no request, however right their id', async () => {
      const { client } = await load(trackerService())
      const good = await request(client)
      for (let length = 0; length < 98; length++) {
        expect(await client.net.ask(good.slice(0, length), from), `${length} bytes`).to.equal(null)
      }
      const unknown = good.slice()
      writeU32(unknown, 8, 4)
      expect(await client.net.ask(unknown, from)).to.equal(null)
      const long = new Uint8Array(2000)
      long.set(good)
      expect(await client.net.ask(long, from)).to.equal(null)
      const short = new Uint8Array(15)
      short.set(good.subarray(0, 15))
      expect(await client.net.ask(short, from)).to.equal(null)
    })

    it('S-22 (g): to a sender without a port', async () => {
      const { client } = await load(trackerService())
      const packet = new Uint8Array(16)
      writeUdpConnect(packet, 1)
      expect(await client.net.ask(packet, endpointOf(from.ip, 0))).to.equal(null)
    })

    it('longer than what came to anything without a right id', async () => {
      const { client } = await load(trackerService())
      const bytes = fc.uint8Array({ minLength: 0, maxLength: 200 })
      const action = fc.integer({ min: 0, max: 4 })
      await fc.assert(
        fc.asyncProperty(bytes, action, fc.boolean(), async (packet, kind, magic) => {
          if (packet.length >= 12) writeU32(packet, 8, kind)
          if (packet.length >= 8 && magic) packet.set([0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80])
          const { length } = packet
          const reply = await client.net.ask(packet, from)
          expect(reply?.length ?? 0).to.be.at.most(length)
        }),
        { numRuns: 1000 },
      )
    })
  })

  it('answers an announce that is wrong, under a right id, with an error', async () => {
    const { client } = await load(trackerService([], { maxSwarms: 1 }))
    expect(await client.announce(from, { port: 0 })).to.match(/port/)
    const seven = client.packet(await client.connect(from))
    writeU32(seven, 80, 7)
    expect(udpReplyAction((await client.send(seven, from)) ?? none)).to.equal(UdpAction.Error)
    await client.announce(from)
    expect(await client.announce(from, { infoHash: infoHash(5) })).to.match(/full/)
  })
}
