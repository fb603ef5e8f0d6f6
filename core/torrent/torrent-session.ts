// One torrent being worked on: wiring and the tick, nothing else. Each part owns its state; this file owns none but
// what was moved in all, and whether the torrent runs.
import type { Endpoint } from '../base/address.js'
import type { Bitfield } from '../base/bitfield.js'
import type { PeerLink } from '../contracts/peer-transport.js'
import { PieceState } from '../contracts/piece-selector.js'
import type { PieceGeometry } from '../protocol/geometry.js'
import type { Handshake } from '../protocol/handshake.js'
import type { InfoHash, PeerId, PieceIndex } from '../protocol/ids.js'
import { Availability } from './availability.js'
import { BlockScheduler } from './block-scheduler.js'
import { checkPieces } from './checker.js'
import { ChokeRound } from './choke-round.js'
import { CloseReason } from './close-reason.js'
import { Completion } from './completion.js'
import { Interest } from './interest.js'
import type { TorrentPace } from './pace.js'
import { PeerAdmission } from './peer-admission.js'
import { PeerSession } from './peer-session.js'
import { PeerSessions } from './peer-sessions.js'
import { PeerTable } from './peer-table.js'
import { PieceBook } from './piece-book.js'
import { PieceCommit } from './piece-commit.js'
import { PieceSlots } from './piece-slots.js'
import { ReadAhead } from './read-ahead.js'
import { ReadFaults } from './read-faults.js'
import { SelectorGuard } from './selector-guard.js'
import type { SessionParts } from './session-parts.js'
import type { Swarm } from './swarm.js'
import { swarmView } from './swarm-view.js'
import { Trust } from './trust.js'
import { refuseUnfit } from './unfit-content.js'
import { Withdrawal } from './withdrawal.js'

export class TorrentSession implements Swarm {
  readonly infoHash: InfoHash
  readonly peerId: PeerId
  readonly geometry: PieceGeometry
  readonly info: Uint8Array
  readonly port: number
  readonly book: PieceBook
  readonly peers: PeerTable
  readonly availability: Availability
  readonly selector: SelectorGuard
  readonly scheduler: BlockScheduler
  readonly chokes: ChokeRound
  readonly reads: ReadAhead
  readonly pace: TorrentPace
  readonly trust = new Trust()
  now: number
  downloaded = 0
  uploadedBytes = 0

  private readonly slots: PieceSlots
  private readonly commits: PieceCommit
  private readonly admission: PeerAdmission
  private readonly withdrawal: Withdrawal
  private readonly interest: Interest
  private readonly sessions: PeerSessions
  private readonly completion: Completion
  private lastTick: number
  private closing = false

  constructor(private readonly parts: SessionParts) {
    const { geometry, arena, events } = parts
    refuseUnfit(geometry, arena.bytes)
    this.infoHash = parts.infoHash
    this.peerId = parts.peerId
    this.geometry = geometry
    this.info = parts.info
    this.port = parts.port
    this.pace = parts.pace
    this.now = this.lastTick = parts.now
    this.book = new PieceBook(geometry)
    this.peers = new PeerTable(parts.maxPeers)
    this.availability = new Availability(geometry.pieceCount)
    this.slots = new PieceSlots(geometry, arena)
    this.selector = new SelectorGuard(
      parts.selector.factory,
      parts.selector.options,
      swarmView(this.book, this.availability, parts.random),
      parts.maxPeers,
      parts.selector.name,
      error => events.warning(error),
    )
    this.interest = new Interest(this.book, this.peers)
    this.book.onMove((piece, state, from) => {
      this.selector.onState(piece, state)
      this.interest.moved(piece, state, from)
    })
    this.commits = new PieceCommit(this.book, this.slots, parts.storage, parts.hashing, parts.digests, {
      full: piece => events.pieceFull(piece),
      kept: (piece, alone) => this.kept(piece, alone),
      failed: (_piece, senders) => this.blame(senders),
      freed: () => this.refill(),
      broken: error => events.failed(error),
      diskFull: error => events.warning(error),
    })
    this.scheduler = new BlockScheduler(
      { geometry, book: this.book, slots: this.slots, peers: this.peers, now: parts.now },
      this.selector,
      parts.pace.asks,
      slot => this.commits.commit(slot),
    )
    this.chokes = new ChokeRound(
      this.peers,
      parts.choke,
      parts.uploadSlots,
      parts.random,
      error => events.warning(error),
      () => parts.pace.uploadLimit,
    )
    const faults = new ReadFaults(error => events.warning(error))
    this.withdrawal = new Withdrawal(this.book, parts.storage, faults, pieces => this.lost(pieces))
    this.reads = new ReadAhead(
      geometry,
      arena,
      parts.storage,
      waiting => this.sessions.resumeUploads(waiting),
      (piece, error) => this.withdrawal.add(piece, error),
    )
    this.admission = new PeerAdmission(parts.peerId, this.trust, parts.maxPeers, parts.maxPeersPerAddress)
    this.sessions = new PeerSessions(this.peers)
    this.completion = new Completion(this.book, this.sessions, () => events.completed(), parts.book)
  }

