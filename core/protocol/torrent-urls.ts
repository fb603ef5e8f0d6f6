// URLs in a .torrent: trackers in tiers (BEP 12) and web seeds (BEP 19). Taken as text; whoever asks one judges it first.
import { ABSENT, type Bencoded } from './bencoded.js'
import { MAX_TRACKERS, MAX_URL_LENGTH } from './limits.js'

/** Each URL once, empty tiers left out; "announce" counts only where "announce-list" gives none. */
export function readTrackers(torrent: Bencoded): string[][] {
  const tiers: string[][] = []
  const seen = new Set<string>()
  const list = torrent.get(0, 'announce-list')
  for (let tier = torrent.first(list); torrent.isList(list) && tier !== ABSENT; tier = torrent.after(tier)) {
    const urls = readUrls(torrent, tier)
      .filter(url => !seen.has(url))
      .slice(0, MAX_TRACKERS - seen.size)
    for (const url of urls) seen.add(url)
    if (urls.length > 0) tiers.push(urls)
  }
  if (tiers.length > 0) return tiers
  const single = readUrls(torrent, torrent.get(0, 'announce'))
  return single.length > 0 ? [single] : []
}

/** A text or a list of texts, spaces around them taken off, each once; what is longer than a URL may be is left out. */
export function readUrls(torrent: Bencoded, node: number): string[] {
  const urls = new Set<string>()
  const add = (at: number): void => {
    const url = torrent.text(at)?.trim() ?? ''
    if (url !== '' && url.length <= MAX_URL_LENGTH) urls.add(url)
  }
  if (torrent.isList(node)) for (let at = torrent.first(node); at !== ABSENT; at = torrent.after(at)) add(at)
  else add(node)
  return [...urls]
}
