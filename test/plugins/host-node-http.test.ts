import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, deflateSync } from 'node:zlib'
import { expect } from 'chai'
import { formatIp } from '../../core/base/address.js'
import { silentLogger } from '../../core/base/log.js'
import { NodeHttpNet } from '../../plugins/host-node/http-net.js'
import { register } from '../conformance/case.js'
import { httpNetCases } from '../conformance/http-net.js'
import { refusal } from '../conformance/refusal.js'
import { systemClock } from './system-clock.js'
import { passing, until } from './waiting.js'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { HttpLimits, HttpListener } from '../../core/contracts/host.js'
import { at } from './endpoint-at.js'

for (const address of ['127.0.0.1:0', '[::1]:0']) {
  register(
    `host-node HTTP on ${address}`,
    httpNetCases(() => {
      const net = new NodeHttpNet(systemClock, silentLogger)
      return { net, at: at(address), ...passing, close: () => net.close() }
    }),
  )
}

const never = new AbortController().signal
const limits: HttpLimits = { timeoutMs: 5000, maxBytes: 100_000 }

describe('host-node HTTP server', () => {
  let net: NodeHttpNet
  let listener: HttpListener
  let asked: string[]
  const sockets: Socket[] = []
  beforeEach(async () => {
    net = new NodeHttpNet(systemClock, silentLogger)
    asked = []
    listener = await net.serve(at('127.0.0.1:0'), (request, respond) => {
      asked.push(`${request.method} ${request.path}?${request.query}`)
      const forwarded = request.header('x-forwarded-for') ?? ''
      respond({ status: 200, type: 'text/plain', body: Buffer.from(`[${forwarded}]`) })
    })
  })
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await net.close()
  })

  interface Raw {
    readonly socket: Socket
    text: string
    closed: boolean
  }

  function raw(first = ''): Raw {
    const socket = connect(listener.local.port, '127.0.0.1')
    sockets.push(socket)
    const state: Raw = { socket, text: '', closed: false }
    socket.on('data', chunk => (state.text += chunk.toString('latin1')))
    socket.on('error', () => undefined)
    socket.on('close', () => (state.closed = true))
    if (first !== '') socket.write(first)
    return state
  }

  const count = (text: string, part: string): number => text.split(part).length - 1

  it('joins repeated headers, finds them whatever their case, and keeps the connection', async () => {
    const client = raw('GET /a HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.2.3.4\r\nx-forwarded-for: 5.6.7.8\r\n\r\n')
    await until(() => client.text.includes('[1.2.3.4, 5.6.7.8]'))
    client.socket.write('GET /b?%zz HTTP/1.1\r\nHost: x\r\n\r\n')
    await until(() => client.text.includes('[]'))
    expect(asked).to.deep.equal(['GET /a?', 'GET /b?%zz'])
  })

  it('answers pipelined requests in order, ignores bodies, and takes the absolute form', async () => {
    const client = raw(
      'GET /1 HTTP/1.1\r\nHost: x\r\n\r\n' +
        'POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello' +
        'GET http://y/3?q HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    )
    await until(() => client.closed)
    expect(asked).to.deep.equal(['GET /1?', 'POST /2?', 'GET /3?q'])
    expect(count(client.text, 'HTTP/1.1 200 OK')).to.equal(3)
  })

  it('S-28: a URL of over 4 KiB is 414, of any length and in any number of pieces; the handler hears nothing', async () => {
    const long = raw(`GET /?${'x'.repeat(5000)} HTTP/1.1\r\nHost: x\r\n\r\n`)
    await until(() => long.text.includes('HTTP/1.1 414'))
    const endless = raw(`GET /?${'x'.repeat(30_000)}`)
    await until(() => endless.closed)
    expect(endless.text).to.include('HTTP/1.1 414')
    expect(asked).to.deep.equal([])
  })

  it('S-28: headers without end are 431, nonsense is 400, and both end the connection', async () => {
    const headers = raw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`)
    const nonsense = raw('\x16\x03\x01 hello\r\n\r\n')
    await until(() => headers.closed && nonsense.closed)
    expect(headers.text).to.include('HTTP/1.1 431')
    expect(nonsense.text).to.include('HTTP/1.1 400')
    expect(asked).to.deep.equal([])
  })

  it('S-28: who has not sent its headers after 5 s is closed, drip or silence; others are served meanwhile', async function () {
    this.timeout(15_000)
    const silent = Array.from({ length: 300 }, () => raw())
    const dripping = Array.from({ length: 10 }, () => raw('GET / HTTP/1.1\r\n'))
    const drip = setInterval(() => {
      for (const { socket } of dripping) if (socket.writable) socket.write('X: y\r\n')
    }, 500)
    try {
      const client = raw('GET /served HTTP/1.1\r\nHost: x\r\n\r\n')
      await until(() => client.text.includes('200 OK'))
      expect([...silent, ...dripping].some(one => one.closed)).to.equal(false)
      await until(() => [...silent, ...dripping].every(one => one.closed))
    } finally {
      clearInterval(drip)
    }
  })

  it('answers 500 where the handler throws, tells of it once, and goes on', async () => {
    const told: string[] = []
    const broken = new NodeHttpNet(systemClock, { ...silentLogger, error: message => void told.push(message) })
    const other = await broken.serve(at('127.0.0.1:0'), request => {
      throw new Error(`cannot ${request.path}`)
    })
    const url = new URL(`http://127.0.0.1:${other.local.port}/`)
    for (let i = 0; i < 2; i++) expect((await net.get(url, limits, never)).status).to.equal(500)
    expect(told).to.deep.equal(['answering an HTTP request failed'])
    await broken.close()
  })

  it('is silent to a client that has gone before its answer', async () => {
    const held: (() => void)[] = []
    const own = await net.serve(at('127.0.0.1:0'), (_request, respond) => {
      held.push(() => respond({ status: 200, type: 'text/plain', body: new Uint8Array(0) }))
    })
    const socket = connect(own.local.port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await until(() => held.length === 1)
    socket.destroy()
    await until(() => socket.destroyed)
    held[0]?.()
    held[0]?.()
  })

  it('[::] takes both families; IPv4 comes as IPv4', async () => {
    const seen: string[] = []
    const own = await net.serve(at('[::]:0'), (request, respond) => {
      seen.push(formatIp(request.from.ip))
      respond({ status: 200, type: 'text/plain', body: new Uint8Array(0) })
    })
    for (const host of ['127.0.0.1', '[::1]'])
      await net.get(new URL(`http://${host}:${own.local.port}/`), limits, never)
    expect(seen).to.deep.equal(['127.0.0.1', '::1'])
  })
})

