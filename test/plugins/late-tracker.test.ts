// A whole tracker over a store on the far side of a network: by HTTP and UDP, out of order, with losses, with silence.
import { expect } from 'chai'
import { endpointOf, formatEndpoint, formatIp } from '../../core/base/address.js'
import { silentLogger } from '../../core/base/log.js'
import { createRandom } from '../../core/base/random.js'
import { Datagrams, Http, NameLookup, SwarmStores, Tracker } from '../../core/contracts/index.js'
import {
  announceUrl,
  readHttpAnnounceReply,
  readHttpScrapeReply,
  scrapeUrl,
} from '../../core/protocol/tracker-http-client.js'
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
import httpPlugin from '../../plugins/tracker-http/index.js'
import udpPlugin from '../../plugins/tracker-udp/index.js'
import trackerPlugin from '../../plugins/tracker/index.js'
import { infoHash, LateSwarmStore, loadPlugin, LOST, ManualClock } from '../conformance/index.js'
import { directNames, DirectDatagrams, DirectHttp } from './tracker-nets.js'
import type { Endpoint } from '../../core/base/address.js'

const base = new URL('http://tracker.example/announce')
const SWARMS = 12
/** No store is waited for longer than this. */
const PATIENCE = 1000

async function load({ losesOneIn = 0, options = {} } = {}) {
  const clock = new ManualClock()
  const faults: string[] = []
  const log = { ...silentLogger, child: () => log, error: (message: string) => void faults.push(message) }
  const host = { clock, log }
  const store = new LateSwarmStore({ clock, random: createRandom(4), mostMs: 300, losesOneIn })
  const tracker = await loadPlugin(trackerPlugin, options, [[SwarmStores, store]], { host })
  const service = [Tracker, tracker.provided(Tracker)] as const
  const [udp, http] = [new DirectDatagrams(), new DirectHttp()]
  const servers = [
    await loadPlugin(udpPlugin, { listen: '[::]:0' }, [service, [Datagrams, udp], [NameLookup, directNames]], { host }),
    await loadPlugin(httpPlugin, { listen: '[::]:0' }, [service, [Http, http], [NameLookup, directNames]], { host }),
  ]
  return {
    store,
    clock,
    faults,
    client: new Client(udp, http),
    async stop() {
      for (const server of servers) await server.stop()
      await tracker.stop()
    },
  }
}

interface Answer {
  readonly failure: string | null
  readonly peers: readonly string[]
  readonly incomplete: number
}

/** Peer `n` and all that follows from its number. */
function endpointFor(n: number): Endpoint {
  const ip =
    n % 2 === 0
      ? Uint8Array.of(10, 9, n >> 8, n)
      : Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, n >> 8, n, 0, 0, 0, 0, 0, 0, 0, 1)
  return endpointOf(ip, 1000 + n)
}
const swarmOf = (n: number): number => (n >> 2) % SWARMS
const byUdp = (n: number): boolean => (n & 2) === 0

class Client {
  constructor(
    private readonly udp: DirectDatagrams,
    private readonly http: DirectHttp,
  ) {}

  announce(n: number): Promise<Answer | null> {
    const { port } = endpointFor(n)
    const asked = { infoHash: infoHash(swarmOf(n)), peerId: infoHash(n), event: 2, left: 1, uploaded: 0 } as const
    const fields = { ...asked, downloaded: 0, numWant: 200, key: n, port }
    return byUdp(n) ? this.announceByUdp(n, fields) : this.announceByHttp(n, fields)
  }

  async scrapeByUdp(n: number): Promise<string | number> {
    const packet = new Uint8Array(36)
    writeUdpScrape(packet, await this.connect(n), n, [infoHash(swarmOf(n))])
    const reply = (await this.udp.ask(packet, endpointFor(n))) ?? new Uint8Array(0)
    if (udpReplyAction(reply) === UdpAction.Error) return readUdpError(reply)
    return readUdpScrapeReply(reply, 1)?.[0]?.leechers ?? -1
  }

  async scrapeByHttp(n: number): Promise<number> {
    const url = scrapeUrl(base, [infoHash(swarmOf(n))]) ?? base
    const { body } = await this.http.ask(url.pathname + url.search, formatIp(endpointFor(n).ip))
    return readHttpScrapeReply(body, [infoHash(swarmOf(n))])[0]?.leechers ?? -1
  }

  private async connect(n: number) {
    const packet = new Uint8Array(16)
    writeUdpConnect(packet, 1)
    const id = readUdpConnectReply((await this.udp.ask(packet, endpointFor(n))) ?? packet)
    if (id === null) throw new Error('no connection id')
    return id
  }

  private async announceByUdp(n: number, fields: Parameters<typeof writeUdpAnnounce>[3]): Promise<Answer | null> {
    const packet = new Uint8Array(98)
    writeUdpAnnounce(packet, await this.connect(n), n, fields, new Uint8Array(0))
    const reply = await this.udp.ask(packet, endpointFor(n))
    if (reply === null) return null
    expect(new DataView(reply.buffer).getUint32(4)).to.equal(n)
    if (udpReplyAction(reply) === UdpAction.Error) return { failure: readUdpError(reply), peers: [], incomplete: 0 }
    const told = readUdpAnnounceReply(reply, endpointFor(n).family)
    if (told === null) throw new Error('no reply')
    return { failure: null, peers: told.peers.map(formatEndpoint), incomplete: told.leechers }
  }

