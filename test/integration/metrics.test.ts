// Metrics of whole trackers over real sockets: what is in them, and what must never be.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import os from 'node:os'
import { expect } from 'chai'
import { toHex } from '../../core/base/bytes.js'
import { TrackerServers } from '../../core/contracts/index.js'
import { startNode } from '../../core/main/node.js'
import { escapeBytes } from '../../core/protocol/query-bytes.js'
import { readUdpConnectReply, writeUdpAnnounce, writeUdpConnect } from '../../core/protocol/tracker-udp-client.js'
import { infoHash } from '../conformance/index.js'
import { freePort } from '../interop/programs.js'
import { parseExposition, type Sample } from '../plugins/exposition-text.js'
import type { Kernel } from '../../core/kernel/kernel.js'

const SECRET = 'passkey-0123456789'
const SCRIPT = '<img src=x>"\\\n} 9.'

class Tracker {
  private constructor(
    private readonly kernel: Kernel,
    readonly metrics: string,
  ) {}

  /** Metrics listen on a port that was free a moment ago, since a profile is all that says where. */
  static async open(io: string): Promise<Tracker> {
    const port = await freePort()
    const plugins = [
      { use: 'builtin:host-node' },
      { use: 'builtin:datagrams-mmsg' },
      { use: 'builtin:swarm-store-memory' },
      { use: 'builtin:tracker' },
      { use: 'builtin:tracker-http', config: { listen: '127.0.0.1:0' } },
      { use: 'builtin:tracker-udp', config: { listen: '127.0.0.1:0', io, threads: 2 } },
      { use: 'builtin:metrics-prometheus', config: { listen: `127.0.0.1:${port}` } },
    ]
    const profile = { name: 'watched', folder: os.tmpdir(), content: { plugins } }
    return new Tracker(await startNode(profile, { log: 'silent' }), `http://127.0.0.1:${port}`)
  }

  url(scheme: string): URL {
    const urls = this.kernel.find(TrackerServers).flatMap(server => server.announceUrls)
    return new URL(urls.find(url => url.startsWith(scheme)) ?? expect.fail(`nothing serves ${scheme}`))
  }

  async page(): Promise<string> {
    return (await fetch(`${this.metrics}/metrics`)).text()
  }

  async value(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const wanted = (sample: Sample): boolean =>
      sample.name === `shoal_${name}` &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value)
    return parseExposition(await this.page())
      .filter(wanted)
      .reduce((sum, sample) => sum + sample.value, 0)
  }

  async announceByHttp(query: string): Promise<void> {
    const rest = `info_hash=${escapeBytes(infoHash(9))}&port=6881&left=0`
    await (await fetch(`${this.url('http:').href}?${rest}&${query}`)).arrayBuffer()
  }

  async announceByUdp(peerId: Uint8Array, urlData: string): Promise<void> {
    const socket = createSocket('udp4')
    const ask = async (packet: Uint8Array): Promise<Uint8Array> => {
      socket.send(packet, Number(this.url('udp:').port), '127.0.0.1')
      const [reply] = (await once(socket, 'message')) as [Uint8Array]
      return reply
    }
    const packet = new Uint8Array(500)
    writeUdpConnect(packet, 1)
    const id = readUdpConnectReply(await ask(packet.slice(0, 16))) ?? expect.fail('no connection id')
    const counts = { event: 0, left: 5, uploaded: 0, downloaded: 0, numWant: -1, key: 1, port: 7000 } as const
    const announce = { infoHash: infoHash(9), peerId, ...counts }
    await ask(packet.slice(0, writeUdpAnnounce(packet, id, 2, announce, new TextEncoder().encode(urlData))))
    socket.close()
  }

  stop(): Promise<void> {
    return this.kernel.stop()
  }
}

for (const io of ['dgram', 'auto']) {
  describe(`metrics of a tracker, io ${io}`, function () {
    this.timeout(20_000)
    let tracker: Tracker

    before(async () => {
      tracker = await Tracker.open(io)
    })

    after(() => tracker.stop())

    it('count what comes by HTTP and UDP, in whatever thread', async () => {
      await tracker.announceByHttp('peer_id=-XX0000-abcdefghijkl')
      for (let i = 0; i < 8; i++) await tracker.announceByUdp(infoHash(i), '')
      expect(await tracker.value('announces_total', { protocol: 'http' })).to.equal(1)
      expect(await tracker.value('announces_total', { protocol: 'udp' })).to.equal(8)
      expect(await tracker.value('udp_connects_total')).to.equal(8)
      expect(await tracker.value('packets_received_total')).to.equal(16)
      expect(await tracker.value('packets_sent_total')).to.equal(16)
      expect(await tracker.value('swarms')).to.equal(1)
      expect(await tracker.value('peers', { family: 'ipv4' })).to.equal(2)
      expect(await tracker.value('seeders', { family: 'ipv4' })).to.equal(1)
      expect(await tracker.value('process_resident_memory_bytes')).to.be.greaterThan(1e7)
    })

    it('hold no word of a stranger, no secret, no hash and no address', async () => {
      const bytes = new TextEncoder().encode(SCRIPT.padEnd(20, 'z').slice(0, 20))
      await tracker.announceByHttp(`peer_id=${escapeBytes(bytes)}&passkey=${SECRET}&event=${SECRET}`)
      await tracker.announceByHttp(`peer_id=${escapeBytes(bytes)}&passkey=${SECRET}&key=${SECRET}`)
      await fetch(`${new URL(`/${SECRET}/announce`, tracker.url('http:')).href}?${SECRET}`, {
        headers: { 'user-agent': SECRET, 'x-forwarded-for': '203.0.113.77' },
      })
      await tracker.announceByUdp(bytes, `/announce?passkey=${SECRET}`)
      const pages = [await tracker.page(), await (await fetch(`${tracker.metrics}/health`)).text()]
      for (const page of pages) {
        for (const word of [SECRET, 'img', '203.0.113', toHex(infoHash(9)), escapeBytes(infoHash(9)), 'XX0000']) {
          expect(page).to.not.include(word)
        }
        expect(page).to.match(/^[ -~\n]*$/)
      }
    })

    it('have no more lines for whatever comes', async () => {
      const lines = async (): Promise<number> => parseExposition(await tracker.page()).length
      const before = await lines()
      for (let i = 0; i < 50; i++) {
        await tracker.announceByHttp(`peer_id=${escapeBytes(infoHash(i))}&event=${i}`)
        await fetch(new URL(`/${i}`, tracker.url('http:')), { method: i % 2 === 0 ? 'POST' : 'GET' })
      }
      expect(await lines()).to.equal(before)
    })

    it('are of one node, though another runs in the same process', async () => {
      const other = await Tracker.open(io)
      try {
        expect(await other.value('announces_total')).to.equal(0)
        await other.announceByHttp('peer_id=-XX0000-abcdefghijkl')
        expect(await other.value('announces_total')).to.equal(1)
        expect(await tracker.value('announces_total')).to.be.greaterThan(8)
      } finally {
        await other.stop()
      }
    })

    it('are well', async () => {
      const health = await fetch(`${tracker.metrics}/health`)
      expect(await health.json()).to.deep.include({ ok: true, state: 'ready', wrong: [] })
    })
  })
}