describe('host-node HTTP client', () => {
  const net = new NodeHttpNet(systemClock, silentLogger)
  const closers: (() => void)[] = []
  afterEach(() => {
    for (const close of closers.splice(0)) close()
  })

  type Handler = (request: IncomingMessage, response: ServerResponse) => void

  async function server(handler: Handler, host = '127.0.0.1'): Promise<string> {
    const http = createServer(handler)
    await new Promise<void>(resolve => http.listen(0, host, resolve))
    closers.push(() => {
      http.close()
      http.closeAllConnections()
    })
    const { port } = http.address() as AddressInfo
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  }

  const get = (url: string, more: Partial<HttpLimits> = {}): ReturnType<NodeHttpNet['get']> =>
    net.get(new URL(url), { ...limits, ...more }, never)
  const codeOf = async (url: string, more: Partial<HttpLimits> = {}): Promise<string> =>
    (await refusal(get(url, more), 'remote')).code

  it('unpacks gzip and deflate', async () => {
    const base = await server((request, response) => {
      const gzip = request.url === '/gzip'
      response.setHeader('content-encoding', gzip ? 'gzip' : 'deflate')
      response.end(gzip ? gzipSync('hello') : deflateSync('hello'))
    })
    for (const path of ['/gzip', '/deflate'])
      expect(Buffer.from((await get(base + path)).body).toString()).to.equal('hello')
  })

  it('S-33: ends what is too big, endless, packed to burst, slow, or not what it says', async () => {
    const base = await server((request, response) => {
      const path = request.url ?? ''
      if (path === '/declared') response.writeHead(200, { 'content-length': 100_000_000 }).write('x')
      else if (path === '/endless') {
        const more = (): void => {
          if (!response.destroyed) response.write(Buffer.alloc(60_000), more)
        }
        more()
      } else if (path === '/bomb')
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50_000_000)))
      else if (path === '/drip') {
        response.write('d')
        const timer = setInterval(() => response.write('d'), 20)
        response.on('close', () => clearInterval(timer))
      } else if (path === '/broken') response.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip')
      else if (path === '/brotli') response.writeHead(200, { 'content-encoding': 'br' }).end('x')
      else if (path === '/headers') response.writeHead(200, { x: 'y'.repeat(20_000) }).end()
      else if (path === '/cut') response.writeHead(200, { 'content-length': 100 }).write('x', () => response.destroy())
    })
    expect(await codeOf(`${base}/declared`, { timeoutMs: 2000 })).to.equal('ERR_HTTP_TOO_BIG')
    expect(await codeOf(`${base}/endless`)).to.equal('ERR_HTTP_TOO_BIG')
    expect(await codeOf(`${base}/bomb`)).to.equal('ERR_HTTP_TOO_BIG')
    expect(await codeOf(`${base}/drip`, { timeoutMs: 300 })).to.equal('ERR_HTTP_TIMEOUT')
    expect(await codeOf(`${base}/broken`)).to.equal('ERR_HTTP_ENCODING')
    expect(await codeOf(`${base}/brotli`)).to.equal('ERR_HTTP_ENCODING')
    expect(await codeOf(`${base}/headers`)).to.equal('ERR_HTTP_FAILED')
    expect(await codeOf(`${base}/cut`)).to.equal('ERR_HTTP_FAILED')
  })

  it('follows five redirects and no sixth; relative ones as well', async () => {
    const base = await server((request, response) => {
      const left = Number(request.url?.slice(1))
      if (left === 0) response.end('there')
      else response.writeHead(302, { location: left % 2 === 0 ? `/${left - 1}` : `${base}/${left - 1}` }).end('away')
    })
    expect(Buffer.from((await get(`${base}/5`)).body).toString()).to.equal('there')
    expect(await codeOf(`${base}/6`)).to.equal('ERR_HTTP_REDIRECT')
    expect(await codeOf(`${base}/20`)).to.equal('ERR_HTTP_REDIRECT')
  })

  it('refuses a redirect to another scheme or to what is no URL', async () => {
    const base = await server((request, response) => {
      response.writeHead(302, { location: request.url === '/file' ? 'file:///etc/passwd' : 'http://[' }).end()
    })
    expect(await codeOf(`${base}/file`)).to.equal('ERR_HTTP_REDIRECT')
    expect(await codeOf(`${base}/bad`)).to.equal('ERR_HTTP_REDIRECT')
  })

  it('asks for the address of every hop, of names as they resolve', async () => {
    const other = await server((_request, response) => response.end('secret'), '127.0.0.2')
    const base = await server((_request, response) => response.writeHead(302, { location: `${other}/` }).end())
    const asked: string[] = []
    const allow = (ip: Uint8Array): boolean => asked.push(formatIp(ip)) > 0 && formatIp(ip) !== '127.0.0.2'
    expect(await codeOf(`${base}/`, { allow })).to.equal('ERR_HTTP_ADDRESS')
    expect(asked).to.deep.equal(['127.0.0.1', '127.0.0.2'])
    const named = new URL(base)
    named.hostname = 'localhost'
    expect(await codeOf(named.href, { allow: () => false })).to.equal('ERR_HTTP_ADDRESS')
    const only4 = await refusal(get(`${base}/`, { family: 6 }), 'remote')
    expect(only4.code).to.equal('ERR_HTTP_ADDRESS')
    // Other spellings of an address are the address.
    expect(await codeOf(`http://2130706434:${new URL(other).port}/`, { allow })).to.equal('ERR_HTTP_ADDRESS')
  })

  it('gives name and password to their own server only, and tells nobody of them or of the path', async () => {
    const heard: (string | undefined)[] = []
    const other = await server((request, response) => {
      heard.push(request.headers.authorization)
      response.end()
    }, '127.0.0.2')
    const base = await server((request, response) => {
      heard.push(request.headers.authorization)
      response.writeHead(302, { location: request.url === '/passkey' ? '/again' : `${other}/` }).end()
    })
    const url = new URL(`${base}/passkey`)
    url.username = 'me'
    url.password = 'p%40ss'
    await get(url.href)
    const own = `Basic ${Buffer.from('me:p@ss').toString('base64')}`
    expect(heard).to.deep.equal([own, own, undefined])
    for (const close of closers.splice(0)) close()
    const error = await refusal(get(url.href), 'remote')
    expect(`${error.message} ${JSON.stringify(error.details)}`).to.not.match(/passkey|p@ss|p%40ss/)
  })

  it('S-34: a certificate that nobody vouches for is an error, and https never becomes http [needs openssl]', async function () {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-tls-'))
    closers.push(() => rmSync(folder, { recursive: true }))
    const [key, cert] = [join(folder, 'key'), join(folder, 'cert')]
    try {
      const make = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
      const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
      execFileSync('openssl', [...make, ...name, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    } catch {
      this.skip()
    }
    let asked = 0
    const plain = await server((_request, response) => {
      asked++
      response.end('plain')
    })
    const https = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_request, response) => {
      asked++
      response.writeHead(302, { location: `${plain}/` }).end()
    })
    await new Promise<void>(resolve => https.listen(0, '127.0.0.1', resolve))
    closers.push(() => https.close())
    const url = `https://127.0.0.1:${(https.address() as AddressInfo).port}/`
    const error = await refusal(get(url), 'remote')
    expect(error.code).to.equal('ERR_HTTP_FAILED')
    expect(error.message).to.match(/certificate/i)
    expect(asked).to.equal(0)
    // With a certificate that is trusted the redirect to http is what is refused.
    const script = `
      import { NodeHttpNet } from ${JSON.stringify(new URL('../../plugins/host-node/http-net.js', import.meta.url).href)}
      const clock = { after: () => ({ cancel() {} }) }
      const net = new NodeHttpNet(clock)
      try { await net.get(new URL(${JSON.stringify(url)}), { timeoutMs: 5000, maxBytes: 1000 }, new AbortController().signal) }
      catch (error) { console.log(error.code) }
      process.exit()`
    const { spawn } = await import('node:child_process')
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: cert },
    })
    let said = ''
    child.stdout.on('data', chunk => (said += String(chunk)))
    await new Promise(resolve => child.on('close', resolve))
    expect(said.trim()).to.equal('ERR_HTTP_REDIRECT')
    expect(asked).to.equal(1)
  })
})
