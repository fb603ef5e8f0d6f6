// What waits for one peer that does not read: news of pieces, and the patience we have with it.
import { Bitfield } from '../base/bitfield.js'
import type { PeerVoice } from './peer-voice.js'
import type { Swarm } from './swarm.js'

/** News wait while the link holds more than this: a message each would cost far more than it says. */
const MOST_HELD = 16 << 10
/** How long a peer may read nothing of what the link holds for it; and where others wait for that memory. */
const DEAF_MS = 300_000
const DEAF_STARVING_MS = 30_000

export class Backlog {
  /** Pieces that it has not been told of. */
  private news: Bitfield | null = null
  /** What the link had passed on when it was last seen to move, and when that was. */
  private passed = 0

  constructor(
    private readonly voice: PeerVoice,
    private passedAt: number,
  ) {}

  /** We have a piece more. */
  tell(piece: number, swarm: Swarm): void {
    if (this.news === null && this.voice.held <= MOST_HELD) return this.voice.have(piece)
    this.news ??= new Bitfield(swarm.geometry.pieceCount)
    this.news.set(piece)
  }

  /** The link may have moved: what waits is told, if it has. */
  catchUp(swarm: Swarm): void {
    const { news } = this
    if (news === null || this.voice.held > MOST_HELD) return
    this.news = null
    for (let piece = news.nextSet(0); piece >= 0; piece = news.nextSet(piece + 1))
      if (swarm.book.have.has(piece)) this.voice.have(piece)
  }

  /** Once a second: the peer has read nothing of what is on its way to it for too long, which holds memory. */
  hopeless(now: number, swarm: Swarm): boolean {
    const { sent, held } = this.voice
    if (held === 0 || sent > this.passed) {
      this.passed = sent
      this.passedAt = now
      return false
    }
    return now - this.passedAt > (swarm.reads.starved ? DEAF_STARVING_MS : DEAF_MS)
  }
}
