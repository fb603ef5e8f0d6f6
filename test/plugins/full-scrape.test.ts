import { request as httpRequest } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { expect } from 'chai'
import { latin1, writeU32 } from '../../core/base/bytes.js'
import { silentLogger } from '../../core/base/log.js'
import { Http, NameLookup, Tracker, TrackerServers } from '../../core/contracts/index.js'
import { writeHttpScrape } from '../../core/protocol/tracker-http-reply.js'
import { readHttpAnnounceReply } from '../../core/protocol/tracker-http-client.js'
import { NodeHttpNet } from '../../plugins/host-node/http-net.js'
import { FullScrape, takesGzip } from '../../plugins/tracker-http/full-scrape.js'
import httpPlugin from '../../plugins/tracker-http/index.js'
import { loadPlugin, ManualClock } from '../conformance/index.js'
import { systemClock } from './system-clock.js'
import { directNames, DirectHttp, ipOf, trackerService } from './tracker-nets.js'
import type { IncomingMessage } from 'node:http'
import type { TrackerService } from '../../core/contracts/index.js'
import type { InfoHash } from '../../core/protocol/ids.js'
import type { ScrapeEntry } from '../../core/protocol/tracker-http-reply.js'
import type { Listed } from '../../plugins/tracker-http/full-scrape.js'

const entry = (n: number): ScrapeEntry => {
  const infoHash = new Uint8Array(20)
  writeU32(infoHash, 0, Math.imul(n, 2654435761))
  writeU32(infoHash, 4, n)
  return { infoHash, seeders: n, completed: 1, leechers: 2, partialSeeds: 1 }
}
const entries = (count: number): ScrapeEntry[] => Array.from({ length: count }, (_, n) => entry(n))

/** A clock that goes on by itself: a millisecond at every tenth look. */
class WornClock extends ManualClock {
  private looks = 0

  override now(): number {
    return super.now() + this.looks++ / 10
  }
}

/** Gives its swarms a hundred at a time; null: scrapes of everything are off. */
class Listing implements TrackerService {
  begun = 0

  constructor(public swarms: readonly ScrapeEntry[] | null) {}

  announce(): string {
    return 'not here'
  }

  scrape(): null {
    return null
  }

  scrapeAll(
    cursor: number,
    budgetMs: number,
    visit: (infoHash: InfoHash, ...counts: [number, number, number, number]) => void,
  ): number | null {
    if (this.swarms === null) return null
    if (cursor === 0 && budgetMs > 0) this.begun++
    for (const one of this.swarms.slice(cursor, cursor + 100)) {
      const lent = one.infoHash.slice() as InfoHash
      visit(lent, one.seeders, one.completed, one.leechers, one.partialSeeds)
      lent.fill(0xee)
    }
    return cursor + 100 < this.swarms.length ? cursor + 100 : 0
  }
}

const address = (n: number): Uint8Array => ipOf(`192.0.2.${n}`)

function build(service: Listing, clock: ManualClock, most = 1_000_000): FullScrape {
  return new FullScrape(service, clock, {}, { seconds: 300, most })
}

/** What it says to the nth client; filled when it says it. */
function ask(scrape: FullScrape, n: number): string[] {
  const said: string[] = []
  scrape.ask(address(n), false, answer => {
    said.push('reason' in answer ? `${answer.reason} ${answer.retryMinutes}` : latin1(answer.body))
  })
  return said
}

