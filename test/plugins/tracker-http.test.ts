import { expect } from 'chai'
import fc from 'fast-check'
import { formatIp } from '../../core/base/address.js'
import { latin1 } from '../../core/base/bytes.js'
import { silentLogger } from '../../core/base/log.js'
import {
  AnnouncePolicies,
  Http,
  MetricSources,
  NameLookup,
  Tracker,
  TrackerServers,
} from '../../core/contracts/index.js'
import {
  announceUrl,
  readHttpAnnounceReply,
  readHttpScrapeReply,
  scrapeUrl,
} from '../../core/protocol/tracker-http-client.js'
import httpPlugin from '../../plugins/tracker-http/index.js'
import { inNetwork, parseNetwork } from '../../plugins/tracker-http/network.js'
import {
  infoHash,
  loadPlugin,
  ManualClock,
  metricSourceCases,
  register,
  trackerServerCases,
} from '../conformance/index.js'
import { directNames, DirectHttp, ipOf, textsOf, trackerService } from './tracker-nets.js'
import type { AnnouncePolicy, Refused, TrackerService } from '../../core/contracts/index.js'
import type { HttpAnnounceReply } from '../../core/protocol/tracker-http-client.js'
import type { ServerUnderTest } from '../conformance/index.js'

const addresses = { 4: ipOf('192.0.2.9'), 6: ipOf('2001:db8::9') }
const base = new URL('http://tracker.example/announce')
const HASH = '%01'.repeat(20)
const PEER = '-XX0000-abcdefghijkl'

async function load(service: TrackerService, options: object = {}, policies: readonly AnnouncePolicy[] = []) {
  const net = new DirectHttp()
  const loaded = await loadPlugin(httpPlugin, { listen: '[::]:0', ...options }, [
    [Tracker, service],
    [Http, net],
    [NameLookup, directNames],
    ...policies.map(policy => [AnnouncePolicies, policy] as const),
  ])
  return { net, loaded }
}

async function open(service: TrackerService): Promise<ServerUnderTest> {
  const { net, loaded } = await load(service)
  const [server] = loaded.provided(TrackerServers)
  if (server === undefined) throw new Error('no server')
  const target = (url: URL): string => url.pathname + url.search
  return {
    server,
    addresses,
    async announce(announce, family) {
      const { body } = await net.ask(target(announceUrl(base, announce)), formatIp(addresses[family]))
      const reply = readHttpAnnounceReply(body)
      return reply.failure ?? { ...reply, interval: reply.interval ?? 0 }
    },
    async scrape(hashes, family) {
      const url = scrapeUrl(base, hashes) ?? base
      return readHttpScrapeReply((await net.ask(target(url), formatIp(addresses[family]))).body, hashes)
    },
    async close() {
      await loaded.stop()
      expect(net.listening).to.deep.equal([])
    },
  }
}

register('tracker-http: contract', trackerServerCases(open))

register(
  'tracker-http, what it counts: contract',
  metricSourceCases(async () => {
    const { net, loaded } = await load(trackerService())
    const [source] = loaded.provided(MetricSources)
    if (source === undefined) throw new Error('no source')
    return { source, work: () => ask(net).then(() => undefined), close: () => loaded.stop() }
  }),
)

