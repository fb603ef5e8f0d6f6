import { expect } from 'chai'
import fc from 'fast-check'
import { endpointOf, formatIp, parseIp } from '../../../core/base/address.js'
import { fromHex, toHex } from '../../../core/base/bytes.js'
import { NodeError } from '../../../core/base/errors.js'
import { emptyAnnounce } from '../../../core/protocol/announce-fields.js'
import { compactPeers } from '../../../core/protocol/compact-peers.js'
import { escapeBytes, unescapeInto } from '../../../core/protocol/query-bytes.js'
import { readHttpAnnounce, readHttpScrape, type HttpAnnounceFields } from '../../../core/protocol/tracker-http.js'
import {
  announceUrl,
  readHttpAnnounceReply,
  readHttpScrapeReply,
  scrapeUrl,
} from '../../../core/protocol/tracker-http-client.js'
import { writeHttpAnnounce, writeHttpFailure, writeHttpScrape } from '../../../core/protocol/tracker-http-reply.js'
import { fixture, haveFixtures } from './fixtures.js'

const hash = fc.uint8Array({ minLength: 20, maxLength: 20 })
const GOOD = `info_hash=${'%01'.repeat(20)}&peer_id=-XX0000-abcdefghijkl&port=6881`

function fields(): HttpAnnounceFields {
  return { ...emptyAnnounce(), compact: true, claimedIp: null }
}

function told(query: string): string | null {
  return readHttpAnnounce(query, fields())
}

function text(value: string): Uint8Array {
  return new Uint8Array(Buffer.from(value, 'latin1'))
}