  private async announceByHttp(n: number, fields: Parameters<typeof announceUrl>[1]): Promise<Answer> {
    const url = announceUrl(base, fields)
    const { body } = await this.http.ask(url.pathname + url.search, formatIp(endpointFor(n).ip))
    const { failure, peers, leechers, externalIp } = readHttpAnnounceReply(body)
    if (failure === null) expect(externalIp, `peer ${n}`).to.deep.equal(endpointFor(n).ip)
    return { failure, peers: peers.map(formatEndpoint), incomplete: leechers }
  }
}

describe('a tracker over a store behind a network', () => {
  it('gives everybody the answer to what he asked, however they overtake each other', async () => {
    const { client, clock, store, faults, stop } = await load()
    const count = 480
    const order: number[] = []
    const asked = Array.from({ length: count }, (_, n) => client.announce(n).finally(() => order.push(n)))
    await clock.advance(PATIENCE)
    const answers = await Promise.all(asked)
    expect(store.owedAtMost).to.equal(count)
    expect(order).to.not.deep.equal([...order].sort((a, b) => a - b))
    const counts = new Map<string, number[]>()
    answers.forEach((answer, n) => {
      if (answer === null || answer.failure !== null) throw new Error(`peer ${n} was refused`)
      const mates = new Set(answer.peers)
      expect(mates.size).to.equal(answer.peers.length)
      for (let other = 0; other < count; other++) {
        if (swarmOf(other) === swarmOf(n) && other % 2 === n % 2 && other !== n)
          mates.delete(formatEndpoint(endpointFor(other)))
      }
      expect([...mates], `strangers in the reply to peer ${n}`).to.deep.equal([])
      const key = `${swarmOf(n)}/${n % 2}`
      counts.set(key, [...(counts.get(key) ?? []), answer.incomplete])
    })
    // Whoever came first saw one, the next two: no answer went to two, none was lost.
    for (const seen of counts.values()) {
      expect(seen.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: count / SWARMS / 2 }, (_, i) => i + 1))
    }
    const scrapes = [0, 1, 2, 3].map(n => (byUdp(n) ? client.scrapeByUdp(n) : client.scrapeByHttp(n)))
    await clock.advance(PATIENCE)
    expect(await Promise.all(scrapes)).to.deep.equal([20, 20, 40, 40])
    expect(faults).to.deep.equal([])
    await stop()
    expect(clock.pending).to.equal(0)
  })

  it('tells those whose question was lost, and refuses at a cap, each in the words of his protocol', async () => {
    const { client, clock, faults, stop } = await load({ losesOneIn: 4, options: { maxPeers: 100 } })
    const asked = Array.from({ length: 400 }, (_, n) => client.announce(n))
    await clock.advance(PATIENCE)
    const failures = (await Promise.all(asked)).map(answer => answer?.failure)
    const kinds = new Map<unknown, number>()
    for (const failure of failures) kinds.set(failure, (kinds.get(failure) ?? 0) + 1)
    expect([...kinds.keys()].map(String).sort()).to.deep.equal(['no further peers', 'null', LOST].sort())
    expect(kinds.get(null)).to.equal(100)
    expect(kinds.get(LOST)).to.be.within(50, 150)
    expect(faults).to.deep.equal([])
    await stop()
  })

  it('waits for no store longer than a second, and drops what comes after all', async () => {
    const { client, clock, store, stop } = await load()
    store.hush()
    const asked = [0, 1, 2, 3].map(n => client.announce(n))
    const scrapes = [client.scrapeByUdp(4), client.scrapeByUdp(5)]
    await clock.advance(PATIENCE)
    for (const answer of await Promise.all(asked)) expect(answer?.failure).to.match(/no answer from its store/)
    for (const answer of await Promise.all(scrapes)) expect(answer).to.match(/no answer from its store/)
    expect(store.owed).to.equal(6)
    store.speak()
    await clock.advance(PATIENCE)
    expect(store.owed).to.equal(0)
    const again = client.announce(0)
    await clock.advance(PATIENCE)
    expect((await again)?.failure).to.equal(null)
    await stop()
    expect(clock.pending).to.equal(0)
  })

  it('bounds what waits: beyond it HTTP is told, UDP hears nothing, and none of it reaches the store', async () => {
    const { client, clock, store, stop } = await load()
    store.hush()
    const most = 10_000
    const asked = Array.from({ length: most }, (_, n) => client.announce(n))
    await clock.advance(0)
    expect(store.owed).to.equal(most)
    for (let n = most; n < most + 400; n++) {
      const answer = await client.announce(n)
      if (byUdp(n)) expect(answer).to.equal(null)
      else expect(answer?.failure).to.match(/too much to do/)
    }
    const scrape = client.scrapeByUdp(20_000)
    await clock.advance(1)
    expect(await scrape).to.match(/too much to do/)
    expect(store.owedAtMost).to.equal(most)
    await clock.advance(PATIENCE)
    for (const answer of await Promise.all(asked)) expect(answer?.failure).to.match(/no answer from its store/)
    // There is room again.
    const later = client.announce(1)
    expect(store.owed).to.equal(most)
    await clock.advance(0)
    expect(store.owed).to.equal(most + 1)
    await clock.advance(PATIENCE)
    expect((await later)?.failure).to.match(/no answer from its store/)
    await stop()
  })

  it('stops with answers outstanding: no timer stays, and what comes later goes nowhere', async () => {
    const { client, clock, store, faults, stop } = await load()
    let answered = 0
    for (let n = 0; n < 50; n++) void client.announce(n).then(() => answered++)
    await clock.advance(50)
    const early = answered
    expect(store.owed).to.be.greaterThan(0)
    await stop()
    await clock.advance(PATIENCE)
    expect(store.owed).to.equal(0)
    expect(answered).to.equal(early)
    expect(clock.pending).to.equal(0)
    expect(faults).to.deep.equal([])
  })
})
