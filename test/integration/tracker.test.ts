// Trackers as profiles start them, over real sockets on loopback.
import { createSocket } from 'node:dgram'
import fs from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { formatEndpoint } from '../../core/base/address.js'
import { toHex, writeU32 } from '../../core/base/bytes.js'
import { TrackerServers } from '../../core/contracts/index.js'
import { startNode } from '../../core/main/node.js'
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
import { infoHash } from '../conformance/index.js'
import { everyIo, unusableIo } from './tracker-io.js'
import type { Kernel } from '../../core/kernel/kernel.js'
import type { HttpAnnounce } from '../../core/protocol/tracker-http-client.js'

const config = path.resolve('config')
const nodes: Kernel[] = []

async function start(profile: string, ...settings: string[]): Promise<Kernel> {
  const node = await startNode(path.join(config, profile), { set: settings, log: 'silent' })
  nodes.push(node)
  return node
}

function urlsOf(node: Kernel): URL[] {
  return (node.find(TrackerServers) ?? []).flatMap(server => server.announceUrls.map(url => new URL(url)))
}

function urlOf(node: Kernel, scheme: string): URL {
  const found = urlsOf(node).find(url => url.protocol === scheme)
  if (found === undefined) throw new Error(`nothing serves ${scheme}`)
  return found
}

const announce: HttpAnnounce = {
  infoHash: infoHash(1),
  peerId: infoHash(2),
  event: 2,
  left: 1,
  uploaded: 0,
  downloaded: 0,
  key: 7,
  port: 1001,
  numWant: 50,
}

async function get(url: URL): Promise<{ status: number; body: Uint8Array }> {
  const response = await fetch(url)
  return { status: response.status, body: new Uint8Array(await response.arrayBuffer()) }
}

async function byHttp(tracker: URL, over: Partial<HttpAnnounce> = {}) {
  return readHttpAnnounceReply((await get(announceUrl(tracker, { ...announce, ...over }))).body)
}

/** One UDP client on a socket of its own. */
class UdpClient {
  private readonly socket
  private readonly waiting: ((packet: Uint8Array) => void)[] = []
  readonly strays: Uint8Array[] = []

  constructor(
    private readonly host: string,
    private readonly port: number,
  ) {
    this.socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    this.socket.on('message', packet => {
      const next = this.waiting.shift()
      if (next === undefined) this.strays.push(packet)
      else next(packet)
    })
  }

  ask(packet: Uint8Array): Promise<Uint8Array> {
    return new Promise(resolve => {
      this.waiting.push(resolve)
      this.tell(packet)
    })
  }

  tell(packet: Uint8Array): void {
    this.socket.send(packet, this.port, this.host)
  }

  async connect() {
    const packet = new Uint8Array(16)
    writeUdpConnect(packet, 1)
    const id = readUdpConnectReply(await this.ask(packet))
    if (id === null) throw new Error('no connection id')
    return id
  }

  async announce(over: Partial<HttpAnnounce> = {}) {
    const packet = new Uint8Array(98)
    writeUdpAnnounce(packet, await this.connect(), 2, { ...announce, ...over }, new Uint8Array(0))
    const answer = await this.ask(packet)
    if (udpReplyAction(answer) === UdpAction.Error) throw new Error(readUdpError(answer))
    const reply = readUdpAnnounceReply(answer, this.host.includes(':') ? 6 : 4)
    if (reply === null) throw new Error('no announce reply')
    return reply
  }

  async scrape(hash: Uint8Array) {
    const packet = new Uint8Array(36)
    writeUdpScrape(packet, await this.connect(), 3, [hash])
    return readUdpScrapeReply(await this.ask(packet), 1)?.[0]
  }

  close(): void {
    this.socket.close()
  }
}

