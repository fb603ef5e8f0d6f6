// GET for tracker replies: every limit is the caller's, every address is asked for before it is dialled. undici is
// loaded at the first request; one client a hop, gone with its answer, since announces are half an hour apart.
import { lookup } from 'node:dns'
import { unzip } from 'node:zlib'
import { parseIp } from '../../core/base/address.js'
import { messageOf, NodeError, systemCode } from '../../core/base/errors.js'
import { hostErrors } from './errors.js'
import type { LookupFunction } from 'node:net'
import type { Clock } from '../../core/base/clock.js'
import type { HttpLimits, HttpReply } from '../../core/contracts/host.js'

const MAX_REDIRECTS = 5
const MAX_HEADER = 16 * 1024

interface Hop {
  readonly status: number
  readonly type: string
  readonly encoding: string
  readonly location: string | null
  readonly body: Uint8Array
}

export async function getHttp(url: URL, limits: HttpLimits, signal: AbortSignal, clock: Clock): Promise<HttpReply> {
  checkScheme(url, null)
  const controller = new AbortController()
  const abort = (): void => controller.abort(hostErrors.make('ERR_HTTP_ABORTED', `${hostOf(url)}: given up`))
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  const timer = clock.after(limits.timeoutMs, () =>
    controller.abort(hostErrors.make('ERR_HTTP_TIMEOUT', `${hostOf(url)}: no answer in ${limits.timeoutMs} ms`)),
  )
  try {
    return await untilAborted(follow(url, limits, controller.signal), controller.signal)
  } finally {
    timer.cancel()
    signal.removeEventListener('abort', abort)
    // Ends whatever is still under way when the answer was an error.
    controller.abort()
  }
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    work.then(resolve, reject)
    if (signal.aborted) reject(signal.reason as Error)
    else signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}

async function follow(start: URL, limits: HttpLimits, signal: AbortSignal): Promise<HttpReply> {
  let url = start
  // The name and password of the URL are for the server it names, and for no other.
  const authorization = basic(start)
  for (let hops = 0; ; hops++) {
    const hop = await ask(url, url.origin === start.origin ? authorization : null, limits, signal)
    if (hop.location === null) {
      return { status: hop.status, type: hop.type, body: await unpack(hop, url, limits) }
    }
    if (hops === MAX_REDIRECTS) {
      throw hostErrors.make('ERR_HTTP_REDIRECT', `${hostOf(start)}: more than ${MAX_REDIRECTS} redirects`)
    }
    const next = URL.canParse(hop.location, url.href) ? new URL(hop.location, url) : null
    if (next === null) throw hostErrors.make('ERR_HTTP_REDIRECT', `${hostOf(url)}: redirects to what is no URL`)
    checkScheme(next, url)
    url = next
  }
}

function checkScheme(url: URL, before: URL | null): void {
  const allowed = url.protocol === 'https:' || (url.protocol === 'http:' && before?.protocol !== 'https:')
  if (allowed) return
  if (before === null) throw hostErrors.make('ERR_HTTP_URL', `${url.protocol}// is neither http nor https`)
  throw hostErrors.make('ERR_HTTP_REDIRECT', `${hostOf(before)}: redirects from ${before.protocol} to ${url.protocol}`)
}

