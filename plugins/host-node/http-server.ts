// HTTP requests for a tracker: small, many, from anyone. Plain GETs are read by a reader of our own; what is anything
// else goes to node:http, which parses and bounds it.
import { createServer } from 'node:http'
import { formatIp } from '../../core/base/address.js'
import { bindFault } from './bind-fault.js'
import { MAX_HEADER, MAX_URL } from './http-head.js'
import { FLUSH_CHARS, HEADERS_MS, KEEP_ALIVE_MS, STUCK_MS, bytesOf, textOf } from './plain-connection.js'
import { PlainService } from './plain-service.js'
import { endpointFrom } from './socket-address.js'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Endpoint } from '../../core/base/address.js'
import type { Clock } from '../../core/base/clock.js'
import type { HttpListener, HttpReply, HttpRequest } from '../../core/contracts/host.js'
import type { HttpHandler } from './plain-service.js'

const REQUEST_MS = 10_000
const CHECK_MS = 500

const tooLong = plain(414, 'URI too long')
const broken = plain(500, 'this server has a fault of its own')

class NodeHttpRequest implements HttpRequest {
  readonly method: string
  readonly path: string
  readonly query: string

  constructor(
    private readonly message: IncomingMessage,
    url: string,
    readonly from: Endpoint,
  ) {
    this.method = message.method ?? 'GET'
    const mark = url.indexOf('?')
    this.path = mark < 0 ? url : url.slice(0, mark)
    this.query = mark < 0 ? '' : url.slice(mark + 1)
  }

  header(name: string): string | undefined {
    const raw = this.message.rawHeaders
    let value: string | undefined
    for (let i = 0; i + 1 < raw.length; i += 2) {
      if (raw[i]!.length !== name.length || raw[i]!.toLowerCase() !== name) continue
      value = value === undefined ? raw[i + 1]! : `${value}, ${raw[i + 1]!}`
    }
    return value
  }
}

/** `failed` hears what a handler threw; it must not throw, but one that does costs a request, not the node. */
export async function serveHttp(
  at: Endpoint,
  handler: HttpHandler,
  failed: (error: unknown) => void,
  clock: Clock,
): Promise<HttpListener> {
  const server = createServer({
    maxHeaderSize: MAX_HEADER,
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: CHECK_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // It is asked for when a connection turns out to last.
    noDelay: false,
  })
  server.timeout = STUCK_MS
  const guarded: HttpHandler = (request, respond) => {
    try {
      handler(request, respond)
    } catch (error) {
      failed(error)
      respond(broken)
    }
  }
  // What node:http does with a connection is done with those that are handed to it.
  const listeners = server.listeners('connection')
  server.removeAllListeners('connection')
  const nodeHttp = (socket: Socket): void => {
    for (const listener of listeners) Reflect.apply(listener, server, [socket])
  }
  const plainly = new PlainService(guarded, nodeHttp, clock)
  server.on('connection', socket => plainly.accept(socket))
  server.on('request', (message, response) => {
    plainly.headCame(message.socket)
    take(message, response, guarded)
  })
  server.on('clientError', refuse)
  try {
    await listening(server, at)
  } catch (error) {
    plainly.close()
    throw bindFault('ERR_HTTP_LISTEN', 'TCP', at, error)
  }
  // Out of descriptors, say: the system refuses that one connection, and the next may do better.
  server.on('error', () => undefined)
  const bound = server.address()
  const port = bound !== null && typeof bound === 'object' ? bound.port : at.port
  let closing: Promise<void> | null = null
  return {
    local: { family: at.family, ip: at.ip, port },
    connections: () => plainly.connections,
    close() {
      closing ??= new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
        plainly.close()
      })
      return closing
    },
  }
}

function listening(server: Server, at: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: formatIp(at.ip), port: at.port, exclusive: true, backlog: 1024 }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function take(message: IncomingMessage, response: ServerResponse, handler: HttpHandler): void {
  const { remoteAddress, remotePort } = message.socket
  // Gone already, and nobody could say who it was.
  if (remoteAddress === undefined || remotePort === undefined) return void response.destroy()
  const url = message.url ?? '/'
  if (url.length > MAX_URL) return reply(response, tooLong)
  let answered = false
  handler(new NodeHttpRequest(message, originForm(url), endpointFrom(remoteAddress, remotePort)), answer => {
    if (answered) return
    answered = true
    reply(response, answer)
  })
}

function plain(status: number, text: string): HttpReply {
  return { status, type: 'text/plain', body: new TextEncoder().encode(`${text}\n`) }
}

/** "GET http://host/path" is how a proxy is asked; the path is what counts. */
function originForm(url: string): string {
  if (url.charCodeAt(0) === 0x2f) return url
  const host = url.indexOf('://')
  const path = host < 0 ? -1 : url.indexOf('/', host + 3)
  return path < 0 ? url : url.slice(path)
}

function reply(response: ServerResponse, answer: HttpReply): void {
  if (response.destroyed) return
  const { status, type, body, encoding } = answer
  const headers = ['Content-Type', type, 'Content-Length', String(body.length)]
  if (encoding !== undefined) headers.push('Content-Encoding', encoding, 'Vary', 'Accept-Encoding')
  response.writeHead(status, headers)
  // As a string of one character a byte the body leaves with the header in one write.
  if (body.length > FLUSH_CHARS) response.end(bytesOf(answer))
  else response.end(textOf(body), 'latin1')
}

const lines: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
}

/** What the parser did not take, or what did not come in time. */
function refuse(error: Error & { code?: string; rawPacket?: Buffer }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  let line = lines[error.code ?? ''] ?? '400 Bad Request'
  const firstLine = error.rawPacket?.subarray(0, MAX_URL).includes(0x0a) ?? true
  if (error.code === 'HPE_HEADER_OVERFLOW' && !firstLine) line = '414 URI Too Long'
  socket.end(`HTTP/1.1 ${line}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  socket.destroySoon()
}