describe('HTTP announce', () => {
  it('is read as it was written, behind what the tracker URL has of its own', () => {
    const count = fc.maxSafeInteger().map(Math.abs)
    const said = fc.record({
      infoHash: hash,
      peerId: hash,
      event: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const, 4 as const),
      left: count,
      uploaded: count,
      downloaded: count,
      numWant: fc.integer({ min: -1, max: 1000 }),
      key: fc.integer({ min: 0, max: 0xffffffff }),
      port: fc.integer({ min: 1, max: 65535 }),
    })
    const into = fields()
    fc.assert(
      fc.property(said, announce => {
        const url = announceUrl(new URL('http://tracker.example/announce.php?passkey=a%2Bb'), announce)
        expect(url.href).to.match(/^http:\/\/tracker\.example\/announce\.php\?passkey=a%2Bb&info_hash=/)
        expect(readHttpAnnounce(url.search.slice(1), into)).to.equal(null)
        expect(into).to.deep.equal({ ...announce, compact: true, claimedIp: null, urlData: null })
      }),
    )
  })

  it('escapes a space as %20 and a plus as %2B', () => {
    const infoHash = fromHex('2b760aa178932030c847dcdf8eaebf560a1bd16c') ?? new Uint8Array(20)
    const url = announceUrl(new URL('http://t/announce'), { ...emptyAnnounce(), infoHash, trackerId: 'a b+c' })
    const [first] = url.search.slice(1).split('&')
    expect(unescaped(first?.slice(10) ?? '')).to.deep.equal(infoHash)
    expect(first).to.match(/^info_hash=%2Bv%0A%A1x%93%200/)
    expect(url.search).to.match(/trackerid=a%20b%2Bc$/)
  })

  function unescaped(value: string): Uint8Array {
    const out = new Uint8Array(64)
    return out.slice(0, unescapeInto(value, 0, value.length, out))
  }

  it('says what is wrong with it', () => {
    expect(told(GOOD)).to.equal(null)
    const wrong: [string, string | RegExp][] = [
      ['', 'info_hash is missing'],
      [GOOD.replace(/info_hash=[^&]*&/, ''), 'info_hash is missing'],
      [GOOD.replace('info_hash=', 'info_hash[]='), 'info_hash is missing'],
      [GOOD.replace('info_hash=%01', 'info_hash='), 'info_hash has 19 bytes, not 20'],
      [GOOD.replace('info_hash=', 'info_hash=%01'), 'info_hash has 21 bytes, not 20'],
      [GOOD.replace('%01&', '%zz&'), 'info_hash has a broken escape'],
      [GOOD.replace('%01&', '%0&'), 'info_hash has a broken escape'],
      [GOOD.replace('%01&', '\u0663&'), 'info_hash has a broken escape'],
      [`${GOOD}&info_hash=${'%02'.repeat(20)}`, 'info_hash stands twice'],
      [`${GOOD}&port=80`, 'port stands twice'],
      [GOOD.replace(/&peer_id=[^&]*/, ''), 'peer_id is missing'],
      [GOOD.replace(/&port=6881/, ''), 'port is missing'],
      ...['', '0', '-1', '65536', '1e3', '\u0663', '6881.0', '0x50', '%36', '99999999999999999999999'].map(
        (port): [string, RegExp] => [GOOD.replace('6881', port), /^port is not a number/],
      ),
      [`${GOOD}&left=-1`, 'left is not a number'],
      [`${GOOD}&uploaded=many`, 'uploaded is not a number'],
      [`${GOOD}&numwant=x`, 'numwant is not a number'],
      [`${GOOD}&event=exploded`, 'unknown event'],
    ]
    for (const [query, reason] of wrong) expect(told(query), query).to.match(new RegExp(reason))
  })

  it('takes what clients really write', () => {
    const into = fields()
    const query = `${GOOD}&event=&numwant=-5&compact=0&key=4bad&ip=9.9.9.9&__proto__=1&a&=&&info=%zz&left=18446744073709551615`
    expect(readHttpAnnounce(query, into)).to.equal(null)
    expect(into).to.include({ event: 0, numWant: -1, compact: false, key: 0x4bad, claimedIp: '9.9.9.9' })
    expect(into.left).to.be.greaterThan(2 ** 63)
    expect(readHttpAnnounce(`${GOOD}&key=not-hex`, into)).to.equal(null)
    // What the last announce said is forgotten; a client that does not say is no seeder.
    expect(into).to.include({ numWant: -1, compact: true, key: 0, claimedIp: null, left: 1 })
  })

  it('ends for any query', () => {
    const parts = fc.constantFrom(
      'info_hash',
      'peer_id',
      'port',
      '=',
      '&',
      '%',
      '%41',
      '%4',
      'x',
      '1',
      '+',
      '\u00ff',
      '[]',
    )
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 40 }), list => {
        const query = list.join('')
        told(query)
        readHttpScrape(query)
      }),
    )
  })
})

describe('escaped bytes', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
        const escaped = escapeBytes(bytes)
        expect(escaped).to.match(/^[A-Za-z0-9%._~-]*$/)
        const out = new Uint8Array(60)
        expect(unescapeInto(escaped, 0, escaped.length, out)).to.equal(bytes.length)
        expect(out.subarray(0, bytes.length)).to.deep.equal(bytes)
      }),
    )
  })
})