async function ask(url: URL, authorization: string | null, limits: HttpLimits, signal: AbortSignal): Promise<Hop> {
  const { default: Client } = await import('undici/lib/dispatcher/client.js')
  const { default: request } = await import('undici/lib/api/api-request.js')
  signal.throwIfAborted()
  const guard = new AddressGuard(url, limits)
  guard.checkLiteral()
  const client = new Client(url.origin, {
    // Time is up for the whole exchange, by the caller's clock; undici's own limits must not come first.
    headersTimeout: 0,
    bodyTimeout: 0,
    connectTimeout: 0,
    maxHeaderSize: MAX_HEADER,
    maxResponseSize: limits.maxBytes,
    pipelining: 0,
    connect: { lookup: guard.lookup, rejectUnauthorized: true, ...(limits.family && { family: limits.family }) },
  })
  const stop = (): void => void client.destroy().catch(() => undefined)
  signal.addEventListener('abort', stop, { once: true })
  try {
    const headers: Record<string, string> = { 'user-agent': 'shoal', accept: '*/*', 'accept-encoding': 'gzip' }
    if (authorization !== null) headers['authorization'] = authorization
    const answer = await request.call(client, { path: url.pathname + url.search, method: 'GET', headers, signal })
    const status = answer.statusCode
    const location = isRedirect(status) ? text(answer.headers['location']) : ''
    if (Number(answer.headers['content-length'] ?? 0) > limits.maxBytes) throw tooBig(url, limits)
    if (location !== '') answer.body.on('error', () => undefined).destroy()
    return {
      status,
      type: text(answer.headers['content-type']),
      encoding: text(answer.headers['content-encoding']).trim().toLowerCase(),
      location: location === '' ? null : location,
      body: location === '' ? new Uint8Array(await answer.body.arrayBuffer()) : new Uint8Array(0),
    }
  } catch (error) {
    throw guard.refused ?? fault(error, url, limits)
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}

/** Stands between a name and the dialling of its addresses, so that what was asked for is what is dialled. */
class AddressGuard {
  refused: NodeError | null = null

  constructor(
    private readonly url: URL,
    private readonly limits: HttpLimits,
  ) {}

  /** A literal address is dialled without a look-up. */
  checkLiteral(): void {
    const ip = parseIp(this.url.hostname.replace(/^\[|\]$/g, ''))
    if (ip !== null && !this.allows(ip)) throw this.refuse()
  }

  readonly lookup: LookupFunction = (host, options, done) => {
    lookup(host, { ...options, family: this.limits.family ?? 0, all: true }, (error, found) => {
      if (error !== null) return done(error, [])
      const allowed = found.filter(one => {
        const ip = parseIp(one.address)
        return ip !== null && this.allows(ip)
      })
      const [first] = allowed
      if (first === undefined) done(this.refuse(), [])
      else if (options.all === true) done(null, allowed)
      else done(null, first.address, first.family)
    })
  }

  private allows(ip: Uint8Array): boolean {
    const { family, allow } = this.limits
    if (family !== undefined && (family === 4) !== (ip.length === 4)) return false
    return allow === undefined || allow.call(this.limits, ip)
  }

  private refuse(): NodeError {
    this.refused = hostErrors.make('ERR_HTTP_ADDRESS', `${hostOf(this.url)}: its address may not be asked`)
    return this.refused
  }
}

function unpack(hop: Hop, url: URL, limits: HttpLimits): Promise<Uint8Array> {
  if (hop.encoding === '' || hop.encoding === 'identity' || hop.body.length === 0) return Promise.resolve(hop.body)
  if (!['gzip', 'x-gzip', 'deflate'].includes(hop.encoding)) {
    return Promise.reject(hostErrors.make('ERR_HTTP_ENCODING', `${hostOf(url)}: packed in a way not asked for`))
  }
  return new Promise((resolve, reject) => {
    unzip(hop.body, { maxOutputLength: limits.maxBytes }, (error, body) => {
      if (error === null) resolve(body)
      else if (systemCode(error) === 'ERR_BUFFER_TOO_LARGE') reject(tooBig(url, limits))
      else reject(hostErrors.make('ERR_HTTP_ENCODING', `${hostOf(url)}: cannot be unpacked: ${error.message}`))
    })
  })
}

function fault(error: unknown, url: URL, limits: HttpLimits): NodeError {
  if (NodeError.is(error)) return error
  const code = systemCode(error)
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return tooBig(url, limits)
  const why = code === '' ? messageOf(error) : `${messageOf(error)} (${code})`
  return hostErrors.make('ERR_HTTP_FAILED', `${hostOf(url)}: ${why}`, { cause: error, details: { system: code } })
}

function tooBig(url: URL, limits: HttpLimits): NodeError {
  return hostErrors.make('ERR_HTTP_TOO_BIG', `${hostOf(url)}: the answer has more than ${limits.maxBytes} bytes`)
}

function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}

function text(header: string | string[] | undefined): string {
  return (Array.isArray(header) ? header[0] : header) ?? ''
}

function basic(url: URL): string | null {
  if (url.username === '' && url.password === '') return null
  const pair = `${decode(url.username)}:${decode(url.password)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Scheme, name and port: no path, since paths hold passkeys. */
function hostOf(url: URL): string {
  return url.origin
}
