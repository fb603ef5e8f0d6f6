// One torrent as its connected peers see it: the parts of a session, as plain references. Built once by TorrentSession.
import type { Endpoint } from '../base/address.js'
import type { NodeError } from '../base/errors.js'
import type { PieceGeometry } from '../protocol/geometry.js'
import type { Handshake } from '../protocol/handshake.js'
import type { InfoHash, PeerId } from '../protocol/ids.js'
import type { Availability } from './availability.js'
import type { BlockScheduler } from './block-scheduler.js'
import type { ChokeRound } from './choke-round.js'
import type { CloseReason } from './close-reason.js'
import type { TorrentPace } from './pace.js'
import type { PeerSession } from './peer-session.js'
import type { PeerTable } from './peer-table.js'
import type { PieceBook } from './piece-book.js'
import type { ReadAhead } from './read-ahead.js'
import type { SelectorGuard } from './selector-guard.js'

export interface Swarm {
  readonly infoHash: InfoHash
  readonly peerId: PeerId
  readonly geometry: PieceGeometry
  /** The raw info dictionary, served by BEP 9; empty where a peer may not have it. */
  readonly info: Uint8Array
  /** Our listening port, told to peers; 0: none. */
  readonly port: number
  readonly book: PieceBook
  readonly peers: PeerTable
  readonly availability: Availability
  readonly selector: SelectorGuard
  readonly scheduler: BlockScheduler
  readonly chokes: ChokeRound
  readonly reads: ReadAhead
  readonly pace: TorrentPace
  /** Milliseconds, as of the last tick. */
  readonly now: number
  /** May this peer join, now that its handshake is in? A reason: no, and the link is closed with it. */
  admits(session: PeerSession, handshake: Handshake): CloseReason | null
  joined(session: PeerSession): void
  left(session: PeerSession, reason: CloseReason, error: NodeError | null): void
  /** The link is gone, whether the peer had joined or not. */
  ended(session: PeerSession, reason: CloseReason): void
  /** Do we have this piece, and can read it? */
  serves(piece: number): boolean
  uploaded(bytes: number): void
}

/** Finds the swarm an incoming handshake asks for. */
export type FindSwarm = (infoHash: InfoHash, from: Endpoint) => Swarm | null
