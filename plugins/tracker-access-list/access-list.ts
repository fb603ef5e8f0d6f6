// Which torrents are tracked: those of a list, or all others.
import { fromHex } from '../../core/base/bytes.js'
import { InfoHashSet } from '../../core/tracker/info-hash-set.js'
import type { AnnouncePolicy } from '../../core/contracts/announce-policy.js'
import type { Refused } from '../../core/contracts/refusal.js'
import type { AnnounceRequest } from '../../core/contracts/swarm-store.js'
import type { InfoHash } from '../../core/protocol/ids.js'

const REASON = 'this tracker does not track this torrent'
/** What is denied stays so; what is not allowed may be the next to be put on the list. */
const DENIED: Refused = { reason: REASON, kind: 'not_tracked', retryMinutes: 'never' }
const NOT_ALLOWED: Refused = { reason: REASON, kind: 'not_tracked', retryMinutes: 30 }

export class AccessList implements AnnouncePolicy {
  hashes = new InfoHashSet([])

  constructor(private readonly mode: 'allow' | 'deny') {}

  admit(request: AnnounceRequest): Refused | null {
    return this.admitScrape(request.infoHash) ? null : this.mode === 'deny' ? DENIED : NOT_ALLOWED
  }

  admitScrape(infoHash: InfoHash): boolean {
    return this.hashes.has(infoHash) === (this.mode === 'allow')
  }
}

/** The list in a file's bytes, or what is wrong with it and where. */
export function readAccessList(bytes: Uint8Array): InfoHashSet | string {
  const hashes: Uint8Array[] = []
  const lines = new TextDecoder('utf-8', { ignoreBOM: false }).decode(bytes).split('\n')
  for (const [i, line] of lines.entries()) {
    const [word = ''] = line.trim().split(/\s/, 1)
    if (word === '' || word.startsWith('#')) continue
    const hash = word.length === 40 ? fromHex(word) : null
    if (hash === null) return `line ${i + 1} does not begin with an info-hash of 40 hexadecimal digits`
    hashes.push(hash)
  }
  return new InfoHashSet(hashes)
}
