// Other people's announces, and ours over IPv6, at our trackers.
import { expect } from 'chai'
import { toHex } from '../../core/base/bytes.js'
import { TrackerServers } from '../../core/contracts/tracker.js'
import type { Kernel } from '../../core/kernel/kernel.js'
import { startNode } from '../../core/main/node.js'
import { AnnouncedPeer, Announcing, someHash } from './announcing.js'
import { hasPackage, Program } from './programs.js'

function ourTrackers(listen: string): Promise<Kernel> {
  const plugins = ['host-node', 'swarm-store-memory', 'tracker'].map(name => ({ use: `builtin:${name}`, config: {} }))
  const servers = ['tracker-http', 'tracker-udp'].map(name => ({ use: `builtin:${name}`, config: { listen } }))
  const content = { node: { name: 'trackers' }, plugins: [...plugins, ...servers] }
  return startNode({ name: 'trackers', folder: process.cwd(), content }, { log: 'silent' })
}

const urlsOf = (node: Kernel): URL[] =>
  (node.find(TrackerServers) ?? []).flatMap(one => one.announceUrls).map(text => new URL(text))

/** A client of npm's bittorrent-tracker, in a process of its own: takes orders by line, tells what it hears by line. */
class ForeignClient {
  private readonly program: Program

  constructor(url: URL, infoHash: string, port: number, left: number) {
    this.program = Program.script(
      `
      import { createInterface } from 'node:readline'
      import { Client } from 'bittorrent-tracker'
      const [, announce, infoHash, port, left] = process.argv
      const peerId = Buffer.from('-XX0000-' + port.padEnd(12, 'x')).toString('hex')
      const progress = { left: +left, uploaded: 0, downloaded: 0 }
      const client = new Client({ infoHash, peerId, announce, port: +port, getAnnounceOpts: () => progress })
      for (const name of ['error', 'warning']) client.on(name, error => console.log(name, error.message))
      client.on('update', told => console.log('update', told.complete, told.incomplete, ''))
      client.on('scrape', told => console.log('scrape', told.complete, told.incomplete, told.downloaded, ''))
      client.on('peer', peer => console.log('peer', peer, ''))
      for await (const order of createInterface({ input: process.stdin })) {
        if (order === 'complete') progress.left = 0
        client[order]()
      }`,
      [url.href, infoHash, `${port}`, `${left}`],
    )
  }

  /** Gives an order and waits for what it is answered with. */
  async order(order: 'start' | 'complete' | 'scrape' | 'stop', answer: string): Promise<void> {
    this.program.output = ''
    this.program.write(`${order}\n`)
    await this.program.printed(answer)
  }

  printed(text: string): Promise<void> {
    return this.program.printed(text)
  }

  close(): Promise<void> {
    return this.program.stop()
  }
}

describe('our trackers', () => {
  after(() => Program.stopAll())

  describe("with clients of npm's bittorrent-tracker [skipped where it is not installed]", () => {
    let node: Kernel

    before(async function () {
      if (!hasPackage('bittorrent-tracker')) return this.skip()
      node = await ourTrackers('127.0.0.1:0')
    })

    after(() => node?.stop())

    for (const protocol of ['http:', 'udp:']) {
      it(`hear started, completed and stopped over ${protocol}, join peers, and tell the counts`, async () => {
        const url = urlsOf(node).find(one => one.protocol === protocol)!
        const infoHash = someHash()
        const announcing = await Announcing.open()
        const seeder = new AnnouncedPeer(announcing.discovery, url, infoHash, 6101, 0)
        expect(await seeder.told('started')).to.include({ error: null })
        const client = new ForeignClient(url, toHex(infoHash), 6102, 1000)
        await client.order('start', 'update 1 1 ')
        await client.printed('peer 127.0.0.1:6101 ')
        await client.order('scrape', 'scrape 1 1 0 ')
        await client.order('complete', 'update 2 0 ')
        await client.order('scrape', 'scrape 2 0 1 ')
        await client.order('stop', 'update 1 0 ')
        const late = new AnnouncedPeer(announcing.discovery, url, infoHash, 6103, 1)
        expect(await late.told('started')).to.include({ error: null, peers: 1 })
        expect([...late.found]).to.deep.equal(['127.0.0.1:6101'])
        await Promise.all([late.stop(), seeder.stop()])
        await announcing.close()
        await client.close()
      })
    }
  })

  it('join peers of each family over IPv6, by HTTP and UDP, and sum families in an HTTP scrape [needs IPv6]', async function () {
    let node: Kernel
    try {
      node = await ourTrackers('[::]:0')
    } catch {
      return this.skip()
    }
    const announcing = await Announcing.open()
    for (const { protocol, port } of urlsOf(node)) {
      const at = (host: string): URL => new URL(`${protocol}//${host}:${port}/announce`)
      const infoHash = someHash()
      const peers = ['[::1]', '[::1]', '127.0.0.1', '127.0.0.1'].map((host, i) => ({ host, port: 6201 + i }))
      const open: AnnouncedPeer[] = []
      for (const peer of peers) {
        const one = new AnnouncedPeer(announcing.discovery, at(peer.host), infoHash, peer.port, 1)
        expect(await one.told('started')).to.include({ error: null })
        open.push(one)
      }
      expect(open.map(one => [...one.found])).to.deep.equal([[], ['[::1]:6201'], [], ['127.0.0.1:6203']])
      const [counts] = await announcing.scrape(at('127.0.0.1'), [infoHash])
      expect(counts?.leechers).to.equal(protocol === 'http:' ? 4 : 2)
      await Promise.all(open.map(one => one.stop()))
    }
    await announcing.close()
    await node.stop()
  })
})
