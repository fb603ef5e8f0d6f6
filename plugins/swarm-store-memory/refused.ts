// What a client is told that is turned away.
import type { Refused } from '../../core/contracts/refusal.js'

/** Minutes after which a cap may have room: peers that fell silent are forgotten in time. */
const WAIT = 15

export const REFUSED = {
  swarms: { reason: 'the tracker is full: it takes no further torrents', kind: 'full', retryMinutes: WAIT },
  peers: { reason: 'the tracker is full: it takes no further peers', kind: 'full', retryMinutes: WAIT },
  address: { reason: 'too many peers of your address in this torrent', kind: 'full', retryMinutes: WAIT },
  memory: { reason: 'the tracker is out of memory', kind: 'full', retryMinutes: WAIT },
  busy: { reason: 'the tracker is busy; try again later', kind: 'busy', retryMinutes: 1 },
} satisfies Record<string, Refused>
