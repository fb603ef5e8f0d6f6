// What may be asked of a tracker's URL, and how much of it may be shown. A .torrent names URLs that its reader then
// opens, so they are held to what a tracker needs; and private trackers put a user's pass key into path or query.

const restrictedKeys = new Set([
  'info_hash',
  'peer_id',
  'event',
  'port',
  'left',
  'uploaded',
  'downloaded',
  'corrupt',
  'key',
])

/** Why this URL must not be asked, or null. The address behind the name is for whoever resolves it: see mayBeLocal. */
export function trackerUrlFault(url: URL): string | null {
  if (url.hostname === '') return 'it names no host'
  if (url.protocol === 'udp:' && !(Number(url.port) > 0)) return 'a udp URL needs a port'
  for (const pair of url.search.slice(1).split('&')) {
    const key = decoded(pair.split('=')[0] ?? '').toLowerCase()
    if (restrictedKeys.has(key)) return `its query has "${key}", which is for the announce to fill in`
  }
  return null
}

/** Only what looks like a tracker may be asked on this very machine, so that no .torrent reaches other local services. */
export function mayBeLocal(url: URL): boolean {
  return url.pathname.startsWith('/announce') || url.pathname.startsWith('/scrape')
}

/** The URL with everything that may be secret in it as "***": user and password, odd path segments, query values. */
export function maskUrl(url: URL | string): string {
  const parsed = typeof url === 'string' ? readUrl(url) : url
  if (parsed === null) return 'unreadable URL'
  const path = parsed.pathname.split('/').map(segment => (isPlain(segment) ? segment : '***'))
  const query = parsed.search.slice(1).split('&').map(maskPair)
  return `${parsed.protocol}//${parsed.host}${path.join('/')}${parsed.search === '' ? '' : `?${query.join('&')}`}`
}

/** A tracker's words in one short line of plain text, without the secrets of the URL they came from. */
export function maskText(text: string, url: URL): string {
  let shown = text.replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim()
  for (const secret of secretsOf(url)) shown = shown.replaceAll(secret, '***')
  return shown.length > 200 ? `${shown.slice(0, 199)}...` : shown
}

/** null unless the text is a URL. */
export function readUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null
}

function isPlain(segment: string): boolean {
  return segment === '' || /^(announce|scrape)(\.[a-z]{2,4})?$/i.test(segment)
}

function maskPair(pair: string): string {
  const at = pair.indexOf('=')
  return pair === '' ? '' : at < 0 ? '***' : `${pair.slice(0, at)}=***`
}

// Long ones first, so that none is spoilt by a shorter one inside it; below four characters everything would match.
function secretsOf(url: URL): string[] {
  const parts = [url.username, url.password, ...url.pathname.split('/').filter(segment => !isPlain(segment))]
  for (const pair of url.search.slice(1).split('&')) parts.push(pair.slice(pair.indexOf('=') + 1))
  const both = parts.flatMap(part => [part, decoded(part)])
  return [...new Set(both)].filter(part => part.length >= 4).sort((a, b) => b.length - a.length)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
