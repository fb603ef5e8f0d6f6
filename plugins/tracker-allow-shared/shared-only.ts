// Admits what a catalog has, here or in a tracker thread.
import type { Portable, ThreadPlace } from '../../core/base/portable.js'
import type { AnnouncePolicy } from '../../core/contracts/announce-policy.js'
import type { Refused } from '../../core/contracts/refusal.js'
import type { AnnounceRequest } from '../../core/contracts/swarm-store.js'
import type { TorrentCatalog } from '../../core/contracts/tracker.js'
import type { InfoHash } from '../../core/protocol/ids.js'

/** The node may share it soon: it may be checking it now. */
const REFUSED: Refused = {
  reason: 'this tracker tracks only what its own node shares',
  kind: 'not_tracked',
  retryMinutes: 5,
}

type Shared = Pick<TorrentCatalog, 'has' | 'inThread'>

export class SharedOnly implements AnnouncePolicy {
  constructor(private readonly catalog: Shared) {}

  /** Where the catalog can be asked in threads. */
  get inThread(): Portable<AnnouncePolicy> | undefined {
    const data = this.catalog.inThread
    return data === undefined ? undefined : { module: import.meta.url, data }
  }

  admit(request: AnnounceRequest): Refused | null {
    return this.catalog.has(request.infoHash) ? null : REFUSED
  }

  admitScrape(infoHash: InfoHash): boolean {
    return this.catalog.has(infoHash)
  }
}

/** In a tracker thread. @public */
export async function open(catalog: Portable<Shared>, place: ThreadPlace): Promise<SharedOnly> {
  return new SharedOnly(await place.open(catalog))
}
