import { expect } from 'chai'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatIp, parseEndpoint, parseIp } from '../../core/base/address.js'
import { fromHex } from '../../core/base/bytes.js'
import { NodeError } from '../../core/base/errors.js'
import {
  type HttpLimits,
  type HttpNet,
  type HttpReply,
  type Names,
  Http,
  NameLookup,
} from '../../core/contracts/host.js'
import { type AnnounceResult, type TrackerAnnounce, TrackerClients } from '../../core/contracts/tracker-client.js'
import { emptyAnnounce } from '../../core/protocol/announce-fields.js'
import { compactPeers } from '../../core/protocol/compact-peers.js'
import { infoHashOf, peerIdOf } from '../../core/protocol/ids.js'
import { writeHttpAnnounce, writeHttpFailure, writeHttpScrape } from '../../core/protocol/tracker-http-reply.js'
import { readHttpAnnounce, readHttpScrape } from '../../core/protocol/tracker-http.js'
import { HttpTrackerClient } from '../../plugins/announce-http/http-tracker-client.js'
import {
  loadPlugin,
  register,
  trackerClientCases,
  type HeardAnnounce,
  type TrackerUnderTest,
} from '../conformance/index.js'
import plugin from '../../plugins/announce-http/index.js'

const fixtures = process.env['SHOAL_FIXTURES'] ?? join('..', 'shared', 'fixtures')
const vectors = join(fixtures, 'vectors', 'tracker_responses.json')

/** Reaches nothing but one scripted web server. */
class MemoryWeb implements HttpNet {
  readonly asked: { url: URL; limits: HttpLimits }[] = []

  constructor(private readonly answer: (url: URL, limits: HttpLimits) => HttpReply | NodeError | null) {}

  serve(): never {
    throw new Error('not used')
  }

  get(url: URL, limits: HttpLimits, signal: AbortSignal): Promise<HttpReply> {
    this.asked.push({ url, limits })
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(new NodeError('ERR_HTTP_ABORTED', 'remote', `given up on ${url.href}`))
      if (signal.aborted) return abort()
      const answer = this.answer(url, limits)
      if (answer instanceof NodeError) reject(answer)
      else if (answer !== null) resolve(answer)
      else signal.addEventListener('abort', abort, { once: true })
    })
  }
}

const names: Names = {
  own: () => [],
  resolve: host =>
    host === 'nowhere'
      ? Promise.reject(new Error('no such host'))
      : Promise.resolve([parseIp('198.51.100.1')!, parseIp('2001:db8::1')!]),
}

const reply = (body: Uint8Array | string, status = 200): HttpReply => ({
  status,
  type: 'text/plain',
  body: typeof body === 'string' ? Uint8Array.from(body, c => c.charCodeAt(0)) : body,
})

/** A client whose tracker always gives this. */
function clientOf(answer: HttpReply | NodeError): { client: HttpTrackerClient; web: MemoryWeb } {
  const web = new MemoryWeb(() => answer)
  return { client: new HttpTrackerClient(web, names), web }
}

function announceTo(href: string, more: Partial<TrackerAnnounce['request']> = {}): TrackerAnnounce {
  const request = {
    infoHash: infoHashOf(fromHex('2b760aa178932030c847dcdf8eaebf560a1bd16c')!)!,
    peerId: peerIdOf(new Uint8Array(20).fill(65))!,
    event: 0 as const,
    left: 1,
    uploaded: 0,
    downloaded: 0,
    numWant: 50,
    key: 1,
    port: 6881,
    ...more,
  }
  return { url: new URL(href), request }
}

function say(answer: HttpReply | NodeError, href = 'http://t.example/announce'): Promise<AnnounceResult> {
  return clientOf(answer).client.announce(announceTo(href), new AbortController().signal)
}

async function failureOf(work: Promise<unknown>): Promise<NodeError> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (!NodeError.is(error)) throw new Error('it did not fail with a NodeError')
  return error
}

