// Announces and scrapes over HTTP and HTTPS (BEP 3, 7, 23, 24, 31, 48). Whatever fails is told without the URL's
// secrets, so the errors of the layer below are worded anew and not kept as causes.
import { unlessAborted } from '../../core/base/abort.js'
import { endpointOf, type Endpoint } from '../../core/base/address.js'
import { messageOf, NodeError } from '../../core/base/errors.js'
import type { HttpNet, HttpReply, Names } from '../../core/contracts/host.js'
import type {
  AnnounceResult,
  TrackerAnnounce,
  TrackerClient,
  TrackerCounts,
} from '../../core/contracts/tracker-client.js'
import type { InfoHash } from '../../core/protocol/ids.js'
import { MAX_TRACKER_REPLY_BYTES } from '../../core/protocol/limits.js'
import {
  announceUrl,
  readHttpAnnounceReply,
  readHttpScrapeReply,
  scrapeUrl,
  type HttpAnnounceReply,
} from '../../core/protocol/tracker-http-client.js'
import { reachablePeers, saneInterval, saneMinInterval } from '../../core/protocol/tracker-reply.js'
import { maskText, maskUrl, trackerUrlFault } from '../../core/protocol/tracker-url.js'
import { errors } from './errors.js'
import { LocalGuard } from './local-guard.js'

const TIMEOUT_MS = 30_000
/** So many keep a scrape URL below 3 KiB; trackers refuse long ones. */
const HASHES_PER_SCRAPE = 40
/** Each costs a look-up; more than a handful by name is nobody's swarm. */
const MAX_NAMED_PEERS = 20

export class HttpTrackerClient implements TrackerClient {
  constructor(
    private readonly net: HttpNet,
    private readonly names: Names,
  ) {}

  async announce({ url, request }: TrackerAnnounce, signal: AbortSignal): Promise<AnnounceResult> {
    const reply = await this.get(url, announceUrl(url, request), request.family, signal, readHttpAnnounceReply)
    const { failure, retryIn } = reply
    if (failure !== null) {
      const said = `the tracker said: ${maskText(failure, url)}`
      throw errors.make('ERR_ANNOUNCE_HTTP_REFUSED', said, retryIn === null ? {} : { details: { retryIn } })
    }
    const named = await unlessAborted(this.resolve(reply.namedPeers), signal, cutShort)
    return resultOf(reply, named)
  }

  async scrape(url: URL, hashes: readonly InfoHash[], signal: AbortSignal): Promise<readonly TrackerCounts[]> {
    const counts: TrackerCounts[] = []
    for (let from = 0; from < hashes.length; from += HASHES_PER_SCRAPE) {
      const some = hashes.slice(from, from + HASHES_PER_SCRAPE)
      const target = scrapeUrl(url, some)
      if (target === null) {
        throw errors.make('ERR_ANNOUNCE_HTTP_URL', `${maskUrl(url)} has no scrape: its path does not end in "announce"`)
      }
      const found = await this.get(url, target, undefined, signal, body => readHttpScrapeReply(body, some))
      counts.push(...found.map(one => one ?? { seeders: 0, leechers: 0, completed: 0 }))
    }
    return counts
  }

  private async get<T>(
    url: URL,
    target: URL,
    family: 4 | 6 | undefined,
    signal: AbortSignal,
    read: (body: Uint8Array) => T,
  ): Promise<T> {
    const fault = /^https?:$/.test(url.protocol) ? trackerUrlFault(url) : 'it is no http URL'
    if (fault !== null) throw errors.make('ERR_ANNOUNCE_HTTP_URL', `${maskUrl(url)} is not asked: ${fault}`)
    const guard = new LocalGuard(url)
    const limits = {
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_TRACKER_REPLY_BYTES,
      allow: guard.allow,
      ...(family === undefined ? {} : { family }),
    }
    let reply: HttpReply
    try {
      reply = await this.net.get(target, limits, signal)
    } catch (error) {
      throw rewordFailure(error, url, guard, signal)
    }
    try {
      return read(reply.body)
    } catch (error) {
      const what = reply.status >= 300 ? `HTTP status ${reply.status}` : messageOf(error)
      throw errors.make('ERR_ANNOUNCE_HTTP_FAILED', `${maskUrl(url)}: ${maskText(what, url)}`)
    }
  }

  private async resolve(named: HttpAnnounceReply['namedPeers']): Promise<Endpoint[]> {
    const found = await Promise.allSettled(
      named.slice(0, MAX_NAMED_PEERS).map(async ({ host, port }) => {
        const [ip] = await this.names.resolve(host, 0)
        return ip === undefined ? [] : [endpointOf(ip, port)]
      }),
    )
    return found.flatMap(one => (one.status === 'fulfilled' ? one.value : []))
  }
}

function resultOf(reply: HttpAnnounceReply, named: readonly Endpoint[]): AnnounceResult {
  const minInterval = saneMinInterval(reply.minInterval ?? undefined)
  return {
    interval: saneInterval(reply.interval ?? undefined),
    seeders: reply.seeders,
    leechers: reply.leechers,
    peers: reachablePeers([...reply.peers, ...named]),
    ...(minInterval === undefined ? {} : { minInterval }),
    ...(reply.warning === null ? {} : { warning: reply.warning }),
    ...(reply.trackerId === null ? {} : { trackerId: reply.trackerId }),
    ...(reply.externalIp === null ? {} : { externalIp: reply.externalIp }),
  }
}

function cutShort(): NodeError {
  return errors.make('ERR_ANNOUNCE_HTTP_ABORTED', 'the announce was cut short')
}

function rewordFailure(error: unknown, url: URL, guard: LocalGuard, signal: AbortSignal): NodeError {
  if (signal.aborted) return cutShort()
  if (guard.misused) {
    const why = 'on this machine only URLs whose path begins with /announce are asked'
    return errors.make('ERR_ANNOUNCE_HTTP_URL', `${maskUrl(url)} is not asked: ${why}`)
  }
  const code = NodeError.is(error) && error.blame === 'operator' ? 'ERR_ANNOUNCE_HTTP_URL' : 'ERR_ANNOUNCE_HTTP_FAILED'
  return errors.make(code, `${maskUrl(url)}: ${maskText(messageOf(error), url)}`)
}
