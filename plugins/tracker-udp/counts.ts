// What came in since the start, by what became of it.
import { ThreadCounts } from '../../core/tracker/thread-counts.js'

/** Places in a thread's row of counters. */
export const UdpCount = {
  connects: 0,
  /** With a right connection id, whatever became of them. */
  announces: 1,
  scrapes: 2,
  /** No request at all: too short, too long, unknown action, sender without a port. No answer. */
  malformed: 3,
  /** No answer. */
  badIds: 4,
  /** Announces whose event, port or options are none. Told so. */
  badFields: 5,
  /** Announces and scrapes that a policy or the store refused, and told why. */
  refused: 6,
  /** The same, unanswered: silence was best. */
  silenced: 7,
  /** Refused because of a fault of ours. */
  faults: 8,
  /** Bytes of all packets, and of all answers. */
  bytesIn: 9,
  bytesOut: 10,
} as const

export type UdpCounts = ThreadCounts<keyof typeof UdpCount>

/** New ones, or those in `memory` that came from elsewhere. */
export function udpCounts(memory?: SharedArrayBuffer): UdpCounts {
  return new ThreadCounts(UdpCount, memory)
}