describe('announce-http', () => {
  register(
    'tracker-client contract',
    trackerClientCases(() => {
      const heard: HeardAnnounce[] = []
      const tracker: Omit<TrackerUnderTest, 'client'> = {
        heard,
        url: new URL('http://t.example/s3cr3tkey/announce'),
        words: 'silence',
        counts: () => undefined,
        wordForPaused: true,
        close: () => Promise.resolve(),
      }
      const web = new MemoryWeb(url => {
        if (url.pathname.endsWith('/scrape')) {
          const hashes = readHttpScrape(url.search.slice(1))
          if (typeof hashes === 'string') return reply(writeHttpFailure(hashes))
          const entries = hashes.flatMap(infoHash => {
            const counts = tracker.counts(infoHash)
            return counts === undefined ? [] : [{ infoHash, ...counts, partialSeeds: 0 }]
          })
          return reply(writeHttpScrape(entries))
        }
        const into = { ...emptyAnnounce(), compact: true, claimedIp: null }
        const fault = readHttpAnnounce(url.search.slice(1), into)
        if (fault !== null) return reply(writeHttpFailure(fault))
        const { urlData: _, compact: __, claimedIp: ___, ...fields } = into
        heard.push(fields)
        const { words } = tracker
        if (words === 'silence') return null
        if ('refusal' in words) return reply(writeHttpFailure(words.refusal))
        const peers = compactPeers(words.peers, 4)
        const answer = { ...words, minInterval: 0, peers, peerBytes: peers.length }
        return reply(writeHttpAnnounce(answer, { family: 4, compact: true }))
      })
      return Promise.resolve(Object.assign(tracker, { client: new HttpTrackerClient(web, names) }))
    }),
  )

  it('keeps the query of the URL, escapes bytes strictly, and sets the limits', async () => {
    const { client, web } = clientOf(reply('de'))
    await client.announce(
      announceTo('http://t.example/announce?passkey=a%20b', { family: 6, trackerId: 'x&y', numWant: -1 }),
      new AbortController().signal,
    )
    const [{ url, limits } = expect.fail()] = web.asked
    expect(url.search).to.match(/^\?passkey=a%20b&info_hash=%2Bv%0A%A1x%93%200%C8G%DC%DF%8E%AE%BFV%0A%1B%D1l&/i)
    expect(url.search)
      .to.include('compact=1')
      .and.include('trackerid=x%26y')
      .and.not.include('numwant')
      .and.not.include('event')
    expect(limits).to.include({ family: 6, maxBytes: 1024 * 1024, timeoutMs: 30_000 })
  })

  it('reads everything a reply may hold', async () => {
    const result = await say(
      reply(
        'd8:completei3e11:external ip4:\u0001\u0002\u0003\u000410:incompletei4e8:intervali900e12:min intervali120e5:peers6:\u0001\u0002\u0003\u0004\u0000\u00508:retry in5:never10:tracker id3:abc15:warning message3:owee',
      ),
    )
    expect({ ...result, externalIp: result.externalIp?.join('.') }).to.deep.equal({
      interval: 900,
      minInterval: 120,
      seeders: 3,
      leechers: 4,
      peers: [parseEndpoint('1.2.3.4:80')],
      warning: 'owe',
      trackerId: 'abc',
      externalIp: '1.2.3.4',
    })
  })

  it('passes retry in on, in seconds, or never (BEP 31)', async () => {
    for (const [told, expected] of [
      ['5:never', 'never'],
      ['i5e', 300],
    ] as const) {
      const error = await failureOf(say(reply(`d14:failure reason2:no8:retry in${told}e`)))
      expect(error.details).to.deep.equal({ retryIn: expected })
    }
  })

  it('looks up peers given by name, and does without those it cannot find', async () => {
    const result = await say(
      reply('d5:peersld2:ip4:host4:porti80eed2:ip7:nowhere4:porti80eed2:ip7:1.2.3.44:porti81eeee'),
    )
    expect(result.peers.map(peer => `${formatIp(peer.ip)} ${peer.port}`)).to.deep.equal([
      '1.2.3.4 81',
      '198.51.100.1 80',
    ])
  })

  it('says what went wrong: the status, or that it was no reply of a tracker', async () => {
    expect((await failureOf(say(reply('<html>', 503)))).message).to.include('503')
    expect((await failureOf(say(reply('d14:failure reason2:noe', 400)))).message).to.include('said: no')
    for (const body of ['', '<html>', 'le', 'd5:peers7:1234567e', 'd6:peers6lee']) {
      expect(await failureOf(say(reply(body)))).to.include({ code: 'ERR_ANNOUNCE_HTTP_FAILED', blame: 'remote' })
    }
  })

  it('tells no secret that the layer below puts into its errors', async () => {
    const href = 'http://me:pa55word@t.example/s3cr3tkey/announce?passkey=0ther%2Ekey'
    const below = new NodeError('ERR_HTTP_FAILED', 'remote', `GET ${href}: reset (0ther.key)`, { details: { href } })
    const error = await failureOf(say(below, href))
    const told = error.message + JSON.stringify(error.details) + String(error.cause)
    expect(told)
      .to.include('reset')
      .and.not.match(/s3cr3t|0ther|pa55/)
  })

  describe('on this machine', () => {
    /** Would these addresses, in turn, be asked for this URL? */
    async function allowed(href: string, ...ips: string[]): Promise<boolean[]> {
      const seen: boolean[] = []
      const web = new MemoryWeb((_, limits) => {
        for (const ip of ips) {
          seen.push(limits.allow?.(parseIp(ip)!) ?? true)
          if (seen.at(-1) === false) return new NodeError('ERR_HTTP_ADDRESS', 'remote', 'not allowed')
        }
        return reply('de')
      })
      const client = new HttpTrackerClient(web, names)
      const outcome = await client
        .announce(announceTo(href), new AbortController().signal)
        .catch((error: unknown) => error)
      const refused = seen.at(-1) === false
      expect(NodeError.is(outcome)).to.equal(refused)
      if (NodeError.is(outcome)) expect(outcome.blame).to.equal(seen.length === 1 ? 'operator' : 'remote')
      return seen
    }

    it('asks only what looks like a tracker', async () => {
      for (const ip of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '0.0.0.0', '169.254.169.254', 'fe80::1']) {
        expect(await allowed('http://name.example/announce', ip), ip).to.deep.equal([true])
        expect(await allowed('http://name.example/announce.php', ip), ip).to.deep.equal([true])
        expect(await allowed('http://name.example/unusual-announce-path', ip), ip).to.deep.equal([false])
        expect(await allowed('http://name.example/short', ip), ip).to.deep.equal([false])
      }
      expect(await allowed('http://name.example/short', '198.51.100.1')).to.deep.equal([true])
    })

    it('follows no redirect from elsewhere, but one from here to here', async () => {
      expect(await allowed('http://name.example/announce', '198.51.100.1', '127.0.0.1')).to.deep.equal([true, false])
      expect(await allowed('http://name.example/announce', '127.0.0.1', '127.0.0.1')).to.deep.equal([true, true])
    })
  })

  it('gives the published replies their results [needs the fixtures folder]', function () {
    if (!existsSync(vectors)) return this.skip()
    const { http } = JSON.parse(readFileSync(vectors, 'utf8')) as { http: Record<string, unknown>[] }
    const run = async (vector: Record<string, unknown>): Promise<void> => {
      const label = String(vector['ascii'])
      const body = fromHex(String(vector['hex']))!
      if (vector['scrape'] !== undefined) {
        const [[hash, counts] = expect.fail()] = Object.entries(vector['scrape'] as Record<string, number[]>)
        const infoHash = infoHashOf(fromHex(hash)!)!
        const [one] = await clientOf(reply(body)).client.scrape(
          new URL('http://t.example/announce'),
          [infoHash],
          new AbortController().signal,
        )
        expect([one!.seeders, one!.completed, one!.leechers], label).to.deep.equal(counts)
        return
      }
      if (vector['error'] !== undefined || vector['failure'] !== undefined) {
        const { message } = await failureOf(say(reply(body)))
        if (vector['failure'] !== undefined) expect(message, label).to.include(vector['failure'])
        return
      }
      const result = await say(reply(body))
      const peers = vector['peers'] as [string, number][] | undefined
      const byName = new Set(['test_hostname', 'another_host', 'example.com', 'not-an-ip'])
      if (peers !== undefined) {
        const expected = peers.map(([host, port]) => `${byName.has(host) ? '198.51.100.1' : host} ${port}`)
        expect(
          result.peers.map(peer => `${formatIp(peer.ip)} ${peer.port}`),
          label,
        ).to.deep.equal(expected)
      }
      // A host name is no error to us: it is looked up.
      const named = label.includes('not-an-ip') ? 1 : 0
      if (vector['num_peers'] !== undefined)
        expect(result.peers.length, label).to.equal(Number(vector['num_peers']) + named)
      if (vector['interval'] !== undefined) expect(result.interval, label).to.equal(vector['interval'])
      if (vector['min_interval'] !== undefined) expect(result.minInterval, label).to.equal(vector['min_interval'])
      if (vector['warning'] !== undefined) expect(result.warning, label).to.equal(vector['warning'])
      if (vector['complete'] !== undefined) expect(result.seeders, label).to.equal(vector['complete'])
      if (vector['external_ip'] !== undefined)
        expect(formatIp(result.externalIp!), label).to.equal(vector['external_ip'])
    }
    expect(http).to.have.length.above(20)
    return Promise.all(http.map(run)).then(() => undefined)
  })

  it('scrapes only where the path says announce, a few dozen hashes at a time', async () => {
    const { client, web } = clientOf(reply('d5:filesdee'))
    const hashes = Array.from({ length: 100 }, (_, i) => infoHashOf(new Uint8Array(20).fill(i))!)
    const counts = await client.scrape(
      new URL('http://t.example/x/announce.php?k=1'),
      hashes,
      new AbortController().signal,
    )
    expect(counts).to.have.length(100)
    expect(web.asked.map(one => one.url.pathname)).to.deep.equal(Array(3).fill('/x/scrape.php'))
    for (const { url } of web.asked) expect(url.href.length).to.be.below(4096)
    const error = await failureOf(client.scrape(new URL('http://t.example/a'), hashes, new AbortController().signal))
    expect(error).to.include({ code: 'ERR_ANNOUNCE_HTTP_URL', blame: 'operator' })
  })

  it('is loaded as a plugin that speaks http and https', async () => {
    const loaded = await loadPlugin(plugin, {}, [
      [Http, new MemoryWeb(() => reply('d8:completei9ee'))],
      [NameLookup, names],
    ])
    const clients = loaded.provided(TrackerClients)
    expect(clients.names()).to.have.members(['http', 'https'])
    const result = await clients
      .get('https')
      .announce(announceTo('https://t.example/announce'), new AbortController().signal)
    expect(result.seeders).to.equal(9)
    await loaded.stop()
  })
})
