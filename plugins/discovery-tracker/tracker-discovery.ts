// Peers from trackers: one announcer a torrent, one timer for all of them, running only while there is a torrent.
import type { Timer } from '../../core/base/clock.js'
import { messageOf, type NodeError } from '../../core/base/errors.js'
import type { Random } from '../../core/base/random.js'
import type {
  DiscoveryHandle,
  DiscoveryListener,
  PeerDiscovery,
  Progress,
  TorrentIdentity,
} from '../../core/contracts/peer-discovery.js'
import { maskUrl, readUrl, trackerUrlFault } from '../../core/protocol/tracker-url.js'
import { Announcer } from './announcer.js'
import { Asker, schemeOf, type Collaborators } from './asker.js'
import { errors } from './errors.js'
import { tierPolicies } from './tiers.js'
import { WatchedTorrent } from './watched-torrent.js'

const TICK_MS = 1000
/** So that a node with thousands of torrents does not open thousands of connections in its first second. */
const ANNOUNCES_PER_TICK = 50
/** Of one torrent: a .torrent may name as many as fit into it. */
const MAX_TRACKERS = 100

export class TrackerDiscovery implements PeerDiscovery {
  readonly origin = 'tracker'
  private readonly torrents = new Set<WatchedTorrent>()
  private ticking: Timer | null = null
  private soon: Timer | null = null
  private room = ANNOUNCES_PER_TICK

  constructor(
    private readonly parts: Collaborators,
    private readonly random: Random,
  ) {}

  watch(torrent: TorrentIdentity, progress: () => Progress, listener: DiscoveryListener): DiscoveryHandle {
    const tiers = this.usable(torrent, listener)
    const announcer = new Announcer(tierPolicies[this.parts.config.tiers](tiers), this.random)
    const asker = new Asker(this.parts, torrent, progress, listener)
    const { clock } = this.parts
    const watched: WatchedTorrent = new WatchedTorrent(
      announcer,
      asker,
      progress,
      clock,
      () => this.wake(),
      () => {
        this.torrents.delete(watched)
        if (this.torrents.size === 0) this.rest()
      },
    )
    this.torrents.add(watched)
    this.ticking ??= clock.every(TICK_MS, () => {
      this.room = ANNOUNCES_PER_TICK
      this.sweep()
    })
    this.wake()
    return watched
  }

  /** The tiers without what cannot be asked, which is noted, and without repetitions. */
  private usable(torrent: TorrentIdentity, listener: DiscoveryListener): string[][] {
    const seen = new Set<string>()
    const fit = (text: string): boolean => {
      if (seen.has(text) || seen.size === MAX_TRACKERS) return false
      seen.add(text)
      const fault = this.faultOf(text)
      if (fault === null) return true
      const note = { url: maskUrl(text), kind: 'started', peers: 0, error: messageOf(fault) } as const
      this.parts.clock.after(0, () => listener.noted?.(note))
      return false
    }
    return torrent.trackers.map(tier => tier.filter(fit)).filter(tier => tier.length > 0)
  }

  private faultOf(text: string): NodeError | null {
    const url = readUrl(text)
    const fault = url === null ? 'it cannot be read' : trackerUrlFault(url)
    if (url === null || fault !== null) return errors.make('ERR_DISCOVERY_URL', `this URL is not asked: ${fault}`)
    const { clients } = this.parts
    if (clients.has(schemeOf(url))) return null
    return errors.make(
      'ERR_DISCOVERY_NO_CLIENT',
      `no plugin of this node announces over ${schemeOf(url)} (it has ${clients.names().join(', ') || 'none'})`,
    )
  }

  private wake(): void {
    if (this.torrents.size === 0) return
    this.soon ??= this.parts.clock.after(0, () => {
      this.soon = null
      this.sweep()
    })
  }

  private sweep(): void {
    const now = this.parts.clock.now()
    for (const torrent of this.torrents) {
      if (this.room <= 0) return
      this.room -= torrent.tick(now)
    }
  }

  private rest(): void {
    this.ticking?.cancel()
    this.soon?.cancel()
    this.ticking = this.soon = null
  }
}
