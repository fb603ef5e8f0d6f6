// What a session is made of, and what it tells its owner.
import type { Random } from '../base/random.js'
import type { NodeError } from '../base/errors.js'
import type { ChokePolicy } from '../contracts/choke-policy.js'
import type { HashPool } from '../contracts/host.js'
import type { PieceSelectorFactory } from '../contracts/piece-selector.js'
import type { TorrentStorage } from '../contracts/storage.js'
import type { PieceGeometry } from '../protocol/geometry.js'
import type { InfoHash, PeerId, PieceIndex } from '../protocol/ids.js'
import type { BufferArena } from './buffer-arena.js'
import type { TorrentPace } from './pace.js'
import type { PeerBook } from './peer-book.js'

export interface SessionParts {
  readonly infoHash: InfoHash
  readonly peerId: PeerId
  readonly geometry: PieceGeometry
  /** SHA-1 of every piece, end to end. */
  readonly digests: Uint8Array
  readonly info: Uint8Array
  readonly port: number
  readonly storage: TorrentStorage
  readonly hashing: HashPool
  readonly arena: BufferArena
  readonly selector: {
    readonly name: string
    readonly factory: PieceSelectorFactory
    readonly options: Readonly<Record<string, unknown>>
  }
  readonly choke: ChokePolicy
  readonly book: PeerBook
  readonly random: Random
  readonly maxPeers: number
  readonly maxPeersPerAddress: number
  readonly uploadSlots: number
  readonly pace: TorrentPace
  readonly now: number
  readonly events: SessionEvents
}

/** What a session tells its owner. */
export interface SessionEvents {
  /** A piece is about to be verified and written, which waits for what this gives. */
  pieceFull(piece: PieceIndex): Promise<void> | null
  /** A piece was verified and written. */
  pieceKept(piece: PieceIndex): void
  /** A piece that was there turned out damaged. */
  pieceLost(piece: PieceIndex): void
  /** Every wanted piece is here. */
  completed(): void
  warning(error: NodeError): void
  /** The torrent cannot go on. */
  failed(error: NodeError): void
}
