import { isLinkLocal, isLoopback, isUnspecified } from '../../core/base/address.js'
import { mayBeLocal } from '../../core/protocol/tracker-url.js'

/**
 * Judges the addresses one request is about to reach, redirects included: this very machine (and what hangs on its own
 * wire, where clouds keep their secrets) only for what looks like a tracker, and never on the word of a server elsewhere.
 */
export class LocalGuard {
  private beenAway = false
  private refused = false

  constructor(private readonly url: URL) {}

  /** The URL itself leads here and must not: its owner's to mend, not a redirecting server's. */
  get misused(): boolean {
    return this.refused && !this.beenAway
  }

  readonly allow = (ip: Uint8Array): boolean => {
    if (!isLoopback(ip) && !isUnspecified(ip) && !isLinkLocal(ip)) {
      this.beenAway = true
      return true
    }
    if (!this.beenAway && mayBeLocal(this.url)) return true
    this.refused = true
    return false
  }
}
