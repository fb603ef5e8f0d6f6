import { createServer } from 'node:http'
import { connect } from 'node:net'
import { expect } from 'chai'
import fc from 'fast-check'
import { silentLogger } from '../../core/base/log.js'
import { NodeHttpNet } from '../../plugins/host-node/http-net.js'
import { NOT_PLAIN, PARTIAL, PlainHead, headerOf, readPlainHead } from '../../plugins/host-node/http-head.js'
import { ManualClock } from '../conformance/index.js'
import { at } from './endpoint-at.js'
import { systemClock } from './system-clock.js'
import { turn, until } from './waiting.js'
import type { AddressInfo, Socket } from 'node:net'
import type { HttpReply, HttpRequest } from '../../core/contracts/host.js'

const plain = (text: string, status = 200): HttpReply => ({ status, type: 'text/plain', body: Buffer.from(text) })

/** What came back, but for what may differ between two servers that agree. */
interface Answer {
  readonly status: number
  readonly body: string
}

/** Sends the parts one after the other, each in a turn of its own, and hears the answers until the server closes. */
function talk(port: number, parts: readonly Buffer[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    let heard = ''
    socket.on('data', chunk => (heard += chunk.toString('latin1')))
    socket.on('error', reject)
    socket.on('end', () => socket.destroy())
    socket.on('close', () => resolve(heard))
    const send = async (): Promise<void> => {
      for (const part of parts) {
        if (socket.destroyed) return
        socket.write(part)
        await turn()
      }
    }
    socket.on('connect', () => void send())
  })
}

function answersIn(text: string): Answer[] {
  const answers: Answer[] = []
  for (let rest = text; rest !== '';) {
    const head = /^HTTP\/1\.1 (\d{3})[^\r]*\r\n(?:[^\r]+\r\n)*?Content-Length: (\d+)\r\n(?:[^\r]+\r\n)*\r\n/.exec(rest)
    if (head === null) throw new Error(`no answer: ${JSON.stringify(rest)}`)
    const end = head[0].length + Number(head[2])
    answers.push({ status: Number(head[1]), body: rest.slice(head[0].length, end) })
    rest = rest.slice(end)
  }
  return answers
}

const LAST = 'GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`

