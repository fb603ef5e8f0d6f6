// Who announces to the tracker of this node is offered to its client. As a policy of the tracker it hears every announce
// and admits them all; as a source of peers it tells those of torrents that are watched.
import { endpointOf, type Endpoint } from '../../core/base/address.js'
import { equalBytes, readU32 } from '../../core/base/bytes.js'
import type { Clock, Timer } from '../../core/base/clock.js'
import type { AnnouncePolicy } from '../../core/contracts/announce-policy.js'
import type {
  DiscoveryHandle,
  DiscoveryListener,
  PeerDiscovery,
  Progress,
  TorrentIdentity,
} from '../../core/contracts/peer-discovery.js'
import { AnnounceEvent, type AnnounceRequest } from '../../core/contracts/swarm-store.js'

/** Time for a peer to come by itself, which most do. */
const GRACE_MS = 3_000
/** Peers that wait to be told of, a torrent; more are passed over. */
const MOST_WAITING = 100

export class OwnTrackerDiscovery implements PeerDiscovery, AnnouncePolicy {
  readonly origin = 'own-tracker'
  /** By the first four bytes of the info-hash: a look-up costs an announce no allocation. */
  private readonly watches = new Map<number, readonly Watch[]>()

  constructor(private readonly clock: Clock) {}

  admit(request: AnnounceRequest): null {
    const watches = this.watches.get(readU32(request.infoHash, 0))
    if (watches !== undefined) for (const watch of watches) watch.hear(request)
    return null
  }

  watch(torrent: TorrentIdentity, _progress: () => Progress, listener: DiscoveryListener): DiscoveryHandle {
    const key = readU32(torrent.infoHash, 0)
    const watch = new Watch(torrent, listener, this.clock)
    this.watches.set(key, [...(this.watches.get(key) ?? []), watch])
    return {
      event() {},
      refresh() {},
      stop: () => {
        watch.end()
        const others = this.watches.get(key)?.filter(one => one !== watch) ?? []
        if (others.length > 0) this.watches.set(key, others)
        else this.watches.delete(key)
        return Promise.resolve()
      },
    }
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

  hear({ infoHash, peerId, event, left, from }: AnnounceRequest): void {
    if (event === AnnounceEvent.Stopped || this.waiting.length >= MOST_WAITING) return
    // With a magnet link alone aria2 begins as if it had all: it does not know how much there is.
    if (left === 0 && event !== AnnounceEvent.Started) return
    if (!equalBytes(infoHash, this.torrent.infoHash) || equalBytes(peerId, this.torrent.peerId)) return
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
