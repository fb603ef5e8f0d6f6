import type { Counted } from '../../core/tracker/tally.js'

/** What came in since the start, by what became of it. */
export class HttpCounts {
  announces = 0
  scrapes = 0
  /** Announces and scrapes that say what cannot be, or come from no address that could be found. */
  malformed = 0
  /** Announces and scrapes that the tracker did not take. */
  refused = 0
  /** Requests for anything else. */
  elsewhere = 0
}

/** What of it is told in the log. */
export function told(counts: HttpCounts): readonly Counted[] {
  return [
    { read: () => counts.malformed, what: 'announces and scrapes that say what cannot be', level: 'debug' },
    { read: () => counts.refused, what: 'announces and scrapes refused', level: 'debug' },
    { read: () => counts.elsewhere, what: 'requests for what is not here', level: 'debug' },
  ]
}
