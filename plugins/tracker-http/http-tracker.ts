// Answers announces and scrapes by HTTP. A refusal is a failure reason with status 200, as clients show it only then.
import { BencodeWriter } from '../../core/protocol/bencode-writer.js'
import { readHttpAnnounce, readHttpScrape } from '../../core/protocol/tracker-http.js'
import { writeHttpAnnounce, writeHttpFailure, writeHttpScrape } from '../../core/protocol/tracker-http-reply.js'
import { isRefusal } from '../../core/contracts/refusal.js'
import { Incoming } from '../../core/tracker/incoming.js'
import { MOST_PEERS_PER_REPLY } from '../../core/tracker/tracker-core.js'
import { takesGzip } from './full-scrape.js'
import { HttpCounts } from './counts.js'
import type { HttpReply, HttpRequest } from '../../core/contracts/host.js'
import type { Refusal, Refused } from '../../core/contracts/refusal.js'
import type { AnnounceReply } from '../../core/contracts/swarm-store.js'
import type { TrackerService } from '../../core/contracts/tracker.js'
import type { InfoHash } from '../../core/protocol/ids.js'
import type { AnswerOptions, ScrapeEntry } from '../../core/protocol/tracker-http-reply.js'
import type { FullScrape } from './full-scrape.js'
import type { ClientAddress } from './client-address.js'

type Respond = (reply: HttpReply) => void

const TYPE = 'text/plain'
const IPV6_PEER_BYTES = 18
const encoder = new TextEncoder()

export class HttpTracker {
  private readonly request = new Incoming()
  private readonly reply: AnnounceReply = {
    interval: 0,
    minInterval: 0,
    seeders: 0,
    leechers: 0,
    peers: new Uint8Array(MOST_PEERS_PER_REPLY * IPV6_PEER_BYTES),
    peerBytes: 0,
  }

  /** A reply's bytes are the server's only until `respond` returns, so one buffer does for all. */
  private readonly writer = new BencodeWriter(4096)

  constructor(
    private readonly service: TrackerService,
    private readonly addresses: ClientAddress,
    /** Whether any policy may want to see the URL. */
    private readonly urlData: boolean,
    private readonly everything: FullScrape,
    private readonly counts = new HttpCounts(),
  ) {}

  answer(http: HttpRequest, respond: Respond): void {
    if (http.method !== 'GET' && http.method !== 'HEAD') {
      this.counts.elsewhere++
      return respond(plain(405, 'only GET is served here'))
    }
    if (http.path === '/announce') return this.announce(http, respond)
    if (http.path === '/scrape') return this.scrape(http, respond)
    this.counts.elsewhere++
    respond(plain(404, 'a BitTorrent tracker: /announce, /scrape'))
  }

  private announce(http: HttpRequest, respond: Respond): void {
    const { request, reply } = this
    this.counts.announces++
    const fault = readHttpAnnounce(http.query, request)
    if (fault !== null) return respond(this.malformed(fault))
    const ip = this.addresses.find(http, request.claimedIp)
    if (typeof ip === 'string') return respond(this.malformed(ip))
    const family = ip.length === 4 ? 4 : 6
    request.from.ip = ip
    request.from.family = family
    request.from.port = request.port
    request.urlData = this.urlData ? encoder.encode(`${http.path}?${http.query}`) : null
    const options: AnswerOptions = { family, compact: request.compact, externalIp: ip }
    const answer = this.service.announce(request, reply)
    if (answer === null) return respond(ok(writeHttpAnnounce(reply, options, this.writer)))
    if (isRefusal(answer)) return respond(this.refused(answer))
    answer.settle(late => respond(isRefusal(late) ? this.refused(late) : ok(writeHttpAnnounce(late, options))))
  }

  private scrape(http: HttpRequest, respond: Respond): void {
    this.counts.scrapes++
    const ip = this.addresses.find(http, null)
    if (typeof ip === 'string') return respond(this.malformed(ip))
    const refused = this.service.admitScraper?.(ip) ?? null
    if (refused !== null) return respond(this.refused(refused))
    const hashes = readHttpScrape(http.query)
    if (typeof hashes === 'string') return respond(this.malformed(hashes))
    if (hashes.length === 0) {
      return this.everything.ask(ip, takesGzip(http.header('accept-encoding')), answer => {
        if ('reason' in answer) return respond(this.refused(answer))
        respond({ ...ok(answer.body), lasting: true, ...(answer.gzipped ? { encoding: 'gzip' } : {}) })
      })
    }
    const entries: ScrapeEntry[] = []
    const late = this.service.scrape(hashes as InfoHash[], 0, (index, seeders, completed, leechers, partialSeeds) => {
      const infoHash = hashes[index]
      if (infoHash !== undefined) entries.push({ infoHash, seeders, completed, leechers, partialSeeds })
    })
    if (late === null) return respond(ok(writeHttpScrape(entries)))
    late.settle(answer => respond(answer === true ? ok(writeHttpScrape(entries)) : this.refused(answer)))
  }

  private malformed(reason: string): HttpReply {
    this.counts.malformed++
    return failure(reason)
  }

  private refused(refusal: Refusal): HttpReply {
    this.counts.refused++
    return failure(refusal)
  }
}

function ok(body: Uint8Array): HttpReply {
  return { status: 200, type: TYPE, body }
}

/** What refuses gives the same objects again and again, a flood of those it refuses above all. */
const known = new WeakMap<Refused, HttpReply>()

function failure(refusal: Refusal): HttpReply {
  if (typeof refusal === 'string') return ok(writeHttpFailure(refusal))
  let reply = known.get(refusal)
  if (reply === undefined) {
    reply = ok(writeHttpFailure(refusal.reason, refusal.retryMinutes))
    known.set(refusal, reply)
  }
  return reply
}

function plain(status: number, text: string): HttpReply {
  return { status, type: TYPE, body: encoder.encode(`${text}\n`) }
}