/** Announces with these further parameters; `from` defaults to a stranger. */
async function ask(
  net: DirectHttp,
  more = '',
  from = '192.0.2.1',
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpAnnounceReply> {
  const query = `info_hash=${HASH}&peer_id=${PEER}${more.includes('port=') ? '' : '&port=6881'}&left=1${more}`
  const { status, body } = await net.ask(`/announce?${query}`, from, headers)
  expect(status).to.equal(200)
  return readHttpAnnounceReply(body)
}

/** All that anyone would be told of now, by a seeder in Sheffield. */
async function known(net: DirectHttp, from = '198.51.100.77'): Promise<string[]> {
  return textsOf((await ask(net, '&port=1', from)).peers).filter(peer => !peer.includes(from))
}

describe('tracker-http', () => {
  it('names its URLs once it listens', async () => {
    const { loaded } = await load(trackerService(), { listen: ['127.0.0.1:7001', '[::]:7002'] })
    expect(loaded.provided(TrackerServers)[0]?.announceUrls).to.deep.equal([
      'http://127.0.0.1:7001/announce',
      'http://192.0.2.50:7002/announce',
    ])
  })

  it('answers with the family of the client: v4 in peers, v6 in peers6, and tells it its address', async () => {
    const { net } = await load(trackerService())
    await ask(net, '&port=1001', '192.0.2.1')
    await ask(net, '&port=1002', '2001:db8::1')
    const four = await net.ask(`/announce?info_hash=${HASH}&peer_id=${PEER}&port=5&left=0`, '192.0.2.2')
    expect(latin1(four.body)).to.equal(
      `d8:completei1e11:external ip4:\xc0\0\x02\x0210:incompletei1e8:intervali${intervalIn(four.body)}e` +
        '12:min intervali60e5:peers6:\xc0\0\x02\x01\x03\xe9e',
    )
    const six = await ask(net, '&port=5', '2001:db8::2')
    expect(textsOf(six.peers)).to.deep.equal(['[2001:db8::1]:1002'])
    expect(six.externalIp).to.deep.equal(ipOf('2001:db8::2'))
  })

  it('writes dictionaries for compact=0, compact peers for all else', async () => {
    const { net } = await load(trackerService())
    await ask(net, '&port=1001', '192.0.2.1')
    await ask(net, '&port=1002', '2001:db8::1')
    const four = await net.ask(`/announce?info_hash=${HASH}&peer_id=${PEER}&port=5&compact=0`, '192.0.2.2')
    expect(latin1(four.body)).to.include('5:peersld2:ip9:192.0.2.14:porti1001eee')
    const six = await net.ask(`/announce?info_hash=${HASH}&peer_id=${PEER}&port=5&compact=0`, '2001:db8::2')
    expect(latin1(six.body)).to.include('5:peersld2:ip11:2001:db8::14:porti1002eee')
  })

  it('sums both families in a scrape, and leaves out what no policy admits', async () => {
    const hidden = '%03'.repeat(20)
    const policy: AnnouncePolicy = { admit: () => null, admitScrape: hash => hash[0] !== 3 }
    const { net } = await load(trackerService([policy]))
    await ask(net, '', '192.0.2.1')
    await ask(net, '&event=completed', '192.0.2.1')
    await ask(net, '', '2001:db8::1')
    const { body } = await net.ask(`/scrape?info_hash=${HASH}&info_hash=${hidden}`, '192.0.2.1')
    const key = '\x01'.repeat(20)
    expect(latin1(body)).to.equal(
      `d5:filesd20:${key}d8:completei0e10:downloadedi0e11:downloadersi2e10:incompletei2eeee`,
    )
  })

  it('serves a full scrape only where the operator allows it', async () => {
    const { net } = await load(trackerService())
    await ask(net)
    expect(readHttpAnnounceReply((await net.ask('/scrape', '192.0.2.1')).body).failure).to.match(/info_hash/)
    const open = await load(trackerService([], { fullScrape: true }))
    await ask(open.net, '', '192.0.2.1')
    await ask(open.net, '', '2001:db8::1')
    const { body } = await open.net.ask('/scrape', '192.0.2.1')
    expect(readHttpScrapeReply(body, [new Uint8Array(20).fill(1)])).to.deep.equal([
      { seeders: 0, leechers: 2, completed: 0 },
    ])
  })

  it('counts a partial seed among the incomplete (BEP 21)', async () => {
    const { net } = await load(trackerService())
    await ask(net, '&event=started', '192.0.2.1')
    await ask(net, '&event=paused', '192.0.2.2')
    const reply = await ask(net, '&event=paused', '192.0.2.1')
    expect([reply.failure, reply.seeders, reply.leechers]).to.deep.equal([null, 0, 2])
    expect(textsOf(reply.peers)).to.deep.equal(['192.0.2.2:6881'])
    await ask(net, '&event=started', '2001:db8::1')
    await ask(net, '&event=paused', '2001:db8::2')
    const { body } = await net.ask(`/scrape?info_hash=${HASH}`, '192.0.2.1')
    expect(latin1(body)).to.include('11:downloadersi1e10:incompletei4e')
  })

  it('takes no address from ipv4, ipv6 or a header, and no peer id is in any form of the reply', async () => {
    const { net } = await load(trackerService())
    const query = `info_hash=${HASH}&peer_id=${PEER}&port=6881&ipv4=9.9.9.9&ipv6=2001%3Adb8%3A%3A66&no_peer_id=0&compact=0`
    await net.ask(`/announce?${query}`, '192.0.2.1', { 'x-real-ip': '9.9.9.9', forwarded: 'for=9.9.9.9' })
    const { body } = await net.ask(
      `/announce?info_hash=${HASH}&peer_id=${PEER}&port=5&compact=0&no_peer_id=0`,
      '192.0.2.2',
    )
    expect(latin1(body)).to.include('5:peersld2:ip9:192.0.2.14:porti6881eee')
    expect(await known(net, '2001:db8::99')).to.deep.equal([])
  })

  it('refuses in the same words each time, with the time to come again (BEP 31)', async () => {
    const refused: Refused = { reason: 'the list is full', kind: 'full', retryMinutes: 7 }
    const { net } = await load(trackerService([{ admit: () => refused }]))
    for (let i = 0; i < 3; i++) {
      const { failure, retryIn } = await ask(net)
      expect([failure, retryIn]).to.deep.equal(['the list is full', 420])
    }
  })

  it('scrapes 74 hashes at most', async () => {
    const { net } = await load(trackerService())
    const url =
      scrapeUrl(
        base,
        Array.from({ length: 100 }, (_, i) => infoHash(i)),
      ) ?? base
    const { body } = await net.ask(url.pathname + url.search, '192.0.2.1')
    expect(latin1(body).split('8:completei').length - 1).to.equal(74)
  })

  it('has nothing elsewhere, and takes GET only', async () => {
    const { net } = await load(trackerService())
    for (const path of ['/', '/favicon.ico', '/announce/', '/stats', '/announce%00']) {
      expect((await net.ask(path, '192.0.2.1')).status, path).to.equal(404)
    }
    expect((await net.ask('/announce', '192.0.2.1', {}, 'POST')).status).to.equal(405)
  })

  it('refuses a scrape from whom the service does not let scrape', async () => {
    const seen: string[] = []
    const service = Object.assign(trackerService(), {
      admitScraper(ip: Uint8Array) {
        seen.push(formatIp(ip))
        return { reason: 'too fast', retryMinutes: 1 }
      },
    })
    const { net } = await load(service, { trustedProxies: ['10.0.0.1'] })
    const { body } = await net.ask(`/scrape?info_hash=${HASH}`, '10.0.0.1', { 'x-forwarded-for': '192.0.2.7' })
    expect(readHttpAnnounceReply(body)).to.include({ failure: 'too fast', retryIn: 60 })
    expect(seen).to.deep.equal(['192.0.2.7'])
  })

  describe('gives a failure reason, and adds nobody, for', () => {
    const rest = `peer_id=${PEER}&port=6881`
    for (const [what, query] of [
      ['no parameters', ''],
      ['a missing info_hash', rest],
      ['an info_hash of 19 bytes', `info_hash=${'%01'.repeat(19)}&${rest}`],
      ['an info_hash of 21 bytes', `info_hash=${'%01'.repeat(21)}&${rest}`],
      ['a broken escape', `info_hash=%zz${'%01'.repeat(19)}&${rest}`],
      ['an escape cut off', `info_hash=${'%01'.repeat(19)}%0&${rest}`],
      ['info_hash twice', `info_hash=${HASH}&info_hash=${HASH}&${rest}`],
      ['info_hash as an array', `info_hash[]=${HASH}&${rest}`],
      ['port 0', `info_hash=${HASH}&peer_id=${PEER}&port=0`],
      ['port 65536', `info_hash=${HASH}&peer_id=${PEER}&port=65536`],
      ['port -1', `info_hash=${HASH}&peer_id=${PEER}&port=-1`],
      ['port 1e3', `info_hash=${HASH}&peer_id=${PEER}&port=1e3`],
      ['a port in other digits', `info_hash=${HASH}&peer_id=${PEER}&port=%d9%a3`],
      ['port twice', `info_hash=${HASH}&${rest}&port=1`],
      ['no port', `info_hash=${HASH}&peer_id=${PEER}`],
      ['no peer_id', `info_hash=${HASH}&port=6881`],
      ['a peer_id of 3 bytes', `info_hash=${HASH}&peer_id=abc&port=6881`],
      ['an event that is none', `info_hash=${HASH}&${rest}&event=begun`],
      ['left of -1', `info_hash=${HASH}&${rest}&left=-1`],
    ] as const) {
      it(what, async () => {
        const { net } = await load(trackerService())
        const { status, body } = await net.ask(`/announce?${query}`, '192.0.2.1')
        expect(status).to.equal(200)
        expect(readHttpAnnounceReply(body).failure).to.be.a('string')
        expect(latin1(body)).to.not.match(/\.js|at [A-Z]/)
        expect(await known(net)).to.deep.equal([])
      })
    }

    it('what a policy refuses, with when to come back (BEP 31)', async () => {
      const answers = [
        { reason: 'too fast', retryMinutes: 2 },
        { reason: 'gone', retryMinutes: 'never' },
        'no',
      ] as const
      const told: unknown[] = []
      for (const refusal of answers) {
        const { net } = await load(trackerService([{ admit: () => refusal }]))
        const { failure, retryIn } = await ask(net)
        told.push([failure, retryIn])
      }
      expect(told).to.deep.equal([
        ['too fast', 120],
        ['gone', 'never'],
        ['no', null],
      ])
    })

    it('what a policy refuses', async () => {
      const { net } = await load(trackerService([{ admit: () => 'not here' }]))
      expect((await ask(net)).failure).to.equal('not here')
    })
  })

  it('logs no line for a request: one a reason and a second, of what was wrong', async () => {
    const clock = new ManualClock()
    const lines: string[] = []
    const log = { ...silentLogger, child: () => log, debug: (text: string) => void lines.push(text) }
    const net = new DirectHttp()
    const loaded = await loadPlugin(
      httpPlugin,
      { listen: '127.0.0.1:0' },
      [
        [Tracker, trackerService()],
        [Http, net],
        [NameLookup, directNames],
      ],
      { host: { clock, log } },
    )
    lines.length = 0
    for (let i = 0; i < 1500; i++) await ask(net, i % 3 === 0 ? '' : '&port=0')
    await net.ask('/', '192.0.2.1')
    await clock.advance(5000)
    expect(lines).to.deep.equal([
      'HTTP tracker: 1,000 announces and scrapes that say what cannot be in the last second',
      'HTTP tracker: 1 requests for what is not here in the last second',
    ])
    await loaded.stop()
    expect(clock.pending).to.equal(0)
  })

  it('counts what came and what became of it', async () => {
    const { net, loaded } = await load(trackerService([{ admit: ({ from }) => (from.port === 9 ? 'not you' : null) }]))
    const told = (): Record<string, number> => {
      const values: Record<string, number> = {}
      for (const { name, read } of loaded.provided(MetricSources).flatMap(source => source.metrics)) {
        read((value, ...labels) => void (values[[name, ...labels].join(' ')] = value))
      }
      return values
    }
    for (const more of ['', '', '&port=9', '&port=0']) await ask(net, more)
    await net.ask(`/scrape?info_hash=${HASH}`, '192.0.2.1')
    await net.ask('/scrape?info_hash=1', '192.0.2.1')
    await net.ask('/scrape', '192.0.2.1')
    await net.ask('/favicon.ico', '192.0.2.1')
    await net.ask('/announce', '192.0.2.1', {}, 'POST')
    expect(told()).to.deep.equal({
      'announces_total http': 4,
      'scrapes_total http': 3,
      'failures_total http malformed': 2,
      'failures_total http refused': 2,
      'failures_total http elsewhere': 2,
    })
  })

  it('is not moved by keys like __proto__', async () => {
    const { net } = await load(trackerService())
    expect((await ask(net, '&__proto__=1&constructor=2&toString=3&__proto__[port]=9')).failure).to.equal(null)
    expect(await known(net)).to.deep.equal(['192.0.2.1:6881'])
  })

  it('answers any query with a reply', async () => {
    const { net } = await load(trackerService())
    const part = fc.oneof(
      fc.constantFrom(
        'info_hash',
        'peer_id',
        'port',
        'ip',
        'numwant',
        '=',
        '&',
        '%',
        '%0',
        HASH,
        PEER,
        '6881',
        'event',
        'left',
      ),
      fc.string({ maxLength: 6 }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 30 }), async parts => {
        const { status, body } = await net.ask(`/announce?${parts.join('')}`, '192.0.2.1')
        expect(status).to.equal(200)
        readHttpAnnounceReply(body)
      }),
      { numRuns: 500 },
    )
  })

  describe('believes', () => {
    const forwarded = (list: string): Record<string, string> => ({ 'x-forwarded-for': list })
    const trusting = { trustedProxies: ['127.0.0.1', '10.0.0.0/8', '2001:db8:ff::/48'] }

    it('no ip= of a stranger', async () => {
      for (const options of [{}, trusting]) {
        const { net } = await load(trackerService(), options)
        await ask(net, '&ip=9.9.9.9')
        expect(await known(net)).to.deep.equal(['192.0.2.1:6881'])
      }
    })

    it('no X-Forwarded-For of a stranger', async () => {
      for (const options of [{}, trusting]) {
        const { net } = await load(trackerService(), options)
        await ask(net, '', '192.0.2.1', forwarded('9.9.9.9, 192.0.2.1'))
        expect(await known(net)).to.deep.equal(['192.0.2.1:6881'])
      }
    })

    for (const [header, client] of [
      ['192.0.2.8', '192.0.2.8:6881'],
      ['9.9.9.9, 192.0.2.8', '192.0.2.8:6881'],
      ['9.9.9.9,192.0.2.8, 10.1.2.3 ,10.3.2.1', '192.0.2.8:6881'],
      ['192.0.2.8:4711', '192.0.2.8:6881'],
      ['10.1.2.3, 10.3.2.1', '10.1.2.3:6881'],
      ['::ffff:192.0.2.8', '192.0.2.8:6881'],
    ] as const) {
      it(`of "${header}" from a trusted proxy the last hop that is none`, async () => {
        const { net } = await load(trackerService(), trusting)
        const reply = await ask(net, '', '127.0.0.1', forwarded(header))
        expect(reply.failure).to.equal(null)
        expect(await known(net)).to.deep.equal([client])
      })
    }

    it('an IPv6 client behind an IPv4 proxy', async () => {
      const { net } = await load(trackerService(), trusting)
      const reply = await ask(net, '', '127.0.0.1', forwarded('[2001:db8::7]:99'))
      expect(reply.externalIp).to.deep.equal(ipOf('2001:db8::7'))
      expect(await known(net, '2001:db8::99')).to.deep.equal(['[2001:db8::7]:6881'])
    })

    it('no header that is none: a failure reason', async () => {
      const { net } = await load(trackerService(), trusting)
      for (const header of ['unknown', '192.0.2.8, x', '', '1.2.3', '192.0.2.8,,']) {
        expect((await ask(net, '', '127.0.0.1', forwarded(header))).failure, header).to.match(/X-Forwarded-For/)
      }
    })

    it('ip= of a client that is trusted itself, not of one behind it', async () => {
      const { net } = await load(trackerService(), trusting)
      await ask(net, '&ip=203.0.113.5', '10.0.0.1')
      await ask(net, '&ip=2001%3Adb8%3A%3A5', '2001:db8:ff::1')
      expect(await known(net)).to.deep.equal(['203.0.113.5:6881'])
      expect(await known(net, '2001:db8::99')).to.deep.equal(['[2001:db8::5]:6881'])
      await ask(net, '&ip=9.9.9.9&port=7', '10.0.0.1', forwarded('192.0.2.8'))
      expect(await known(net)).to.deep.equal(['192.0.2.8:7', '203.0.113.5:6881'])
      expect((await ask(net, '&ip=example', '10.0.0.1')).failure).to.match(/ip/)
    })
  })

  it('hands the path and query to policies, as BEP 41 does for UDP', async () => {
    const seen: string[] = []
    const policy: AnnouncePolicy = {
      admit(request) {
        seen.push(new TextDecoder().decode(request.urlData ?? new Uint8Array(0)))
        return null
      },
    }
    const { net } = await load(trackerService([policy]), {}, [policy])
    await ask(net, '&passkey=abc')
    expect(seen).to.have.length(1)
    expect(seen[0]).to.match(/^\/announce\?info_hash=%01.*&passkey=abc$/)
  })
})

