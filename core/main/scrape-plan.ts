// What to ask which tracker: of .torrent files with their own trackers, or of one URL and the hashes named.
import { fromHex, toHex } from '../base/bytes.js'
import { infoHashOf, type InfoHash } from '../protocol/ids.js'
import { parseMetainfo } from '../protocol/metainfo.js'
import { readUrl } from '../protocol/tracker-url.js'
import { cliErrors } from './errors.js'
import { readTorrentFile } from './torrent-source.js'

export interface ScrapeJob {
  readonly url: URL
  readonly hashes: readonly InfoHash[]
}

export async function scrapePlan(words: readonly string[], workingDir: string): Promise<readonly ScrapeJob[]> {
  const [first = '', ...rest] = words
  if (/^(https?|udp):\/\//i.test(first)) return [{ url: trackerUrl(first), hashes: rest.map(infoHash) }]
  const jobs = new Map<string, Map<string, InfoHash>>()
  for (const file of words) {
    const { infoHash, trackers } = parseMetainfo(await readTorrentFile(file, workingDir))
    if (trackers.length === 0)
      throw cliErrors.make('ERR_USAGE', `${file} names no tracker: shoal scrape URL ${toHex(infoHash)}`)
    for (const url of trackers.flat()) {
      const hashes = jobs.get(url) ?? new Map<string, InfoHash>()
      jobs.set(url, hashes.set(toHex(infoHash), infoHash))
    }
  }
  const all = [...jobs].map(([url, hashes]) => ({ url: readUrl(url), hashes: [...hashes.values()] }))
  return all.flatMap(({ url, hashes }) => (url === null ? [] : [{ url, hashes }]))
}

function trackerUrl(text: string): URL {
  const url = readUrl(text)
  if (url !== null) return url
  throw cliErrors.make('ERR_USAGE', `${text} is not the URL of a tracker`)
}

function infoHash(text: string): InfoHash {
  const bytes = fromHex(text)
  const hash = bytes === null ? null : infoHashOf(bytes)
  if (hash !== null) return hash
  throw cliErrors.make('ERR_USAGE', `${text} is not an info-hash: 40 hexadecimal digits`)
}
