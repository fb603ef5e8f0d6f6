// Whether everything wanted is here, as peers and the owner were last told. It may be so more than once: wishes change,
// and what was here can turn out damaged.
import type { PeerBook } from './peer-book.js'
import type { PeerSessions } from './peer-sessions.js'
import type { PieceBook } from './piece-book.js'

export class Completion {
  /** What is on disk is known. */
  known = false
  whole = false

  constructor(
    private readonly book: PieceBook,
    private readonly sessions: PeerSessions,
    private readonly completed: () => void,
    private readonly peers: PeerBook,
  ) {}

  /** How it is now needs no telling. */
  begin(): void {
    this.known = true
    this.whole = this.book.complete
  }

  /** Pieces came or went, or wishes changed. */
  update(now: number): void {
    if (this.book.complete === this.whole) return
    this.whole = this.book.complete
    if (this.whole) this.finish()
    else this.unfinish(now)
  }

  /** Of a part only, links to seeds are kept: more may be wanted of them. */
  private finish(): void {
    if (this.book.have.full) this.sessions.closeSeeds()
    else this.sessions.tellUploadOnly()
    this.completed()
  }

  private unfinish(now: number): void {
    this.peers.wantMore(now)
    this.sessions.tellUploadOnly()
  }
}