describe('plain HTTP requests', () => {
  let net: NodeHttpNet
  let port = 0
  let asked: string[] = []

  beforeEach(async () => {
    net = new NodeHttpNet(systemClock, silentLogger)
    asked = []
    const handler = (request: HttpRequest, respond: (reply: HttpReply) => void): void => {
      asked.push(`${request.method} ${request.path}?${request.query}`)
      const reply = plain(`${request.path}?${request.query}[${request.header('x-a') ?? ''}]`)
      if (request.path.startsWith('/late')) setImmediate(() => respond(reply))
      else respond(reply)
    }
    port = (await net.serve(at('127.0.0.1:0'), handler)).local.port
  })
  afterEach(() => net.close())

  const said = async (...parts: string[]): Promise<string> =>
    talk(
      port,
      parts.map(part => Buffer.from(part, 'latin1')),
    )

  it('come many in one piece, and are answered in order in one', async () => {
    const many = Array.from({ length: 300 }, (_, i) => get(`/${i}?q=${i}`)).join('')
    const answers = answersIn(await said(many + LAST))
    expect(answers.map(one => one.body)).to.deep.equal([
      ...Array.from({ length: 300 }, (_, i) => `/${i}?q=${i}[]`),
      '/last?[]',
    ])
  })

  it('come byte by byte, and with the last one cut anywhere', async () => {
    const text = get('/a?b') + get('/late', 'X-A: 1\r\nx-a:2 \r\n') + LAST
    const whole = answersIn(await said(text))
    expect(whole.map(one => one.body)).to.deep.equal(['/a?b[]', '/late?[1, 2]', '/last?[]'])
    expect(answersIn(await said(...text))).to.deep.equal(whole)
    for (let cut = 1; cut < text.length; cut += 7) {
      expect(answersIn(await said(text.slice(0, cut), text.slice(cut))), `cut at ${cut}`).to.deep.equal(whole)
    }
  })

  it('keep the connection, or end it, as both versions say', async () => {
    const kept = await said(`GET /1 HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n${LAST}`)
    expect(kept.match(/Connection: (\S+)/g)).to.deep.equal(['Connection: keep-alive', 'Connection: close'])
    expect(answersIn(kept)).to.have.length(2)
    for (const text of [
      'GET /1 HTTP/1.0\r\n\r\n',
      'GET /1 HTTP/1.0\r\nHost: x\r\nConnection: close\r\n\r\n',
      'GET /1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      'GET /1 HTTP/1.1\r\nHOST: x\r\nCONNECTION:  CLOSE \r\n\r\n',
    ]) {
      asked = []
      const heard = await said(text + get('/2'))
      expect(heard).to.include('Connection: close')
      expect(answersIn(heard)).to.have.length(1)
      expect(asked).to.deep.equal(['GET /1?'])
    }
  })

  it('say when they were answered', async () => {
    const date = /\r\nDate: ([^\r]+)\r\n/.exec(await said(LAST))?.[1] ?? ''
    expect(Math.abs(Date.parse(date) - Date.now())).to.be.below(2000)
  })

  it('mix with those that node:http reads, before and behind', async () => {
    const post = 'POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nGET /'
    const answers = answersIn(await said(get('/1') + post + get('/2') + get('http://y/3?z') + LAST))
    expect(answers.map(one => one.body)).to.deep.equal(['/1?[]', '/post?[]', '/2?[]', '/3?z[]', '/last?[]'])
  })

  it('wait for a client that reads nothing', async () => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.pause()
    const path = `/${'x'.repeat(2000)}`
    let sent = 0
    const pump = (): void => {
      while (sent < 8000 && socket.write(get(`${path}${sent++}`)));
      if (sent < 8000) socket.once('drain', pump)
      else socket.write(LAST)
    }
    pump()
    let answered = -1
    await until(() => {
      const same = answered === asked.length
      answered = asked.length
      return same && answered > 0
    })
    // What the system holds between them is all that was answered.
    expect(asked.length).to.be.below(8000)
    let heard = ''
    socket.on('data', chunk => (heard += chunk.toString('latin1')))
    socket.resume()
    await new Promise(resolve => void socket.on('close', resolve))
    expect(answersIn(heard).map(one => one.body)).to.deep.equal([
      ...Array.from({ length: 8000 }, (_, i) => `${path}${i}?[]`),
      '/last?[]',
    ])
  })

  it('answers who has said all it will say', async () => {
    for (const path of ['/now', '/late']) {
      const heard = await new Promise<string>(resolve => {
        const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
        let text = ''
        socket.on('data', chunk => (text += chunk.toString('latin1')))
        socket.on('end', () => resolve(text))
        socket.end(get(path))
      })
      expect(answersIn(heard).map(one => one.body)).to.deep.equal([`${path}?[]`])
    }
  })

  it('split anywhere, are answered as if they came whole', async () => {
    const request = fc.constantFrom(
      get('/announce?info_hash=%00%ff&port=1'),
      get('/scrape', 'User-Agent: x/1\r\nAccept-Encoding: gzip\r\nConnection: keep-alive\r\n'),
      get('/late?x'),
      'GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
      'POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nGET',
      'POST /chunks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
      get('http://y:1/abs?q'),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(request, { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(700), { maxLength: 12 }),
        async (requests, cuts) => {
          const bytes = Buffer.from(requests.join('') + LAST)
          const places = [0, ...cuts.map(cut => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length]
          const parts = places.slice(1).map((to, i) => bytes.subarray(places[i], to))
          const split = answersIn(await talk(port, parts))
          expect(split).to.deep.equal(answersIn(await talk(port, [bytes])))
          expect(split).to.have.length(requests.length + 1)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('are counted while they are connected', async () => {
    const listener = await net.serve(at('127.0.0.1:0'), (_request, respond) => respond(plain('x')))
    const sockets = [get('/'), '', 'POST / HTTP/1.1\r\nHost: x\r\n\r\n'].map(text => {
      const socket = connect(listener.local.port, '127.0.0.1')
      socket.write(text)
      return socket
    })
    await until(() => listener.connections?.() === 3)
    for (const socket of sockets) socket.destroy()
    await until(() => listener.connections?.() === 0)
  })

  describe('when time passes', () => {
    const clock = new ManualClock()
    const sockets: Socket[] = []
    afterEach(() => sockets.splice(0).forEach(socket => void socket.destroy()))

    it('S-28: silence, heads without end and idle connections are closed, each in its time', async () => {
      const timed = new NodeHttpNet(clock, silentLogger)
      let heard = 0
      const listener = await timed.serve(at('127.0.0.1:0'), (_request, respond) => {
        heard++
        respond(plain('x'))
      })
      const closed: string[] = []
      const open = (name: string, text: string): Socket => {
        const socket = connect(listener.local.port, '127.0.0.1')
        socket.on('data', chunk => (name += chunk.toString().includes(' 408 ') ? ': 408' : ''))
        socket.on('close', () => closed.push(name))
        socket.write(text)
        sockets.push(socket)
        return socket
      }
      open('silent', '')
      open('partial', 'GET /a HTTP/1.1\r\nHost: x\r\n')
      open('idle', get('/b'))
      open('other', 'POST /a HTTP/1.1\r\n')
      await until(() => heard === 1 && listener.connections?.() === 4)
      for (let i = 0; i < 20; i++) await turn()
      await clock.advance(4000)
      expect(closed).to.deep.equal([])
      await clock.advance(1000)
      await until(() => closed.length === 3)
      expect(closed.sort()).to.deep.equal(['other', 'partial: 408', 'silent'])
      await clock.advance(9000)
      await turn()
      expect(closed).to.have.length(3)
      await clock.advance(1500)
      await until(() => closed.length === 4)
      await timed.close()
      expect(clock.pending).to.equal(0)
    })

    it('S-28: so are those of clients that were slow to take a reply before', async () => {
      const timed = new NodeHttpNet(clock, silentLogger)
      const large = plain('y'.repeat(16 * 1024 * 1024))
      const listener = await timed.serve(at('127.0.0.1:0'), (_request, respond) => respond(large))
      const closed: string[] = []
      const takeSlowly = async (name: string, text: string): Promise<void> => {
        const socket = connect(listener.local.port, '127.0.0.1')
        sockets.push(socket)
        let taken = 0
        socket.on('data', chunk => {
          taken += chunk.length
          if (chunk.toString('latin1').includes(' 408 ')) name += ': 408'
        })
        socket.on('close', () => closed.push(name))
        socket.pause()
        socket.write(text)
        // The system does not hold all of it, so the server waits for the client.
        for (let i = 0; i < 20; i++) await turn()
        socket.resume()
        await until(() => taken > large.body.length)
        for (let i = 0; i < 20; i++) await turn()
      }
      await takeSlowly('idle', get('/a'))
      await takeSlowly('partial', `${get('/a')}GET /b HTTP/1.1\r\n`)
      expect(closed).to.deep.equal([])
      await clock.advance(5000)
      await until(() => closed.length > 0)
      expect(closed).to.deep.equal(['partial: 408'])
      await clock.advance(11_000)
      await until(() => closed.length > 1)
      expect(closed).to.deep.equal(['partial: 408', 'idle'])
      await timed.close()
    })
  })
})

describe('the reader of plain HTTP', () => {
  const head = new PlainHead()
  const read = (text: string): number => {
    const bytes = Buffer.from(text, 'latin1')
    return readPlainHead(bytes, 0, bytes.length, head)
  }

  it('finds the end of a head, and its parts', () => {
    const text = 'GET /announce?a=b?c HTTP/1.1\r\nHost: x\r\nX-B:  y z\t\r\nx-b:\r\n\r\n'
    const bytes = Buffer.from(`${text}GET`, 'latin1')
    expect(readPlainHead(bytes, 0, bytes.length, head)).to.equal(text.length)
    expect(bytes.toString('latin1', head.target, head.mark)).to.equal('/announce')
    expect(bytes.toString('latin1', head.mark + 1, head.targetEnd)).to.equal('a=b?c')
    expect(headerOf(bytes, head.headers, 'x-b')).to.equal('y z, ')
    expect(headerOf(bytes, head.headers, 'x-c')).to.equal(undefined)
  })

  it('knows a beginning from what can become no plain head', () => {
    const text = 'GET /?a HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n'
    for (let length = 0; length < text.length; length++) {
      expect(read(text.slice(0, length)), String(length)).to.equal(PARTIAL)
    }
    expect(read(text)).to.equal(text.length)
  })

  for (const [what, text] of [
    ['another method', 'HEAD / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['the absolute form', 'GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['another version', 'GET / HTTP/1.2\r\nHost: x\r\n\r\n'],
    ['two spaces', 'GET /  HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['no version', 'GET /\r\n\r\n'],
    ['a NUL in the target', 'GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a byte above ASCII in the target', 'GET /\xe9 HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a bare LF', 'GET / HTTP/1.1\nHost: x\r\n\r\n'],
    ['a bare LF behind a header', 'GET / HTTP/1.1\r\nHost: x\n\r\n'],
    ['a bare CR in a header', 'GET / HTTP/1.1\r\nHost: x\rX: y\r\n\r\n'],
    ['a NUL in a header', 'GET / HTTP/1.1\r\nHost: x\0\r\n\r\n'],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: x\r\n y\r\n\r\n'],
    ['a space before the colon', 'GET / HTTP/1.1\r\nHost : x\r\n\r\n'],
    ['a header without a name', 'GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n'],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: x\r\nhost: y\r\n\r\n'],
    ['a length', 'GET / HTTP/1.1\r\nHost: x\r\ncontent-LENGTH: 0\r\n\r\n'],
    ['an encoding', 'GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n'],
    ['an expectation', 'GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n'],
    ['an upgrade', 'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\n\r\n'],
    ['a connection with options', 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close, te\r\n\r\n'],
    ['a tab beside a connection', 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\t\r\n\r\n'],
    ['two connections', 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nConnection: close\r\n\r\n'],
    ['a URL of over 4 KiB', `GET /${'x'.repeat(4096)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['headers of over 16 KiB', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(16_384)}\r\n\r\n`],
  ] as const) {
    it(`leaves to node:http ${what}`, () => expect(read(text)).to.equal(NOT_PLAIN))
  }

  it('takes no request for two, and nothing for a request that node:http refuses', async () => {
    const told: string[] = []
    const node = createServer((request, response) => {
      // No query and an empty one are the same to a handler.
      told.push(`${request.method} ${request.url?.replace(/^([^?]*)\?$/, '$1')}`)
      response.end('x')
    })
    await new Promise<void>(resolve => node.listen(0, '127.0.0.1', resolve))
    const net = new NodeHttpNet(systemClock, silentLogger)
    const asked: string[] = []
    const listener = await net.serve(at('127.0.0.1:0'), (request, respond) => {
      asked.push(`${request.method} ${request.path}${request.query === '' ? '' : `?${request.query}`}`)
      respond(plain('x'))
    })
    const same = async (bytes: Buffer): Promise<void> => {
      told.length = asked.length = 0
      await Promise.all([
        talk((node.address() as AddressInfo).port, [bytes]).catch(() => ''),
        talk(listener.local.port, [bytes]).catch(() => ''),
      ])
      expect(asked, JSON.stringify(bytes.toString('latin1'))).to.deep.equal(told)
    }
    const inside = 'GET /inside HTTP/1.1\r\nHost: x\r\n\r\n'
    for (const headers of [
      `Content-Length: ${inside.length}\r\nContent-Length: 0\r\n`,
      `Content-Length: 0\r\nContent-Length: ${inside.length}\r\n`,
      `Content-Length: ${inside.length}\r\nTransfer-Encoding: chunked\r\n`,
      'Transfer-Encoding: chunked\r\nContent-Length: 0\r\n',
      `Content-Length: +${inside.length}\r\n`,
      `Content-Length : ${inside.length}\r\n`,
      `Content-Length: ${inside.length}, ${inside.length}\r\n`,
      `Content-Length: ${inside.length}\r\n`,
      `X: y\r\n Content-Length: ${inside.length}\r\n`,
      `X: y\nContent-Length: ${inside.length}\r\n`,
      `X: y\rContent-Length: ${inside.length}\r\n`,
      `X: \0\r\nContent-Length: ${inside.length}\r\n`,
      'Transfer-Encoding: chunked, identity\r\n',
      'Transfer-Encoding:\x0bchunked\r\n',
      'X: y\r\n\n',
      '\r\n',
    ]) {
      const bytes = Buffer.from(`GET /outside HTTP/1.1\r\nHost: x\r\n${headers}\r\n${inside}${LAST}`, 'latin1')
      await same(bytes)
    }
    const seeds = [get('/a?b=%00', 'X-Y: z\r\n'), 'GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', get('/c')]
    const byte = fc.oneof(fc.constantFrom(0, 9, 10, 11, 12, 13, 32, 34, 35, 58, 63, 92, 94, 127, 128, 255), fc.nat(255))
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...seeds), { minLength: 1, maxLength: 3 }),
        fc.array(fc.tuple(fc.nat(200), byte, fc.constantFrom('put', 'insert', 'cut')), { maxLength: 3 }),
        async (requests, changes) => {
          const bytes = [...Buffer.from(requests.join('') + LAST)]
          for (const [place, value, how] of changes) {
            if (how === 'cut') bytes.splice(place % bytes.length, 1)
            else bytes.splice(place % bytes.length, how === 'put' ? 1 : 0, value)
          }
          // Whatever became of the last one, here both end.
          await same(Buffer.concat([Buffer.from(bytes), Buffer.from(LAST + LAST)]))
        },
      ),
      { numRuns: 150 },
    )
    await net.close()
    node.closeAllConnections()
    node.close()
  }).timeout(20_000)
})