  /** Takes the given pieces as they are, and hashes the others named. Before any peer is let in. */
  async restore(trusted: Bitfield, doubtful: Bitfield, signal: AbortSignal, looked?: () => void): Promise<void> {
    for (let i = trusted.nextSet(0); i !== -1; i = trusted.nextSet(i + 1)) this.book.found(i)
    await checkPieces({ ...this.parts }, doubtful, piece => this.book.found(piece), signal, looked)
    this.begin()
  }

  /** Takes every piece as it is. Before any peer is let in. */
  restoreWhole(): void {
    for (let i = 0; i < this.geometry.pieceCount; i++) this.book.found(i)
    this.begin()
  }

  private begin(): void {
    this.completion.begin()
    this.selector.onRebuild()
  }

  /** The user's wish for every piece, 0 to 7; at any time. */
  prioritize(wishes: ArrayLike<number>): void {
    for (let i = 0; i < this.geometry.pieceCount; i++) {
      const piece = this.geometry.piece(i)
      const wish = wishes[i] ?? 0
      if (piece === -1 || this.book.priority[i] === wish) continue
      this.book.wish(piece, wish)
      if (wish === 0) this.scheduler.drop(piece)
    }
    this.selector.onRebuild()
    if (!this.completion.known || this.closing) return
    this.refill()
    this.completion.update(this.now)
  }

  /** Greets a peer that was dialled. */
  greet(link: PeerLink): void {
    if (this.closing) return link.close()
    const session = new PeerSession(
      link,
      this,
      () => null,
      (ended, reason) => this.ended(ended, reason),
      this.now,
    )
    this.sessions.add(session)
    session.begin()
  }

  /** A link that was dialled, or came to us, is gone. */
  ended(session: PeerSession, reason: CloseReason): void {
    this.sessions.delete(session)
    // A seed closes who is told to want nothing, a partial seed too.
    const idle = reason === CloseReason.Remote && session.seed && this.completion.whole
    this.parts.book.done(session.remote, this.now, idle ? CloseReason.BothSeeds : reason)
  }

  /** Links of this torrent that are up, greeting or running. */
  get linkCount(): number {
    return this.sessions.linkCount
  }

  /** A peer that is here says that it listens there: dialling it would give a second link to it. */
  meets(endpoint: Endpoint): boolean {
    return this.sessions.meets(endpoint)
  }

  get complete(): boolean {
    return this.book.complete
  }

  /** Pieces on their way: some memory is theirs, and part of them may be here. */
  get openPieces(): readonly number[] {
    return this.slots.pieces
  }

  get rates(): { readonly down: number; readonly up: number } {
    return this.peers.rates
  }

  /** Once a second. */
  tick(now: number): void {
    const elapsed = Math.max(1, now - this.lastTick)
    this.lastTick = this.now = now
    this.commits.tick(now)
    this.withdrawal.tick(now)
    this.scheduler.tick(now, elapsed)
    this.chokes.tick(now, this.complete, this.uploadedBytes)
    this.sessions.tick(now)
  }

  /** Closes every link; the same peers may come again. */
  partAll(): void {
    this.sessions.closeAll()
  }

  /** Closes every link and waits for what is being written. The storage stays open: it is its owner's. */
  async close(): Promise<void> {
    this.closing = true
    this.partAll()
    this.scheduler.abandonAll()
    await this.commits.close()
    this.slots.close()
    this.reads.close()
  }

  checkInvariants(): readonly string[] {
    return [
      ...this.book.checkInvariants(),
      ...this.scheduler.checkInvariants(),
      ...this.availability.checkInvariants(this.peers),
      ...this.interest.checkInvariants(),
    ]
  }

  // ---- what sessions ask and tell

  admits(session: PeerSession, handshake: Handshake): CloseReason | null {
    if (this.closing) return CloseReason.Ours
    const refusal = this.admission.refusal(session, handshake, this.peers)
    if (refusal === CloseReason.Self) this.parts.book.self(session.remote)
    return refusal
  }

  joined(session: PeerSession): void {
    this.sessions.add(session)
    this.admission.joined(session)
    this.parts.book.connected(session.remote)
  }

  left(session: PeerSession): void {
    this.sessions.delete(session)
    this.admission.left(session)
    this.chokes.left()
    if (!this.closing) this.refill()
  }

  serves(piece: number): boolean {
    return this.book.have.has(piece) && this.withdrawal.readable(piece)
  }

  uploaded(bytes: number): void {
    this.uploadedBytes += bytes
  }

  private kept(piece: PieceIndex, alone: number): void {
    this.downloaded += this.geometry.lengthOf(piece)
    this.sessions.tellHave(piece)
    if (alone > 0) this.sessions.acquit(alone)
    this.parts.events.pieceKept(piece)
    this.completion.update(this.now)
  }

  private blame(senders: readonly number[]): void {
    const verdict = this.trust.failed(senders)
    this.sessions.ban(verdict.ban)
    this.sessions.parole(verdict.parole)
  }

  private refill(): void {
    this.scheduler.restock()
    this.scheduler.fillAll()
  }

  /** They are on disk no more: fetched again, and refused to peers until then. */
  private lost(pieces: readonly PieceIndex[]): void {
    if (this.closing) return
    for (const piece of pieces) {
      this.reads.forget(piece)
      this.book.move(piece, PieceState.Wanted)
      this.parts.events.pieceLost(piece)
    }
    this.completion.update(this.now)
    this.refill()
  }
}
