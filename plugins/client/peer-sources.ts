// Where a torrent's peers are heard of: every discovery plugin that may be asked for it, from opening to the goodbyes.
import type { Endpoint } from '../../core/base/address.js'
import type {
  AnnounceNote,
  DiscoveryHandle,
  PeerDiscovery,
  Progress,
  TorrentIdentity,
} from '../../core/contracts/peer-discovery.js'

export interface PeersHeard {
  /** `named`: the user's own word. */
  found(peers: readonly Endpoint[], named: boolean): void
  noted(note: AnnounceNote): void
  /** All but what the user named. */
  forget(): void
}

export class PeerSources {
  private readonly handles: DiscoveryHandle[] = []

  constructor(
    private readonly discoveries: readonly PeerDiscovery[],
    private readonly heard: PeersHeard,
    /** Of this node's own trackers. */
    private readonly ownUrls: () => readonly string[],
  ) {}

  watch(identity: TorrentIdentity, progress: () => Progress): void {
    for (const discovery of this.discoveries) {
      const named = discovery.origin === 'static'
      if (identity.privateTorrent && !named && !this.mayAsk(discovery, identity)) continue
      this.handles.push(
        discovery.watch(identity, progress, {
          found: peers => this.heard.found(peers, named),
          noted: note => this.heard.noted(note),
          forget: () => this.heard.forget(),
        }),
      )
    }
  }

  /** BEP 27: a private torrent finds peers through its trackers alone. */
  private mayAsk({ origin }: PeerDiscovery, { trackers }: TorrentIdentity): boolean {
    if (origin === 'tracker') return true
    const own = origin === 'own-tracker' ? this.ownUrls() : []
    return trackers.flat().some(url => own.includes(url))
  }

  completed(): void {
    for (const handle of this.handles) handle.event('completed')
  }

  /** Says goodbye, no longer than the signal allows. One that fails keeps nobody else from it. */
  async part(signal: AbortSignal): Promise<void> {
    await Promise.allSettled(this.handles.splice(0).map(handle => handle.stop(signal)))
  }
}
