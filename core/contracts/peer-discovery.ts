import { token } from '../base/token.js'
import type { Endpoint } from '../base/address.js'
import type { InfoHash, PeerId } from '../protocol/ids.js'

/** What a source of peers may know of a torrent. */
export interface TorrentIdentity {
  readonly infoHash: InfoHash
  /** As in our handshakes: trackers and peers know us by the same id. */
  readonly peerId: PeerId
  /** BEP 27: only trackers may find peers, and the operator may name them. */
  readonly privateTorrent: boolean
  /** BEP 12 tiers of announce URLs. */
  readonly trackers: ReadonlyArray<readonly string[]>
  /** The port we listen on for peers; 0 where we do not listen. */
  readonly port: number
}

/** Bytes. */
export interface Progress {
  /** Not here yet, wanted or not: 0 is a seed. */
  readonly left: number
  /** BEP 21: all that is wanted is here, and that is not all. */
  readonly partialSeed?: boolean
  readonly uploaded: number
  readonly downloaded: number
  /** Peers connected now: with none and data wanted, a tracker is asked again after its min interval. */
  readonly connected: number
}

/** What came of one announce, for people and for `--json`. */
export interface AnnounceNote {
  /** Secrets masked. */
  readonly url: string
  readonly kind: 'started' | 'completed' | 'stopped' | 'regular'
  readonly peers: number
  readonly warning?: string
  readonly error: string | null
}

export interface DiscoveryListener {
  /** Peers that may be dialled; may hold what is known already. */
  found(peers: readonly Endpoint[]): void
  /**
   * Another tracker of a private torrent answers from now on: whoever was met through the one before is to be left
   * (BEP 27), and only what is found after this is dialled.
   */
  forget?(): void
  noted?(note: AnnounceNote): void
}

export interface DiscoveryHandle {
  /** The download is whole: trackers are told once. */
  event(event: 'completed'): void
  /** More peers are wanted now; honours min intervals. */
  refresh(): void
  /** Says goodbye where that is usual (`stopped`), no longer than the signal allows; then silence. Idempotent. */
  stop(signal: AbortSignal): Promise<void>
}

/** A source of peers. */
export interface PeerDiscovery {
  /** Private torrents ask trackers, and take the operator's word; of this node's own tracker where it is one of theirs. */
  readonly origin: 'tracker' | 'own-tracker' | 'static' | 'dht' | 'pex' | 'lan'
  watch(torrent: TorrentIdentity, progress: () => Progress, listener: DiscoveryListener): DiscoveryHandle
}

export const PeerDiscoveries = token.many<PeerDiscovery>('peer-discoveries')
