// An announce policy for the main thread and for others: torrents whose info-hash begins with one byte are refused.
import type { AnnouncePolicy } from '../../core/contracts/index.js'

export const REFUSED = 0xbb
export const REASON = 'not here'

export function open(): AnnouncePolicy {
  return { admit: ({ infoHash }) => (infoHash[0] === REFUSED ? REASON : null) }
}

export const refusalPolicy: AnnouncePolicy = { ...open(), inThread: { module: import.meta.url, data: null } }
