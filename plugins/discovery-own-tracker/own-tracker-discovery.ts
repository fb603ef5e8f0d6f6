// Who announces to the tracker of this node is offered to its client. As a policy of the tracker it hears every announce
// and admits them all; as a source of peers it tells those of torrents that are watched.
import { endpointOf, type Endpoint } from '../../core/base/address.js'
import { equalBytes, readU32 } from '../../core/base/bytes.js'
import { KeySetWriter } from '../../core/base/key-set-writer.js'
import type { Portable } from '../../core/base/portable.js'
import type { Clock, Timer } from '../../core/base/clock.js'
import type { AnnouncePolicy } from '../../core/contracts/announce-policy.js'
import type {
  DiscoveryHandle,
  DiscoveryListener,
  PeerDiscovery,
  Progress,
  TorrentIdentity,
} from '../../core/contracts/peer-discovery.js'
import type { AnnounceRequest } from '../../core/contracts/swarm-store.js'
import type { InfoHash } from '../../core/protocol/ids.js'
import { Pigeonholes, type Heard } from './pigeonholes.js'
import { threadEar } from './thread-ear.js'
import { worthHearing } from './worth-hearing.js'

/** Time for a peer to come by itself, which most do. */
const GRACE_MS = 3_000
/** Peers that wait to be told of, a torrent; more are passed over. */
const MOST_WAITING = 100
/** How often it is looked after what tracker threads heard. */
const LOOK_MS = 1_000
/** Address space is kept for so many torrents. */
const MOST_TORRENTS = 4_000_000

export class OwnTrackerDiscovery implements PeerDiscovery, AnnouncePolicy {
  readonly origin = 'own-tracker'
  /** By the first four bytes of the info-hash: a look-up costs an announce no allocation. */
  private readonly watches = new Map<number, readonly Watch[]>()
  /** For tracker threads: what is watched, and what they heard. */
  private readonly watched = new KeySetWriter(MOST_TORRENTS)
  private readonly holes = new Pigeonholes()
  private looking: Timer | null = null
  readonly inThread: Portable<AnnouncePolicy> = threadEar(this.watched, this.holes)

  constructor(private readonly clock: Clock) {}

  admit(request: AnnounceRequest): null {
    if (worthHearing(request)) this.hear(request)
    return null
  }

  watch(torrent: TorrentIdentity, _progress: () => Progress, listener: DiscoveryListener): DiscoveryHandle {
    const key = readU32(torrent.infoHash, 0)
    const watch = new Watch(torrent, listener, this.clock)
    this.watches.set(key, [...(this.watches.get(key) ?? []), watch])
    this.watched.add(torrent.infoHash)
    this.looking ??= this.clock.every(LOOK_MS, () => this.holes.empty(heard => this.hear(heard)))
    return {
      event() {},
      refresh() {},
      stop: () => {
        watch.end()
        const others = this.watches.get(key)?.filter(one => one !== watch) ?? []
        if (others.length > 0) this.watches.set(key, others)
        else this.watches.delete(key)
        if (!others.some(one => one.of(torrent.infoHash))) this.watched.remove(torrent.infoHash)
        if (this.watches.size === 0) this.rest()
        return Promise.resolve()
      },
    }
  }

  private rest(): void {
    this.looking?.cancel()
    this.looking = null
  }

  private hear(heard: Heard): void {
    const watches = this.watches.get(readU32(heard.infoHash, 0))
    if (watches !== undefined) for (const watch of watches) watch.hear(heard)
  }
}

class Watch {
  private waiting: Endpoint[] = []
  private timer: Timer | null = null

  constructor(
    private readonly torrent: TorrentIdentity,
    private readonly listener: DiscoveryListener,
    private readonly clock: Clock,
  ) {}

  of(infoHash: InfoHash): boolean {
    return equalBytes(infoHash, this.torrent.infoHash)
  }

  hear({ infoHash, peerId, from }: Heard): void {
    if (this.waiting.length >= MOST_WAITING) return
    if (!this.of(infoHash) || equalBytes(peerId, this.torrent.peerId)) return
    this.waiting.push(endpointOf(from.ip.slice(), from.port))
    this.timer ??= this.clock.after(GRACE_MS, () => this.tell())
  }

  end(): void {
    this.timer?.cancel()
    this.waiting = []
  }

  private tell(): void {
    this.timer = null
    const peers = this.waiting
    this.waiting = []
    this.listener.found(peers)
  }
}