function connects(host: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect({ host, port })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

const texts = (peers: readonly Parameters<typeof formatEndpoint>[0][]): string[] => peers.map(formatEndpoint).sort()

describe('a tracker on loopback', () => {
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.stop()
  })

  for (const io of everyIo) {
    describe(`UDP by ${io}`, () => {
      const by = [`tracker-udp.io=${io}`, 'tracker-udp.threads=2']

      before(async function () {
        if ((await unusableIo(io)) !== null) this.skip()
      })

      it('serves one swarm by HTTP and UDP, each family its own peers', async () => {
        const node = await start('tracker.json', 'tracker-http.listen=[::]:0', 'tracker-udp.listen=[::]:0', ...by)
        const http = urlOf(node, 'http:')
        const at4 = new URL(`http://127.0.0.1:${http.port}/announce`)
        const at6 = new URL(`http://[::1]:${http.port}/announce`)
        const udpPort = Number(urlOf(node, 'udp:').port)
        const udp4 = new UdpClient('127.0.0.1', udpPort)
        const udp6 = new UdpClient('::1', udpPort)
        try {
          await byHttp(at4, { port: 1001 })
          await byHttp(at6, { port: 1002, left: 0 })
          const four = await udp4.announce({ port: 1003 })
          expect(texts(four.peers)).to.deep.equal(['127.0.0.1:1001'])
          expect([four.seeders, four.leechers]).to.deep.equal([0, 2])
          const six = await udp6.announce({ port: 1004 })
          expect(texts(six.peers)).to.deep.equal(['[::1]:1002'])
          expect(texts((await byHttp(at4, { port: 1001 })).peers)).to.deep.equal(['127.0.0.1:1003'])
          expect(texts((await byHttp(at6, { port: 1002, left: 0 })).peers)).to.deep.equal(['[::1]:1004'])
          const scrape = await get(scrapeUrl(at4, [infoHash(1)]) ?? at4)
          expect(readHttpScrapeReply(scrape.body, [infoHash(1)])).to.deep.equal([
            { seeders: 1, leechers: 3, completed: 0 },
          ])
          expect(await udp4.scrape(infoHash(1))).to.deep.equal({ seeders: 0, leechers: 2, completed: 0 })
        } finally {
          udp4.close()
          udp6.close()
        }
      })

      it('keeps silent to ten thousand wrong ids, and serves the others meanwhile', async () => {
        const node = await start('tracker-udp-only.json', 'tracker-udp.listen=127.0.0.1:0', ...by)
        const port = Number(urlOf(node, 'udp:').port)
        const flood = new UdpClient('127.0.0.1', port)
        const good = new UdpClient('127.0.0.1', port)
        try {
          const packet = new Uint8Array(98)
          writeUdpAnnounce(packet, { high: 1, low: 2 }, 2, announce, new Uint8Array(0))
          for (let i = 0; i < 100; i++) {
            for (let k = 0; k < 100; k++) {
              writeU32(packet, 4, i * 100 + k)
              flood.tell(packet.slice())
            }
            expect((await good.announce()).leechers).to.equal(1)
          }
          expect((await flood.announce({ port: 5 })).leechers).to.equal(2)
          expect(flood.strays).to.deep.equal([])
        } finally {
          flood.close()
          good.close()
        }
      })
    })
  }

  it('listens by UDP alone, by HTTP alone, as the profile says', async () => {
    const udpOnly = await start('tracker-udp-only.json', 'tracker-udp.listen=127.0.0.1:0')
    expect(urlsOf(udpOnly).map(url => url.protocol)).to.deep.equal(['udp:'])
    const { port } = urlOf(udpOnly, 'udp:')
    expect(await connects('127.0.0.1', Number(port))).to.equal(false)
    const httpOnly = await start('tracker-http-only.json', 'tracker-http.listen=127.0.0.1:0')
    expect(urlsOf(httpOnly).map(url => url.protocol)).to.deep.equal(['http:'])
    expect((await byHttp(urlOf(httpOnly, 'http:'))).failure).to.equal(null)
  })

  it('says which port is taken, by which option, and starts nothing', async () => {
    const first = await start('tracker-http-only.json', 'tracker-http.listen=127.0.0.1:0')
    const { port } = urlOf(first, 'http:')
    const error: unknown = await start('tracker-http-only.json', `tracker-http.listen=127.0.0.1:${port}`).catch(
      (reason: unknown) => reason,
    )
    expect(error).to.include({ blame: 'operator' })
    expect((error as Error).message)
      .to.include(port)
      .and.include('tracker-http.listen')
  })

  it('answers broken queries with a failure reason, and other paths with 404', async () => {
    const node = await start('tracker-http-only.json', 'tracker-http.listen=127.0.0.1:0')
    const { origin } = urlOf(node, 'http:')
    for (const query of ['', '?info_hash=%zz', `?info_hash=${'%01'.repeat(20)}&peer_id=${'a'.repeat(20)}&port=65536`]) {
      const { status, body } = await get(new URL(`/announce${query}`, origin))
      expect(status).to.equal(200)
      expect(readHttpAnnounceReply(body).failure).to.be.a('string')
    }
    expect((await get(new URL('/', origin))).status).to.equal(404)
    expect((await get(new URL(`/announce?${'a'.repeat(5000)}`, origin))).status).to.equal(414)
  })

  for (const io of ['dgram', 'auto']) {
    it(`follows an access list as its file changes, by HTTP and by UDP, io ${io}`, async () => {
      const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'shoal-tracker-'))
      const file = path.join(folder, 'list.txt')
      const profile = path.join(folder, 'profile.json')
      let udp: UdpClient | undefined
      try {
        await fs.writeFile(file, `${toHex(infoHash(1))}\n`)
        const plugins = [
          { id: 'tracker-http', config: { listen: '127.0.0.1:0' } },
          { id: 'tracker-udp', config: { listen: '127.0.0.1:0', io } },
          {
            use: 'builtin:tracker-access-list',
            config: { mode: 'allow', file: './list.txt', checkSeconds: 0.05 },
          },
        ]
        await fs.writeFile(profile, JSON.stringify({ extends: [path.join(config, 'tracker.json')], plugins }))
        const node = await startNode(profile, { log: 'silent' })
        nodes.push(node)
        const tracker = urlOf(node, 'http:')
        const client = (udp = new UdpClient('127.0.0.1', Number(urlOf(node, 'udp:').port)))
        const byUdp = (hash: Uint8Array): Promise<boolean> =>
          client.announce({ infoHash: hash }).then(
            () => true,
            () => false,
          )
        expect((await byHttp(tracker)).failure).to.equal(null)
        const refused = await byHttp(tracker, { infoHash: infoHash(3) })
        expect(refused).to.include({ failure: 'this tracker does not track this torrent', retryIn: 1800 })
        expect([await byUdp(infoHash(1)), await byUdp(infoHash(3))]).to.deep.equal([true, false])
        await fs.writeFile(file, `${toHex(infoHash(3))} instead\n`)
        while ((await byHttp(tracker, { infoHash: infoHash(3) })).failure !== null);
        expect((await byHttp(tracker)).failure).to.be.a('string')
        expect([await byUdp(infoHash(1)), await byUdp(infoHash(3))]).to.deep.equal([false, true])
      } finally {
        udp?.close()
        await fs.rm(folder, { recursive: true })
      }
    })
  }
})
