// Other people's announces, and ours over IPv6, at our trackers: over HTTP, and over UDP by either way of reading it.
import { expect } from 'chai'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '../../core/base/bytes.js'
import type { InfoHash } from '../../core/protocol/ids.js'
import { until } from '../plugins/waiting.js'
import { AnnouncedPeer, Announcing, someHash } from './announcing.js'
import { aria2 } from './clients/aria2.js'
import { AnnouncingClient } from './clients/bittorrent-tracker.js'
import { libtorrent, partialSeed } from './clients/libtorrent.js'
import { transmission } from './clients/transmission.js'
import { type Io, OurTrackers } from './our-trackers.js'
import { loopback } from './places.js'
import { hasPackage, Program } from './programs.js'
import { Scratch } from './scratch.js'
import { smallTorrent } from './small-torrent.js'

const V4 = '127.0.0.1'
const V6 = '[::1]'
const familyOf = (host: string): 4 | 6 => (host === V6 ? 6 : 4)

/** Each way to our trackers: what a URL says, and how UDP is read behind it. */
const ways = (['http', 'udp'] as const).flatMap(scheme =>
  [V4, V6].flatMap(host =>
    (scheme === 'udp' ? (['dgram', 'mmsg'] as const) : (['dgram'] as const)).map(io => ({ scheme, host, io })),
  ),
)
const wayText = ({ scheme, host, io }: (typeof ways)[number]): string =>
  `${scheme === 'udp' ? `udp read by ${io}` : scheme} at ${host}`

/** Only libtorrent has UDP trackers over IPv6, but for Transmission where the machine has an IPv6 address for the world. */
const cannot = (client: string, way: (typeof ways)[number]): boolean =>
  client !== 'libtorrent' && way.scheme === 'udp' && way.host === V6

