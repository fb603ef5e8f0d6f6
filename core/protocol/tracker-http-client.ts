// HTTP announces and scrapes as a client makes them, and the replies it gets (BEP 3, 7, 23, 24, 31, 48).
import { endpointOf, parseIp, type Endpoint } from '../base/address.js'
import { equalBytes, latin1 } from '../base/bytes.js'
import { NodeError } from '../base/errors.js'
import { scanBencode, type BencodeRules } from './bencode-scan.js'
import { ABSENT, type Bencoded } from './bencoded.js'
import { readCompactPeers } from './compact-peers.js'
import { protocolErrors } from './errors.js'
import {
  MAX_TRACKER_REPLY_BYTES,
  MAX_TRACKER_REPLY_DEPTH,
  MAX_TRACKER_REPLY_TOKENS,
  MAX_TRACKER_TEXT_BYTES,
} from './limits.js'
import { escapeBytes } from './query-bytes.js'

export interface HttpAnnounce {
  readonly infoHash: Uint8Array
  readonly peerId: Uint8Array
  readonly event: 0 | 1 | 2 | 3 | 4
  readonly left: number
  readonly uploaded: number
  readonly downloaded: number
  readonly key: number
  readonly port: number
  /** Negative: the tracker's to say. */
  readonly numWant: number
  readonly trackerId?: string
}

const eventNames = ['', 'completed', 'started', 'stopped', 'paused'] as const

/** The URL to get: the tracker's own query stays in front. */
export function announceUrl(tracker: URL, announce: HttpAnnounce): URL {
  const pairs = [
    `info_hash=${escapeBytes(announce.infoHash)}`,
    `peer_id=${escapeBytes(announce.peerId)}`,
    `port=${announce.port}`,
    `uploaded=${announce.uploaded}`,
    `downloaded=${announce.downloaded}`,
    `left=${announce.left}`,
    'compact=1',
    'no_peer_id=1',
    `key=${(announce.key >>> 0).toString(16).padStart(8, '0')}`,
  ]
  const event = eventNames[announce.event]
  if (event !== '') pairs.push(`event=${event}`)
  if (announce.numWant >= 0) pairs.push(`numwant=${announce.numWant}`)
  if (announce.trackerId !== undefined) {
    pairs.push(`trackerid=${escapeBytes(new TextEncoder().encode(announce.trackerId))}`)
  }
  return withQuery(tracker, pairs)
}

/** null where the tracker has no scrape: its last path element must begin with "announce" (BEP 48). */
export function scrapeUrl(tracker: URL, hashes: readonly Uint8Array[]): URL | null {
  const at = tracker.pathname.lastIndexOf('/') + 1
  const last = tracker.pathname.slice(at)
  if (!last.startsWith('announce')) return null
  const url = new URL(tracker)
  url.pathname = `${tracker.pathname.slice(0, at)}scrape${last.slice('announce'.length)}`
  return withQuery(
    url,
    hashes.map(hash => `info_hash=${escapeBytes(hash)}`),
  )
}

function withQuery(base: URL, pairs: readonly string[]): URL {
  const url = new URL(base)
  url.hash = ''
  url.search = [...(url.search.length > 1 ? [url.search.slice(1)] : []), ...pairs].join('&')
  return url
}

export interface HttpAnnounceReply {
  /** Why the tracker refused; nothing else counts then. */
  readonly failure: string | null
  /** BEP 31, seconds; null where the tracker does not say. */
  readonly retryIn: number | 'never' | null
  readonly warning: string | null
  /** As the tracker says, unclamped; null where it does not. */
  readonly interval: number | null
  readonly minInterval: number | null
  readonly seeders: number
  readonly leechers: number
  readonly completed: number
  readonly peers: readonly Endpoint[]
  /** Peers given by name. */
  readonly namedPeers: readonly { readonly host: string; readonly port: number }[]
  readonly trackerId: string | null
  /** BEP 24. */
  readonly externalIp: Uint8Array | null
}

const RULES: BencodeRules = {
  maxBytes: MAX_TRACKER_REPLY_BYTES,
  maxDepth: MAX_TRACKER_REPLY_DEPTH,
  maxTokens: MAX_TRACKER_REPLY_TOKENS,
  lenient: true,
}

/** Throws ERR_TRACKER_REPLY for what is no reply of a tracker. Texts are a stranger's: not for a terminal as they are. */
export function readHttpAnnounceReply(body: Uint8Array): HttpAnnounceReply {
  const reply = open(body)
  const failure = textOf(reply, 'failure reason')
  const found = failure === null ? readPeers(reply) : { peers: [], namedPeers: [] }
  const externalIp = reply.string(reply.get(0, 'external ip'))
  return {
    failure,
    retryIn: readRetry(reply),
    warning: textOf(reply, 'warning message'),
    interval: countOf(reply, 0, 'interval'),
    minInterval: countOf(reply, 0, 'min interval'),
    seeders: countOf(reply, 0, 'complete') ?? 0,
    leechers: countOf(reply, 0, 'incomplete') ?? 0,
    completed: countOf(reply, 0, 'downloaded') ?? 0,
    ...found,
    trackerId: textOf(reply, 'tracker id'),
    externalIp: externalIp?.length === 4 || externalIp?.length === 16 ? externalIp.slice() : null,
  }
}