describe('HTTP announce reply', () => {
  const v4 = [endpointOf(Uint8Array.of(1, 2, 3, 4), 80), endpointOf(Uint8Array.of(5, 6, 7, 8), 65535)]
  const v6 = [endpointOf(parseIp('2001:db8::1') ?? new Uint8Array(16), 6881)]

  function answer(peers: Uint8Array): Parameters<typeof writeHttpAnnounce>[0] {
    const room = new Uint8Array(peers.length + 10)
    room.set(peers)
    return { interval: 1800, minInterval: 60, seeders: 3, leechers: 12, peers: room, peerBytes: peers.length }
  }

  it('is read as it was written: compact or not, either family', () => {
    for (const [family, peers] of [
      [4, v4],
      [6, v6],
      [4, []],
    ] as const) {
      for (const compact of [true, false]) {
        const body = writeHttpAnnounce(answer(compactPeers(peers, family)), { family, compact, warning: 'take care' })
        const reply = readHttpAnnounceReply(body)
        expect(reply.peers).to.deep.equal(peers)
        expect(reply).to.include({ interval: 1800, minInterval: 60, seeders: 3, leechers: 12, warning: 'take care' })
        expect(reply).to.include({ failure: null, retryIn: null, trackerId: null, externalIp: null })
      }
    }
  })

  it('has its keys in order, and no key it need not have', () => {
    const externalIp = Uint8Array.of(9, 9, 9, 9)
    const body = writeHttpAnnounce(answer(compactPeers(v6, 6)), { family: 6, compact: true, externalIp })
    expect(Buffer.from(body).toString('latin1')).to.match(
      /^d8:completei3e11:external ip4:....10:incompletei12e8:intervali1800e12:min intervali60e5:peers0:6:peers618:/s,
    )
    const listed = writeHttpAnnounce(answer(compactPeers(v6, 6)), { family: 6, compact: false })
    expect(Buffer.from(listed).toString()).to.match(/5:peersld2:ip11:2001:db8::14:porti6881eeee$/)
  })

  it('that refuses says why', () => {
    const body = writeHttpFailure('not authorized \u00e9')
    expect(readHttpAnnounceReply(body).failure).to.equal('not authorized \u00e9')
    expect(readHttpAnnounceReply(body).retryIn).to.equal(null)
    expect(readHttpAnnounceReply(writeHttpFailure('no', 7)).retryIn).to.equal(420)
    expect(readHttpAnnounceReply(writeHttpFailure('no', 'never')).retryIn).to.equal('never')
    expect(readHttpAnnounceReply(text('d14:failure reason1:x8:retry in5:nevere')).retryIn).to.equal('never')
    expect(readHttpAnnounceReply(text('d14:failure reason1:x5:peersi7e8:retry ini5ee')).retryIn).to.equal(300)
  })

  it('that is none is refused, in bounded time', () => {
    const bombs = ['', 'le', 'd', '<html>', 'd5:peersi1ee', `d1:a${'l'.repeat(8)}${'e'.repeat(9)}`, 'de\n', 'l-3:e']
    for (const bad of bombs) expect(() => readHttpAnnounceReply(text(bad)), bad).to.throw(NodeError, 'bad reply')
    expect(() => readHttpAnnounceReply(new Uint8Array(1024 * 1024 + 1))).to.throw(NodeError, 'bad reply')
  })

  it('may hold as many peers as fit', () => {
    const head = 'd5:peers1048500:'
    const body = new Uint8Array(head.length + 1048500 + 1).fill(1)
    body.set(text(head))
    body[body.length - 1] = 0x65
    expect(readHttpAnnounceReply(body).peers.length).to.equal(1048500 / 6)
  })

  it('is understood as the published vectors say [needs the fixtures folder]', function () {
    if (!haveFixtures()) this.skip()
    const { http } = fixture<{ http: Record<string, unknown>[] }>('vectors/tracker_responses.json')
    for (const vector of http) {
      const body = fromHex(String(vector['hex'])) ?? new Uint8Array(0)
      const what = String(vector['ascii'])
      if ('error' in vector) {
        expect(() => readHttpAnnounceReply(body), what).to.throw(NodeError)
        continue
      }
      if ('scrape' in vector) {
        const [[hex, counts]] = Object.entries(vector['scrape'] as Record<string, number[]>) as [[string, number[]]]
        const asked = [new Uint8Array(20), fromHex(hex) ?? new Uint8Array(20)]
        const [seeders, completed, leechers] = counts
        expect(readHttpScrapeReply(body, asked), what).to.deep.equal([null, { seeders, completed, leechers }])
        continue
      }
      const reply = readHttpAnnounceReply(body)
      const found: Record<string, unknown> = {
        peers: [
          ...reply.peers.map(peer => [formatIp(peer.ip), peer.port]),
          ...reply.namedPeers.map(peer => [peer.host, peer.port]),
        ],
        num_peers: reply.peers.length,
        interval: reply.interval,
        min_interval: reply.minInterval,
        complete: reply.seeders,
        incomplete: reply.leechers,
        downloaded: reply.completed,
        warning: reply.warning,
        failure: reply.failure,
        external_ip: reply.externalIp === null ? null : formatIp(reply.externalIp),
      }
      const facts = Object.keys(vector).filter(key => key in found && key !== 'peers')
      for (const key of facts) expect(found[key], `${what}: ${key}`).to.equal(vector[key])
      // A peer whose port is no port is passed over; the other entries stay.
      if ('peers' in vector) expect(found['peers'], what).to.deep.equal(vector['peers'])
    }
  })
})

