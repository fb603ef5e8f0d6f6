// Which torrents are tracked: those of a list, or all others. The list lies in shared memory, so that tracker threads
// ask the one that the main thread keeps up to date.
import { KeySet } from '../../core/base/key-set.js'
import type { Portable } from '../../core/base/portable.js'
import type { AnnouncePolicy } from '../../core/contracts/announce-policy.js'
import type { Refused } from '../../core/contracts/refusal.js'
import type { AnnounceRequest } from '../../core/contracts/swarm-store.js'
import type { InfoHash } from '../../core/protocol/ids.js'

export type Mode = 'allow' | 'deny'

const REASON = 'this tracker does not track this torrent'
/** What is denied stays so; what is not allowed may be the next to be put on the list. */
const DENIED: Refused = { reason: REASON, kind: 'not_tracked', retryMinutes: 'never' }
const NOT_ALLOWED: Refused = { reason: REASON, kind: 'not_tracked', retryMinutes: 30 }

export class AccessList implements AnnouncePolicy {
  readonly inThread: Portable<AnnouncePolicy>
  private readonly allow: boolean

  constructor(
    mode: Mode,
    private readonly hashes: KeySet,
  ) {
    this.allow = mode === 'allow'
    this.inThread = { module: import.meta.url, data: { mode, memory: hashes.memory } satisfies Data }
  }

  admit(request: AnnounceRequest): Refused | null {
    if (this.admitScrape(request.infoHash)) return null
    return this.allow ? NOT_ALLOWED : DENIED
  }

  admitScrape(infoHash: InfoHash): boolean {
    return this.hashes.has(infoHash) === this.allow
  }
}

interface Data {
  readonly mode: Mode
  readonly memory: SharedArrayBuffer
}

/** In a tracker thread. @public */
export function open({ mode, memory }: Data): AccessList {
  return new AccessList(mode, new KeySet(memory))
}