function intervalIn(body: Uint8Array): string {
  return /8:intervali(\d+)e/.exec(latin1(body))?.[1] ?? ''
}

describe('networks', () => {
  it('hold the addresses under their prefix', () => {
    for (const [network, inside, outside] of [
      ['10.0.0.0/8', '10.255.0.1', '11.0.0.0'],
      ['192.0.2.128/25', '192.0.2.129', '192.0.2.127'],
      ['192.0.2.7', '192.0.2.7', '192.0.2.6'],
      ['2001:db8::/32', '2001:db8:ffff::1', '2001:db9::'],
      ['::1', '::1', '::2'],
    ] as const) {
      const parsed = parseNetwork(network)
      if (parsed === null) throw new Error(network)
      expect(inNetwork(ipOf(inside), parsed), inside).to.equal(true)
      expect(inNetwork(ipOf(outside), parsed), outside).to.equal(false)
    }
    const all = parseNetwork('0.0.0.0/0')
    expect(all !== null && inNetwork(ipOf('255.1.2.3'), all) && !inNetwork(ipOf('::1'), all)).to.equal(true)
  })

  it('are not other texts', () => {
    for (const text of [
      '',
      '10.0.0.0/33',
      '10.0.0.0/-1',
      '10.0.0.0/',
      '10.0.0/8',
      '::/129',
      'localhost',
      '1.2.3.4/8/9',
    ]) {
      expect(parseNetwork(text), text).to.equal(null)
    }
  })
})
