// HTTP in a world: a request and its reply, each as one packet of its length. There are no redirects, since a reply of
// our own servers cannot be one, and https is http.
import { endpointOf, formatEndpoint } from '../../core/base/address.js'
import type { Endpoint } from '../../core/base/address.js'
import { NodeError } from '../../core/base/errors.js'
import type { HttpLimits, HttpListener, HttpNet, HttpReply, HttpRequest, Names } from '../../core/contracts/host.js'
import { mark } from '../../core/sim/event-log.js'
import type { SimNode } from '../../core/sim/node.js'
import { errors } from './errors.js'

const LONGEST_URL = 4096
const HEADER_BYTES = 200
const SCHEME_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

type Settle = (outcome: HttpReply | NodeError) => void

export class SimHttp implements HttpNet {
  constructor(
    private readonly machine: SimNode,
    private readonly names: Names,
  ) {}

  serve(
    at: Endpoint,
    handler: (request: HttpRequest, respond: (reply: HttpReply) => void) => void,
  ): Promise<HttpListener> {
    const binding = this.machine.streams.bind(at, { request: handler })
    if (typeof binding === 'string') {
      return Promise.reject(errors.make('ERR_HTTP_LISTEN', binding, { details: { address: formatEndpoint(at) } }))
    }
    return Promise.resolve({ local: binding.local, close: () => Promise.resolve(binding.release()) })
  }

  async get(url: URL, limits: HttpLimits, signal: AbortSignal): Promise<HttpReply> {
    const about = `${url.protocol}//${url.host}`
    if (signal.aborted) throw givenUp(about, signal)
    const port = url.port === '' ? SCHEME_PORTS[url.protocol] : Number(url.port)
    if (port === undefined) throw errors.make('ERR_HTTP_URL', `${url.protocol} is not http or https`)
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    const [ip] = await this.names.resolve(host, limits.family ?? 0)
    // As the name was resolved.
    if (signal.aborted) throw givenUp(about, signal)
    if (ip === undefined) throw errors.make('ERR_NAME_UNKNOWN', `no address is known for ${host}`)
    if (limits.allow?.(ip) === false) {
      throw errors.make('ERR_HTTP_ADDRESS', `${about} leads to an address that must not be asked`)
    }
    return new Promise((resolve, reject) => {
      const letGo = this.machine.hold(`HTTP request to ${about}`)
      let over = false
      const settle: Settle = outcome => {
        if (over) return
        over = true
        letGo()
        timer.cancel()
        signal.removeEventListener('abort', abort)
        if (NodeError.is(outcome)) reject(outcome)
        else resolve(outcome)
      }
      const abort = (): void => settle(givenUp(about, signal))
      const timer = this.machine.host.clock.after(limits.timeoutMs, () =>
        settle(errors.make('ERR_HTTP_TIMEOUT', `${about} did not answer in ${limits.timeoutMs} ms`)),
      )
      signal.addEventListener('abort', abort)
      this.exchange(url, endpointOf(ip, port), limits.maxBytes, settle, () => over)
    })
  }

  private exchange(url: URL, to: Endpoint, maxBytes: number, settle: Settle, gone: () => boolean): void {
    const { machine } = this
    const about = `${url.protocol}//${url.host}`
    const other = machine.world.network.owner(to.ip, machine)
    const from = machine.source(to, machine.streams.ephemeral())
    const refused = (): void => settle(errors.make('ERR_HTTP_FAILED', `${about} refused the connection`))
    if (other === undefined || from === null) {
      machine.later(2 * machine.latencyMs, refused)
      return
    }
    const target = url.pathname + url.search
    const sent = new TextEncoder().encode(target)
    machine.note(`asks ${url.host} in ${sent.length} bytes ${mark(sent)}`)
    const respond = (reply: HttpReply): void => {
      const body = reply.body.slice()
      other.note(`answers ${machine.name} ${reply.status} in ${body.length} bytes ${mark(body)}`)
      other.carry(machine, HEADER_BYTES + body.length, {
        arrived: () => {
          if (body.length <= maxBytes) settle({ status: reply.status, type: reply.type, body })
          else settle(errors.make('ERR_HTTP_TOO_BIG', `the answer of ${about} is longer than ${maxBytes} bytes`))
        },
      })
    }
    const arrived = (): void => {
      const handler = other.streams.find(to)?.service.request
      if (handler === undefined) other.carry(machine, 0, { arrived: refused })
      else if (target.length > LONGEST_URL) respond({ status: 414, type: 'text/plain', body: new Uint8Array(0) })
      else if (!gone()) handler(requestOf(url, from), once(respond))
    }
    // One round trip to connect, then the request.
    machine.carry(other, 0, {
      arrived: () =>
        other.carry(machine, 0, { arrived: () => machine.carry(other, HEADER_BYTES + sent.length, { arrived }) }),
    })
  }
}

function givenUp(about: string, signal: AbortSignal): NodeError {
  return errors.make('ERR_HTTP_ABORTED', `gave up asking ${about}`, { cause: signal.reason })
}

function requestOf(url: URL, from: Endpoint): HttpRequest {
  const headers = new Map([
    ['host', url.host],
    ['user-agent', 'shoal'],
  ])
  return {
    method: 'GET',
    path: url.pathname,
    query: url.search.slice(1),
    from,
    header: name => headers.get(name),
  }
}

function once(respond: (reply: HttpReply) => void): (reply: HttpReply) => void {
  let done = false
  return reply => {
    if (!done) respond(reply)
    done = true
  }
}
