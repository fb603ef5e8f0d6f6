import { token } from '../base/token.js'
import type { Portable } from '../base/portable.js'
import type { InfoHash } from '../protocol/ids.js'
import type { Refusal } from './refusal.js'
import type { AnnounceRequest } from './swarm-store.js'

/**
 * Who may announce what. Asked in profile order before the store is touched; the first refusal stands. Synchronous:
 * a policy that needs a file or a network keeps its own copy up to date. `stopped` is asked as well.
 */
export interface AnnouncePolicy {
  /** null: admitted. Else what the client is told as the failure reason; the same object each time, or a text. */
  admit(request: AnnounceRequest): Refusal | null
  /** May this swarm be scraped? Yes where absent. */
  admitScrape?(infoHash: InfoHash): boolean
  /** The same policy in a tracker thread; without it, announces stay on the main thread. */
  readonly inThread?: Portable<AnnouncePolicy> | undefined
}

export const AnnouncePolicies = token.many<AnnouncePolicy>('announce-policies')
