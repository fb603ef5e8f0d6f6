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
