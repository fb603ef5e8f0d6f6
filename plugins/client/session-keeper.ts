// The session of an open torrent. A seed that nobody asks has none: one is made when a peer comes, and let go of when
// the last has been gone for a while, so that thousands of seeds cost no more than what is known of each.
import { Bitfield } from '../../core/base/bitfield.js'
import type { Progress } from '../../core/contracts/peer-discovery.js'
import type { PieceGeometry } from '../../core/protocol/geometry.js'
import type { PeerId } from '../../core/protocol/ids.js'
import type { TorrentSession } from '../../core/torrent/torrent-session.js'

/** Without a peer for so long. */
const REST_MS = 30_000

export class SessionKeeper {
  /** null: before anything is known of the content, while the torrent rests, and once it is closed. */
  session: TorrentSession | null = null
  private resting = false
  private lonelySince = -Infinity
  /** Bytes of the sessions that were let go. */
  private past = { uploaded: 0, downloaded: 0 }

  constructor(
    /** The same for all sessions of the torrent: trackers and peers know it by this one. */
    readonly peerId: PeerId,
    private readonly geometry: PieceGeometry,
    private readonly make: (peerId: PeerId) => TorrentSession,
    /** All keepers of the node that have a session. */
    private readonly awake: Set<SessionKeeper>,
  ) {}

  /** Begins with a session whose content is still to be looked at. */
  begin(): TorrentSession {
    return this.session ?? this.begun(this.make(this.peerId))
  }

  /** Begins whole, as it was left, and rests. */
  beginWhole(): void {
    this.resting = true
  }

  /** The session of a torrent whose content is known. */
  wake(): TorrentSession | null {
    if (!this.resting) return this.session
    this.resting = false
    const session = this.begun(this.make(this.peerId))
    session.restoreWhole()
    return session
  }

  /** Once a second. `now` also tells how long it has been without peers. */
  tick(now: number, mayRest: boolean): void {
    const { session } = this
    if (session === null) return
    session.tick(now)
    const idle = session.book.have.full && session.linkCount === 0 && session.trust.bannedCount === 0
    if (!idle || !mayRest) this.lonelySince = now
    else if (now - this.lonelySince >= REST_MS) this.rest(session)
  }

  /** Nothing that was written is lost by this; what is still being read goes nowhere. */
  async close(): Promise<void> {
    const { session } = this
    if (session !== null) await session.close()
  }

  /** What it was at last is still told. */
  end(): void {
    this.awake.delete(this)
  }

  /** null: nothing is known yet. */
  get have(): Bitfield | null {
    if (this.session !== null) return this.session.book.have
    if (!this.resting) return null
    const all = new Bitfield(this.geometry.pieceCount)
    all.fill()
    return all
  }

  get haveCount(): number {
    return this.session?.book.have.count ?? (this.resting ? this.geometry.pieceCount : 0)
  }

  get bytesDone(): number {
    return this.session?.book.bytesDone ?? (this.resting ? this.geometry.totalLength : 0)
  }

  /** Of what is wanted. */
  get bytesLeft(): number {
    return this.session?.book.bytesLeft ?? 0
  }

  get known(): boolean {
    return this.resting || this.session !== null
  }

  /** Nothing that is wanted is missing. */
  get complete(): boolean {
    return this.resting || this.session?.complete === true
  }

  /** Bytes since it was opened. */
  get uploaded(): number {
    return this.past.uploaded + (this.session?.uploadedBytes ?? 0)
  }

  get downloaded(): number {
    return this.past.downloaded + (this.session?.downloaded ?? 0)
  }

  get progress(): Progress {
    const { session, uploaded, downloaded } = this
    return {
      // Of all, wanted or not: only who has everything is to be taken for a seed.
      left: this.geometry.totalLength - this.bytesDone,
      partialSeed: session !== null && session.complete && !session.book.have.full,
      uploaded,
      downloaded,
      connected: session?.peers.liveCount ?? 0,
    }
  }

  get linkCount(): number {
    return this.session?.linkCount ?? 0
  }

  private begun(session: TorrentSession): TorrentSession {
    this.session = session
    this.awake.add(this)
    return session
  }

  private rest(session: TorrentSession): void {
    this.past = { uploaded: this.uploaded, downloaded: this.downloaded }
    this.session = null
    this.resting = true
    this.awake.delete(this)
    void session.close()
  }
}
