// The one place that turns tokens and a plan into the plain references a session works with.
import type { Host } from '../../core/base/host.js'
import type { Seats } from '../../core/base/seats.js'
import type { ChokePolicy } from '../../core/contracts/choke-policy.js'
import type { FileSystem, HashPool, Names } from '../../core/contracts/host.js'
import type { PeerDiscovery } from '../../core/contracts/peer-discovery.js'
import type { PeerTransport } from '../../core/contracts/peer-transport.js'
import type { PieceSelectorFactory } from '../../core/contracts/piece-selector.js'
import type { StorageFactory, TorrentStorage } from '../../core/contracts/storage.js'
import type { TorrentCatalog, TrackerServer } from '../../core/contracts/tracker.js'
import type { NamedRegistry, Scope } from '../../core/kernel/plugin.js'
import { toHex } from '../../core/base/bytes.js'
import type { PeerId } from '../../core/protocol/ids.js'
import type { BufferArena } from '../../core/torrent/buffer-arena.js'
import type { PeerBook } from '../../core/torrent/peer-book.js'
import type { SessionEvents, SessionParts } from '../../core/torrent/session-parts.js'
import type { KeptChoices } from './choice-store.js'
import type { ClientConfig } from './config.js'
import type { SessionKeeper } from './session-keeper.js'
import type { SpeedLimits } from './speed-limits.js'
import type { TorrentPeers } from './torrent-peers.js'
import type { TorrentWork } from './torrent-work.js'

/** What the client was given at set-up, and what it keeps for all torrents. */
export interface ClientParts {
  /** Of the plugin, in this profile. */
  readonly id: string
  readonly config: ClientConfig
  readonly host: Host
  readonly dataDir: string
  readonly files: FileSystem
  readonly hashing: HashPool
  readonly names: Names | undefined
  readonly storages: NamedRegistry<StorageFactory>
  readonly selectors: NamedRegistry<PieceSelectorFactory>
  readonly choke: ChokePolicy
  readonly transport: PeerTransport
  readonly discoveries: readonly PeerDiscovery[]
  readonly trackers: readonly TrackerServer[]
  readonly catalog: TorrentCatalog | undefined
  readonly arena: BufferArena
  readonly speed: SpeedLimits
  readonly openScope: (label: string) => Scope
  /** Our port for peers; 0 where we do not listen. */
  readonly port: () => number
  /** What was chosen of files in earlier runs. */
  readonly choices: KeptChoices
  /** An empty book whose order of dialling is by our own address. */
  readonly peerBook: () => PeerBook
  /** Dials what is due of a torrent's peers. */
  readonly dial: (peers: TorrentPeers) => void
  /** Torrents that know of peers. */
  readonly seeking: Set<TorrentPeers>
  /** Torrents that have a session. */
  readonly awake: Set<SessionKeeper>
  /** For torrents being opened, which costs files and threads; and for content being hashed, which costs the disk. */
  readonly openings: Seats
  readonly checks: Seats
}

export interface Opened {
  readonly storage: TorrentStorage
  readonly book: PeerBook
  readonly peerId: PeerId
  readonly now: number
  readonly events: SessionEvents
}

export function sessionParts(parts: ClientParts, plan: TorrentWork, opened: Opened): SessionParts {
  const { metainfo } = plan
  return {
    ...opened,
    infoHash: metainfo.infoHash,
    geometry: metainfo.geometry,
    digests: metainfo.pieces,
    // Whoever may have a private torrent has it from its tracker's site.
    info: metainfo.private ? new Uint8Array(0) : metainfo.rawInfo,
    port: parts.port(),
    hashing: parts.hashing,
    arena: parts.arena,
    selector: {
      name: plan.selector,
      factory: parts.selectors.get(plan.selector),
      options: plan.options.selectorOptions ?? {},
    },
    choke: parts.choke,
    random: parts.host.random.fork(metainfo.name),
    maxPeers: parts.config.maxPeers,
    maxPeersPerAddress: parts.config.maxPeersPerAddress,
    uploadSlots: parts.config.uploadSlots === 'auto' ? parts.config.maxPeers : parts.config.uploadSlots,
    pace: parts.speed.torrent(toHex(metainfo.infoHash), plan.options.limits),
  }
}