describe('scrapes of everything', () => {
  it('are made in slices, once for all who ask meanwhile, and kept for a while', async () => {
    const clock = new WornClock()
    const service = new Listing(entries(20_000))
    const scrape = build(service, clock)
    const whole = latin1(writeHttpScrape(entries(20_000)))
    const first = ask(scrape, 1)
    let slices = 1
    await clock.advance(2)
    const second = ask(scrape, 2)
    expect(first).to.deep.equal([])
    for (; first.length === 0; slices++) await clock.advance(2)
    expect(slices).to.be.above(10)
    expect(first[0] === whole && second[0] === whole).to.equal(true)
    expect(ask(scrape, 3)[0] === whole).to.equal(true)
    expect(service.begun).to.equal(1)
    service.swarms = entries(1)
    await clock.advance(301_000)
    const third = ask(scrape, 3)
    await clock.advance(100)
    expect(third).to.deep.equal([latin1(writeHttpScrape(entries(1)))])
    expect(service.begun).to.equal(2)
    scrape.stop()
    expect(clock.pending).to.equal(0)
  })

  it('are given to an address once in that while, and to a /64 of IPv6', async () => {
    const clock = new ManualClock()
    const scrape = build(new Listing(entries(3)), clock)
    expect(ask(scrape, 1)[0]).to.match(/^d5:files/)
    expect(ask(scrape, 1)[0]).to.match(/a moment ago 5$/)
    const six: (Listed | object)[] = []
    for (const ip of ['2001:db8::1', '2001:db8::2', '2001:db8:0:1::2']) {
      scrape.ask(ipOf(ip), false, answer => six.push(answer))
    }
    expect(six.map(answer => 'reason' in answer)).to.deep.equal([false, true, false])
    await clock.advance(301_000)
    expect(ask(scrape, 1)[0]).to.match(/^d5:files/)
  })

  it('are refused for good where there are too many torrents, or where they are off', async () => {
    const clock = new ManualClock()
    const service = new Listing(entries(1001))
    const scrape = build(service, clock, 1000)
    expect(ask(scrape, 1)[0]).to.match(/too many torrents .* never$/)
    expect(ask(scrape, 2)[0]).to.match(/too many torrents .* never$/)
    expect(service.begun).to.equal(1)
    service.swarms = entries(1000)
    await clock.advance(301_000)
    expect(ask(scrape, 1)[0]).to.match(/^d5:files/)
    expect(ask(build(new Listing(null), clock), 1)[0]).to.match(/not served.* never$/)
  })

  it('make a crowd wait only so long', () => {
    const clock = new WornClock()
    const scrape = build(new Listing(entries(20_000)), clock)
    const said: string[] = []
    for (let n = 0; n < 1001; n++) {
      const ip = Uint8Array.of(10, 0, n >> 8, n & 255)
      scrape.ask(ip, false, answer => said.push('reason' in answer ? answer.reason : 'all'))
    }
    expect(said).to.deep.equal(['too many ask for everything: try again later'])
    scrape.stop()
  })

  it('say by BEP 31 that they are off', async () => {
    const net = new DirectHttp()
    await loadPlugin(httpPlugin, {}, [
      [Tracker, trackerService()],
      [Http, net],
      [NameLookup, directNames],
    ])
    expect(readHttpAnnounceReply((await net.ask('/scrape', '192.0.2.1')).body).retryIn).to.equal('never')
  })

  it('leave packed for those who take that, and as they are for others', async () => {
    const net = new NodeHttpNet(systemClock, silentLogger)
    const all = entries(20_000)
    const options = { listen: ['127.0.0.1:0', '[::1]:0'] }
    const loaded = await loadPlugin(httpPlugin, options, [
      [Tracker, new Listing(all)],
      [Http, net],
      [NameLookup, directNames],
    ])
    const urls = loaded.provided(TrackerServers).flatMap(server => server.announceUrls)
    const get = async (url: string, headers: Record<string, string>): Promise<[IncomingMessage, Buffer]> =>
      new Promise((resolve, reject) => {
        const asking = httpRequest(url.replace('announce', 'scrape'), { headers, agent: false }, response => {
          const parts: Buffer[] = []
          response.on('data', (part: Buffer) => parts.push(part))
          response.on('end', () => resolve([response, Buffer.concat(parts)]))
        })
        asking.on('error', reject).end()
      })
    const whole = writeHttpScrape(all)
    const [packed, bytes] = await get(urls[0] ?? '', { 'accept-encoding': 'deflate, gzip;q=0.5' })
    expect(packed.headers['content-encoding']).to.equal('gzip')
    expect(bytes.length).to.be.below(whole.length / 2)
    expect(gunzipSync(bytes).equals(whole)).to.equal(true)
    const [plain, same] = await get(urls[1] ?? '', { 'accept-encoding': 'gzip;q=0' })
    expect(plain.headers['content-encoding']).to.equal(undefined)
    expect(same.equals(whole)).to.equal(true)
    await loaded.stop()
    await net.close()
  })

  it('know who takes gzip', () => {
    for (const yes of ['gzip', 'deflate, gzip', 'x-gzip', 'gzip;q=1.0', 'gzip ; q=0.001,br', 'GZIP']) {
      expect(takesGzip(yes), yes).to.equal(true)
    }
    for (const no of [undefined, '', 'br', 'gzip;q=0', 'gzip;q=0.000', 'gzipped', 'agzip']) {
      expect(takesGzip(no), String(no)).to.equal(false)
    }
  })
})