export interface HttpScrapeCounts {
  readonly seeders: number
  readonly leechers: number
  readonly completed: number
}

/** One entry a hash, in their order; null for what the tracker left out. Throws ERR_TRACKER_REPLY, also for a failure reason. */
export function readHttpScrapeReply(body: Uint8Array, hashes: readonly Uint8Array[]): (HttpScrapeCounts | null)[] {
  const reply = open(body)
  const failure = textOf(reply, 'failure reason')
  if (failure !== null) throw bad(`the tracker refused: ${failure}`)
  const files = reply.get(0, 'files')
  if (!reply.isDictionary(files)) throw bad('a scrape reply without "files"')
  const texts = hashes.map(asText)
  const counts: (HttpScrapeCounts | null)[] = hashes.map(() => null)
  for (let key = reply.first(files); key !== ABSENT; key = reply.after(reply.valueOf(key))) {
    const name = reply.string(key)
    const entry = reply.valueOf(key)
    for (let i = 0; name !== null && i < hashes.length; i++) {
      const hash = hashes[i]
      const text = texts[i]
      if (hash === undefined || text === undefined || !(equalBytes(hash, name) || equalBytes(text, name))) continue
      counts[i] = {
        seeders: countOf(reply, entry, 'complete') ?? 0,
        leechers: countOf(reply, entry, 'incomplete') ?? 0,
        completed: countOf(reply, entry, 'downloaded') ?? 0,
      }
    }
  }
  return counts
}

/** The key of npm's bittorrent-tracker: each byte written as a character, in UTF-8. */
function asText(hash: Uint8Array): Uint8Array {
  return new TextEncoder().encode(latin1(hash))
}

function open(body: Uint8Array): Bencoded {
  const scanned = scanBencode(body, RULES)
  if (scanned instanceof NodeError) throw bad(`not bencoded: ${scanned.message}`, scanned)
  if (!scanned.isDictionary(0)) throw bad('not a dictionary')
  return scanned
}

function bad(what: string, cause?: NodeError): NodeError {
  return protocolErrors.make('ERR_TRACKER_REPLY', `bad reply of a tracker: ${what}`, { cause })
}

function readPeers(reply: Bencoded): Pick<HttpAnnounceReply, 'peers' | 'namedPeers'> {
  const v4 = reply.get(0, 'peers')
  const v6 = reply.get(0, 'peers6')
  const listed: Endpoint[] = []
  const namedPeers: { host: string; port: number }[] = []
  if (reply.isList(v4)) readDictionaries(reply, v4, listed, namedPeers)
  const compact = reply.isList(v4) ? [] : readCompact(reply, v4, 4)
  return { peers: [...listed, ...compact, ...readCompact(reply, v6, 6)], namedPeers }
}

function readCompact(reply: Bencoded, node: number, family: 4 | 6): Endpoint[] {
  if (node === ABSENT) return []
  const bytes = reply.string(node)
  const peers = bytes === null ? null : readCompactPeers(bytes, family)
  if (peers === null) throw bad(`a list of IPv${family} peers of a broken length or kind`)
  return peers
}

/** Entries that make no sense are passed over: one bad peer is no reason to lose the others. */
function readDictionaries(
  reply: Bencoded,
  list: number,
  peers: Endpoint[],
  namedPeers: { host: string; port: number }[],
): void {
  for (let entry = reply.first(list); entry !== ABSENT; entry = reply.after(entry)) {
    const host = reply.text(reply.get(entry, 'ip'))
    const port = countOf(reply, entry, 'port')
    if (host === null || port === null || port < 1 || port > 65535) continue
    const ip = parseIp(host)
    if (ip !== null) peers.push(endpointOf(ip, port))
    else if (isHostName(host)) namedPeers.push({ host, port })
  }
}

function isHostName(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/i.test(text)
}

function readRetry(reply: Bencoded): number | 'never' | null {
  const node = reply.get(0, 'retry in')
  if (reply.text(node) === 'never') return 'never'
  const minutes = reply.integer(node) ?? Number(reply.text(node) ?? Number.NaN)
  return Number.isSafeInteger(minutes) && minutes > 0 ? minutes * 60 : null
}

function textOf(reply: Bencoded, key: string): string | null {
  return reply.text(reply.get(0, key))?.slice(0, MAX_TRACKER_TEXT_BYTES) ?? null
}

function countOf(reply: Bencoded, node: number, key: string): number | null {
  const value = reply.integer(reply.get(node, key))
  return value === null || value < 0 ? null : value
}
