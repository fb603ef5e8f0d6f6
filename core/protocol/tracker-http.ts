// HTTP announces and scrapes as a tracker reads them (BEP 3, 7, 23, 48). Queries are read where they lie: only the keys
// known here are looked at, each may stand once, and none becomes a property of anything.
import type { AnnounceFields } from './announce-fields.js'
import { MAX_SCRAPE_HASHES } from './limits.js'
import { BAD_ESCAPE, unescapeInto } from './query-bytes.js'

/** An HTTP announce says two things more than a UDP one. */
export interface HttpAnnounceFields extends AnnounceFields {
  /** False: the client wants dictionaries (BEP 23). */
  compact: boolean
  /** An address the client claims, still escaped; believed only from sources the operator trusts. */
  claimedIp: string | null
}

const fields = [
  'info_hash',
  'peer_id',
  'port',
  'left',
  'uploaded',
  'downloaded',
  'event',
  'numwant',
  'key',
  'compact',
  'ip',
] as const
type Field = (typeof fields)[number]
const fieldOf: ReadonlyMap<string, Field> = new Map(fields.map(name => [name, name]))
const bitOf: ReadonlyMap<Field, number> = new Map(fields.map((name, i) => [name, 1 << i]))

/** A client that does not say what is missing misses something. */
const LEFT_UNKNOWN = 1
/** More digits than a 64-bit count has. */
const MAX_DIGITS = 20

/** `query` is raw, without its question mark. null: `into` is filled. A text: the failure reason. `urlData` is left alone. */
export function readHttpAnnounce(query: string, into: HttpAnnounceFields): string | null {
  into.event = 0
  into.left = LEFT_UNKNOWN
  into.uploaded = 0
  into.downloaded = 0
  into.numWant = -1
  into.key = 0
  into.port = 0
  into.compact = true
  into.claimedIp = null
  let seen = 0
  for (let at = 0; at < query.length;) {
    const end = endOfPair(query, at)
    const equals = endOfKey(query, at, end)
    const field = fieldOf.get(query.slice(at, equals))
    if (field !== undefined) {
      const bit = bitOf.get(field) ?? 0
      if ((seen & bit) !== 0) return `${field} stands twice`
      seen |= bit
      const fault = readField(field, query, Math.min(equals + 1, end), end, into)
      if (fault !== null) return fault
    }
    at = end + 1
  }
  for (const needed of ['info_hash', 'peer_id', 'port'] as const) {
    if ((seen & (bitOf.get(needed) ?? 0)) === 0) return `${needed} is missing`
  }
  return null
}

function readField(field: Field, query: string, from: number, to: number, into: HttpAnnounceFields): string | null {
  switch (field) {
    case 'info_hash':
      return readTwenty(field, query, from, to, into.infoHash)
    case 'peer_id':
      return readTwenty(field, query, from, to, into.peerId)
    case 'port':
      into.port = readCount(query, from, to)
      return into.port >= 1 && into.port <= 65535 ? null : 'port is not a number from 1 to 65535'
    case 'left':
    case 'uploaded':
    case 'downloaded':
      into[field] = readCount(query, from, to)
      return into[field] >= 0 ? null : `${field} is not a number`
    case 'event':
      return readEvent(query.slice(from, to), into)
    case 'numwant': {
      const negative = query[from] === '-'
      const count = readCount(query, negative ? from + 1 : from, to)
      into.numWant = negative ? -1 : count
      return count >= 0 ? null : 'numwant is not a number'
    }
    case 'key':
      into.key = readKey(query.slice(from, to))
      return null
    case 'compact':
      into.compact = query.slice(from, to) !== '0'
      return null
    case 'ip':
      into.claimedIp = query.slice(from, to)
      return null
  }
}

function readTwenty(field: Field, query: string, from: number, to: number, out: Uint8Array): string | null {
  const count = unescapeInto(query, from, to, out)
  if (count === 20) return null
  return count === BAD_ESCAPE ? `${field} has a broken escape` : `${field} has ${count} bytes, not 20`
}

/** ASCII digits only; -1 for all else. */
function readCount(query: string, from: number, to: number): number {
  if (from >= to || to - from > MAX_DIGITS) return -1
  let value = 0
  for (let at = from; at < to; at++) {
    const digit = query.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

function readEvent(event: string, into: HttpAnnounceFields): string | null {
  switch (event) {
    case 'started':
      into.event = 2
      return null
    case 'completed':
      into.event = 1
      return null
    case 'stopped':
      into.event = 3
      return null
    case 'paused':
      into.event = 4
      return null
    // "empty" as some write no event.
    case '':
    case 'empty':
      into.event = 0
      return null
    default:
      return 'unknown event'
  }
}

/** Customarily eight hexadecimal digits; what is none counts as none. */
function readKey(text: string): number {
  return /^[0-9a-f]{1,8}$/i.test(text) ? parseInt(text, 16) : 0
}

/** The hashes of a scrape (none: every swarm is asked for), or the failure reason. More than 74 are cut off. */
export function readHttpScrape(query: string): Uint8Array[] | string {
  const hashes: Uint8Array[] = []
  for (let at = 0; at < query.length && hashes.length < MAX_SCRAPE_HASHES;) {
    const end = endOfPair(query, at)
    const equals = endOfKey(query, at, end)
    if (query.slice(at, equals) === 'info_hash') {
      const hash = new Uint8Array(20)
      const fault = readTwenty('info_hash', query, Math.min(equals + 1, end), end, hash)
      if (fault !== null) return fault
      hashes.push(hash)
    }
    at = end + 1
  }
  return hashes
}

function endOfPair(query: string, from: number): number {
  const end = query.indexOf('&', from)
  return end < 0 ? query.length : end
}

function endOfKey(query: string, from: number, end: number): number {
  for (let at = from; at < end; at++) if (query.charCodeAt(at) === 0x3d) return at
  return end
}