describe('HTTP scrape', () => {
  it('finds a hash whose bytes the tracker wrote as characters', () => {
    const hash = new Uint8Array(20).fill(0xe9)
    const head = new TextEncoder().encode('d5:filesd40:')
    const tail = new TextEncoder().encode('d8:completei5eeee')
    const key = Array.from({ length: 20 }, () => [0xc3, 0xa9]).flat()
    const body = Uint8Array.from([...head, ...key, ...tail])
    expect(readHttpScrapeReply(body, [hash])).to.deep.equal([{ seeders: 5, leechers: 0, completed: 0 }])
  })

  it('asks where BEP 48 says, and has no place elsewhere', () => {
    const one = new Uint8Array(20).fill(0x41)
    const ask = (url: string): string | undefined => scrapeUrl(new URL(url), [one, one])?.href
    const query = `info_hash=${'A'.repeat(20)}&info_hash=${'A'.repeat(20)}`
    expect(ask('http://x/announce')).to.equal(`http://x/scrape?${query}`)
    expect(ask('http://x/x/announce.php?k=1')).to.equal(`http://x/x/scrape.php?k=1&${query}`)
    expect(ask('http://x/a')).to.equal(undefined)
    expect(ask('http://x/announce/x')).to.equal(undefined)
  })

  it('reads hashes, some or none, and says what is wrong', () => {
    const one = '%00'.repeat(20)
    expect(readHttpScrape('')).to.deep.equal([])
    expect(readHttpScrape(`info_hash=${one}&x=1&info_hash=${one}`)).to.deep.equal([
      new Uint8Array(20),
      new Uint8Array(20),
    ])
    expect(readHttpScrape(Array.from({ length: 100 }, () => `info_hash=${one}`).join('&')).length).to.equal(74)
    expect(readHttpScrape('info_hash=abc')).to.equal('info_hash has 3 bytes, not 20')
    expect(readHttpScrape('info_hash=%zz')).to.equal('info_hash has a broken escape')
  })

  it('replies come back by hash, whatever bytes it has', () => {
    const counts = fc.record({ seeders: fc.nat(), completed: fc.nat(), leechers: fc.nat() })
    const list = fc.uniqueArray(fc.tuple(hash, counts), { maxLength: 20, selector: ([bytes]) => toHex(bytes) })
    fc.assert(
      fc.property(list, entries => {
        const hashes = entries.map(([bytes]) => bytes)
        const body = writeHttpScrape(entries.map(([infoHash, said]) => ({ infoHash, ...said, partialSeeds: 0 })))
        expect(readHttpScrapeReply(body, hashes)).to.deep.equal(entries.map(([, said]) => said))
        // Strictly ordered keys: writing the entries twice and backwards gives the same bytes.
        const doubled = [...entries, ...entries]
          .toReversed()
          .map(([infoHash, said]) => ({ infoHash, ...said, partialSeeds: 0 }))
        expect(toHex(writeHttpScrape(doubled))).to.equal(toHex(body))
      }),
    )
  })

  it('replies that refuse or make no sense throw', () => {
    const asked = [new Uint8Array(20)]
    expect(() => readHttpScrapeReply(writeHttpFailure('no'), asked)).to.throw(NodeError, 'refused: no')
    expect(() => readHttpScrapeReply(text('de'), asked)).to.throw(NodeError, 'without "files"')
  })
})
