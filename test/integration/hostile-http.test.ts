// What must be survived by HTTP (S-24 to S-29): byte for byte over real sockets, against whole nodes.
import { execFileSync } from 'node:child_process'
import { expect } from 'chai'
import { readHttpAnnounceReply } from '../../core/protocol/tracker-http-client.js'
import { formatEndpoint } from '../../core/base/address.js'
import { infoHash } from '../conformance/index.js'
import { until } from '../plugins/waiting.js'
import { escaped, overHttp, RawHttp } from './raw-http.js'
import { TrackerBed, type BedWishes } from './tracker-bed.js'

const HASH = escaped(infoHash(1))
const PEER = '-XX0000-abcdefghijkl'
const usual = `info_hash=${HASH}&peer_id=${PEER}&left=1`
const announce = `/announce?${usual}&port=6881`

describe('hostile HTTP', function () {
  this.timeout(30_000)
  let bed: TrackerBed
  let port = 0
  const sockets: RawHttp[] = []
  const start = async (wishes: Partial<BedWishes> = {}): Promise<void> => {
    bed = await TrackerBed.start({ io: 'dgram', ...wishes })
    port = bed.port('http:')
  }
  const open = (first = '', from?: string): RawHttp => {
    const raw = new RawHttp(port, { first, ...(from === undefined ? {} : { from }) })
    sockets.push(raw)
    return raw
  }
  afterEach(async () => {
    for (const { socket } of sockets.splice(0)) socket.destroy()
    await bed.stop()
  })

  const get = (target: string, more = ''): string => `GET ${target} HTTP/1.1\r\nHost: t\r\n${more}\r\n`
  const read = (body: string) => readHttpAnnounceReply(Buffer.from(body, 'latin1'))
  /** All peers that somebody at an address of no one else is told of. */
  const known = async (from = '127.0.9.9'): Promise<string[]> => {
    const { peers } = read(await overHttp(port, `/announce?${usual}&port=9&numwant=200`, from))
    return peers.map(formatEndpoint).filter(peer => !peer.startsWith(from.includes(':') ? `[${from}]` : from))
  }

  it('S-24 (b): ip= of whoever asks is in no list of peers', async () => {
    await start()
    for (const claim of ['9.9.9.9', '127.0.0.77', '2001%3Adb8%3A%3A9', '9.9.9.9&ipv4=9.9.9.9', 'x']) {
      expect(read(await overHttp(port, `${announce}&ip=${claim}`, '127.0.0.2')).failure, claim).to.equal(null)
    }
    expect(await known()).to.deep.equal(['127.0.0.2:6881'])
  })

  it('S-25 (a): X-Forwarded-For counts for nothing where no proxy is trusted', async () => {
    await start()
    await overHttp(
      port,
      announce,
      '127.0.0.2',
      'X-Forwarded-For: 9.9.9.9\r\nForwarded: for=9.9.9.9\r\nX-Real-IP: 9.9.9.9\r\n',
    )
    expect(await known()).to.deep.equal(['127.0.0.2:6881'])
  })

  it('S-25 (b): behind a trusted proxy the right-most hop that is none counts, whatever stands before it', async () => {
    await start({ http: { trustedProxies: ['127.0.0.2', '10.0.0.0/8'] } })
    await overHttp(port, announce, '127.0.0.2', 'X-Forwarded-For: 1.2.3.4, 198.51.100.7, 10.1.1.1\r\n')
    await overHttp(port, announce, '127.0.0.2', 'X-Forwarded-For: 5.6.7.8\r\nx-forwarded-for: 198.51.100.8\r\n')
    expect((await known()).sort()).to.deep.equal(['198.51.100.7:6881', '198.51.100.8:6881'])
  })

  it('S-25 (c): the header of one who is no trusted proxy is ignored, though it names one', async () => {
    await start({ http: { trustedProxies: ['127.0.0.2'] } })
    await overHttp(port, announce, '127.0.0.3', 'X-Forwarded-For: 1.2.3.4, 127.0.0.2\r\n')
    expect(await known()).to.deep.equal(['127.0.0.3:6881'])
  })

  it('S-25 (d): a header that is no list of addresses is a failure reason', async () => {
    await start({ http: { trustedProxies: ['127.0.0.2'] } })
    for (const header of ['unknown', '1.2.3', '1.2.3.4,', '<script>', '1.2.3.4 5.6.7.8']) {
      const body = await overHttp(port, announce, '127.0.0.2', `X-Forwarded-For: ${header}\r\n`)
      expect(read(body).failure, header).to.match(/X-Forwarded-For/)
    }
    expect(await known()).to.deep.equal([])
  })

  it('S-27 (b): everything is scraped only where the operator allows it', async () => {
    await start()
    await overHttp(port, announce, '127.0.0.2')
    expect(await overHttp(port, '/scrape', '127.0.0.2')).to.include('failure reason')
    expect(await overHttp(port, '/scrape?', '127.0.0.2')).to.include('failure reason')
  })

  it('S-27 (c): a scrape counts 74 hashes and cuts the others off', async () => {
    await start()
    // As they fit a URL of 4 KiB: bytes that need no escape.
    const hashes = Array.from({ length: 100 }, (_, i) => `info_hash=${String(i).padStart(20, 'x')}`)
    const body = await overHttp(port, `/scrape?${hashes.join('&')}`, '127.0.0.2')
    expect(body.split('8:completei').length - 1).to.equal(74)
  })

  it('S-28 (a): who has not sent its head within 5 s is closed, by drips or by silence; others are answered meanwhile', async () => {
    await start()
    const idle = Array.from({ length: 100 }, () => open())
    const slow = Array.from({ length: 50 }, (_, i) =>
      open(i % 2 === 0 ? 'GET /announce?' : `GET ${announce} HTTP/1.1\r\n`),
    )
    const since = performance.now()
    const drip = setInterval(() => {
      for (const [i, { socket }] of slow.entries()) if (socket.writable) socket.write(i % 2 === 0 ? 'x' : 'X: y\r\n')
    }, 250)
    try {
      expect(read(await overHttp(port, announce, '127.0.0.2')).failure).to.equal(null)
      await until(() => [...idle, ...slow].every(one => one.closed))
    } finally {
      clearInterval(drip)
    }
    expect(performance.now() - since).to.be.greaterThan(3000)
    expect(bed.lines).to.deep.equal([])
  })

  it('S-28 (b): a URL of over 4 KiB is 414, a head without end is 431, and neither is kept', async () => {
    await start()
    const long = open(get(`/announce?${'x'.repeat(5000)}`))
    await long.until(raw => raw.text.includes('HTTP/1.1 414'))
    const endless = open(`GET /announce?${'x'.repeat(40_000)}`)
    const headers = open(`GET ${announce} HTTP/1.1\r\nHost: t\r\n${'X-Y: z\r\n'.repeat(5000)}`)
    await endless.until(raw => raw.closed)
    await headers.until(raw => raw.closed)
    expect([endless.text.slice(9, 12), headers.text.slice(9, 12)]).to.deep.equal(['414', '431'])
    expect(await known()).to.deep.equal([])
  })

  it('S-28 (c): a body is ignored, and is no second request', async () => {
    await start()
    const smuggled = get(`/announce?${usual}&port=666`)
    const raw = open(
      `GET ${announce} HTTP/1.1\r\nHost: t\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}` +
        get('/last', 'Connection: close\r\n'),
    )
    await raw.until(one => one.closed)
    expect(raw.replies).to.equal(2)
    // Where it is in doubt what a body is, nothing behind the head is read.
    for (const framing of [
      'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n',
      'Content-Length: 3\r\nContent-Length: 5\r\n',
      'Transfer-Encoding: xchunked\r\n',
      'Content-Length: -1\r\n',
    ]) {
      const odd = open(`GET /announce?${usual}&port=667 HTTP/1.1\r\nHost: t\r\n${framing}\r\nabc${smuggled}`)
      await odd.until(one => one.closed)
      expect(odd.text.split('HTTP/1.1 200').length - 1, framing).to.be.at.most(1)
    }
    expect(await known())
      .to.include('127.0.0.1:6881')
      .and.not.include('127.0.0.1:666')
  })

  it('S-28 (d): ten thousand idle sockets, or as many as the system lets us have, keep no announce out', async function () {
    await start()
    const limit = Number(execFileSync('sh', ['-c', 'ulimit -n']).toString())
    // Both ends are this process's.
    const count = Math.min(10_000, Number.isNaN(limit) ? 10_000 : Math.floor((limit - 500) / 2))
    if (count < 500) this.skip()
    let connected = 0
    for (let i = 0; i < count; i++) {
      const raw = open()
      raw.socket.once('connect', () => connected++)
    }
    await until(() => connected === count)
    for (let i = 0; i < 20; i++) {
      expect(read(await overHttp(port, `/announce?${usual}&port=${7000 + i}`, '127.0.0.2')).failure).to.equal(null)
    }
    expect(bed.lines).to.deep.equal([])
  })

  it('S-28 (e): a thousand requests at once by one connection are answered in order; one that reads nothing costs nothing', async () => {
    await start()
    const requests = Array.from({ length: 1000 }, (_, i) => get(`/announce?${usual}&port=${1 + i}&numwant=0`))
    const raw = open(`${requests.join('')}${get('/last', 'Connection: close\r\n')}`, '127.0.0.2')
    await raw.until(one => one.closed)
    expect(raw.replies).to.equal(1001)
    const counts = [...raw.text.matchAll(/10:incompletei(\d+)e/g)].map(found => Number(found[1]))
    expect(counts).to.deep.equal(Array.from({ length: 1000 }, (_, i) => i + 1))
    // It would be owed some 100 MiB if it were let.
    const before = process.memoryUsage().rss
    const deaf = Array.from({ length: 20 }, () => open('', '127.0.0.3'))
    const many = get(`/announce?${usual}&port=5&numwant=200&compact=0`).repeat(2000)
    for (const { socket } of deaf) socket.pause().write(many)
    for (let i = 0; i < 50; i++) await overHttp(port, announce, '127.0.0.4')
    expect((process.memoryUsage().rss - before) / 2 ** 20).to.be.lessThan(100)
  })

  it('S-28 (f): queries that are none are told a failure reason with status 200, and no stack', async () => {
    await start()
    const rest = `peer_id=${PEER}`
    for (const query of [
      `info_hash[]=${HASH}&${rest}&port=1`,
      `info_hash=${HASH}&info_hash=${HASH}&${rest}&port=1`,
      `info_hash=%zz&${rest}&port=1`,
      `info_hash=${HASH.slice(3)}&${rest}&port=1`,
      `info_hash=${HASH}%01&${rest}&port=1`,
      ...['0', '-1', '65536', '1e3', '%d9%a3', '1.0', '+1', '0x1', '', '99999999999999999999999', 'NaN'].map(
        text => `info_hash=${HASH}&${rest}&port=${text}`,
      ),
      `__proto__=1&constructor=1&info_hash=${HASH}&port=1`,
      `info_hash.__proto__=${HASH}&${rest}&port=1`,
      '%',
      '&&&===&',
      '',
    ]) {
      const raw = open(get(`/announce?${query}`, 'Connection: close\r\n'))
      await raw.until(one => one.closed)
      expect(raw.text.slice(9, 12), query).to.equal('200')
      expect(raw.text, query)
        .to.include('failure reason')
        .and.not.match(/\.[jt]s\b|    at /)
    }
    expect(await known()).to.deep.equal([])
    expect(Object.prototype).to.not.have.property('port')
  })

  it('S-29 (a): markup in a peer id, in a query, in a path or in a header comes back nowhere', async () => {
    await start()
    const markup = escaped(Buffer.from('<img src=x onerror=>'))
    const targets = [
      `/announce?info_hash=${HASH}&peer_id=${markup}&port=1&event=${markup}`,
      `/announce?info_hash=${HASH}&peer_id=${markup}&port=1`,
      `/announce?${markup}`,
      `/${markup}`,
      '/<img src=x onerror=>',
      `/scrape?info_hash=${markup}0`,
    ]
    for (const target of targets) {
      const raw = open(get(target, 'X-Forwarded-For: <img>\r\nConnection: close\r\n'))
      await raw.until(one => one.closed)
      expect(raw.text, target).to.not.match(/<img|text\/html/i)
    }
    expect(await overHttp(port, `/announce?${usual}&port=3&compact=0`, '127.0.0.5')).to.not.include('<img')
  })
})