describe('our trackers', function () {
  this.timeout(30_000)
  const running = new Map<Io, OurTrackers>()

  /** Null where this machine does not have that way. */
  async function trackers(io: Io): Promise<OurTrackers | null> {
    const there = running.get(io)
    if (there !== undefined) return there
    try {
      const started = await OurTrackers.start('[::]:0', io)
      running.set(io, started)
      return started
    } catch (error) {
      if (process.platform === 'linux' && io === 'mmsg') throw error
      return null
    }
  }

  afterEach(async function () {
    await Program.stopAll(this.currentTest)
  })

  after(async () => {
    for (const one of running.values()) await one.stop()
  })

  describe("with clients of npm's bittorrent-tracker [skipped where it is not installed]", () => {
    for (const way of ways.filter(one => !cannot("npm's", one))) {
      it(`hear started, completed and stopped over ${wayText(way)}, join peers, and tell the counts`, async function () {
        const ours = hasPackage('bittorrent-tracker') ? await trackers(way.io) : null
        if (ours === null) return this.skip()
        const url = ours.url(way.scheme, way.host)
        const infoHash = someHash()
        const announcing = await Announcing.open()
        const seeder = new AnnouncedPeer(announcing.discovery, url, infoHash, 6101, 0)
        expect(await seeder.told('started')).to.include({ error: null })
        const client = new AnnouncingClient(url, toHex(infoHash), 6102, 1000)
        await client.order('start', 'update 1 1 ')
        await client.printed(`peer ${way.host}:6101 `)
        await client.order('scrape', 'scrape 1 1 0 ')
        await client.order('complete', 'update 2 0 ')
        await client.order('scrape', 'scrape 2 0 1 ')
        await client.order('stop', 'update 1 0 ')
        const late = new AnnouncedPeer(announcing.discovery, url, infoHash, 6103, 1)
        expect(await late.told('started')).to.include({ error: null, peers: 1 })
        expect([...late.found]).to.deep.equal([`${way.host}:6101`])
        await Promise.all([late.stop(), seeder.stop()])
        await announcing.close()
        await client.close()
      })
    }
  })

  describe('with whole clients', () => {
    const scratch = new Scratch()
    after(() => scratch.remove())

    for (const client of [libtorrent, transmission(), aria2(true)]) {
      for (const way of ways.filter(one => !cannot(client.name, one))) {
        const missing = client.missing === null ? '' : ` [skipped: needs ${client.missing}]`
        it(`hear ${client.name} come and go over ${wayText(way)}${missing}`, async function () {
          const ours = client.missing === null ? await trackers(way.io) : null
          if (ours === null) return this.skip()
          const folder = scratch.folder()
          const content = join(folder, 'content')
          mkdirSync(content)
          // Each its own content, so that each has an info-hash that nobody else announces.
          writeFileSync(join(content, 'one file'), `${client.name} over ${wayText(way)}`.padEnd(40_000, '.'))
          const torrent = join(folder, 'content.torrent')
          const infoHash: InfoHash = await smallTorrent(content, torrent, ours.url(way.scheme, way.host).href)
          const seeders = (): number => ours.count(infoHash, familyOf(way.host)).seeders
          const program = await client.seed(loopback, torrent, folder)
          await program.during(until(() => seeders() === 1))
          expect(ours.count(infoHash, familyOf(way.host) === 4 ? 6 : 4)).to.deep.equal({
            seeders: 0,
            leechers: 0,
            partialSeeds: 0,
          })
          if (client.farewell === undefined) return
          const { signal, once } = client.farewell
          if (once !== undefined) await program.printed(once)
          await program.stop(signal, 8000)
          await until(() => seeders() === 0)
        })
      }
    }
  })

  describe('with a partial seed on libtorrent', () => {
    const scratch = new Scratch()
    after(() => scratch.remove())

    for (const way of ways.filter(one => one.host === V4)) {
      const missing = libtorrent.missing === null ? '' : ` [skipped: needs ${libtorrent.missing}]`
      it(`count it as one over ${wayText(way)}${missing}`, async function () {
        const ours = libtorrent.missing === null ? await trackers(way.io) : null
        if (ours === null) return this.skip()
        const folder = scratch.folder()
        const content = join(folder, 'content')
        mkdirSync(content)
        for (const name of ['a', 'b'])
          writeFileSync(join(content, name), `${name} over ${wayText(way)}`.padEnd(16384, '.'))
        const torrent = join(folder, 'content.torrent')
        const infoHash = await smallTorrent(content, torrent, ours.url(way.scheme, way.host).href)
        rmSync(join(content, 'b'))
        const program = await partialSeed(loopback, torrent, folder)
        await program.during(until(() => ours.count(infoHash, 4).leechers === 1))
        expect(ours.count(infoHash, 4)).to.deep.equal({ seeders: 0, leechers: 1, partialSeeds: 1 })
      })
    }
  })

  for (const io of ['dgram', 'mmsg'] as const) {
    it(`join peers of each family over IPv6, by HTTP and UDP read by ${io}, and sum families in an HTTP scrape`, async function () {
      const ours = await trackers(io)
      if (ours === null) return this.skip()
      const announcing = await Announcing.open()
      for (const scheme of ['http', 'udp']) {
        const infoHash = someHash()
        const open: AnnouncedPeer[] = []
        for (const [i, host] of [V6, V6, V4, V4].entries()) {
          const one = new AnnouncedPeer(announcing.discovery, ours.url(scheme, host), infoHash, 6201 + i, 1)
          expect(await one.told('started')).to.include({ error: null })
          open.push(one)
        }
        expect(open.map(one => [...one.found])).to.deep.equal([[], ['[::1]:6201'], [], ['127.0.0.1:6203']])
        const [counts] = await announcing.scrape(ours.url(scheme, V4), [infoHash])
        expect(counts?.leechers).to.equal(scheme === 'http' ? 4 : 2)
        await Promise.all(open.map(one => one.stop()))
      }
      await announcing.close()
    })
  }
})
