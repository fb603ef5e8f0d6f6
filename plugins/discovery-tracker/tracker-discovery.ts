// Peers from trackers: one announcer a torrent, one timer for all of them, running only while there is a torrent. Torrents
// that want data are looked at each time, for they may be in a hurry; whole ones lie in a queue until they are due, so
// that thousands of them cost nothing in between.
import type { Timer } from '../../core/base/clock.js'
import { messageOf, type NodeError } from '../../core/base/errors.js'
import type { Random } from '../../core/base/random.js'
import { Seats } from '../../core/base/seats.js'
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
import { DueQueue } from './due-queue.js'
import { errors } from './errors.js'
import { tierPolicies } from './tiers.js'
import type { TrackerAddress } from './tracker-record.js'
import { WatchedTorrent } from './watched-torrent.js'

const TICK_MS = 1000
/** So that a node with thousands of torrents does not open thousands of connections in its first second. */
const ANNOUNCES_PER_TICK = 50
/** Announces under way: trackers that are silent must not take all sockets there are. */
const MOST_UNDER_WAY = 100
/** More of them for torrents that want data: silence that seeds meet must not keep a download waiting. */
const MOST_UNDER_WAY_WANTING = 128
const MOST_GOODBYES = 64
/** Of one torrent: a .torrent may name as many as fit into it. */
const MAX_TRACKERS = 100

export class TrackerDiscovery implements PeerDiscovery {
  readonly origin = 'tracker'
  private readonly wanting = new Set<WatchedTorrent>()
  private readonly whole = new DueQueue<WatchedTorrent>()
  private readonly seats = new Seats(MOST_GOODBYES)
  private readonly urls = new Map<string, TrackerAddress>()
  private count = 0
  private underWay = 0
  private ticking: Timer | null = null
  private soon: Timer | null = null
  private room = ANNOUNCES_PER_TICK

  constructor(
    private readonly parts: Collaborators,
    private readonly random: Random,
  ) {}

  watch(torrent: TorrentIdentity, progress: () => Progress, listener: DiscoveryListener): DiscoveryHandle {
    const tiers = this.usable(torrent, listener)
    const announcer = new Announcer(
      tierPolicies[torrent.privateTorrent ? 'strict' : this.parts.config.tiers](tiers),
      this.random,
    )
    const asker = new Asker(this.parts, torrent, progress, listener)
    const { clock } = this.parts
    const watched: WatchedTorrent = new WatchedTorrent(announcer, asker, progress, clock, {
      changed: () => this.file(watched),
      begun: () => void this.underWay++,
      ended: () => void this.underWay--,
      gone: () => this.forget(watched),
      seats: this.seats,
    })
    this.count++
    this.ticking ??= clock.every(TICK_MS, () => {
      this.room = ANNOUNCES_PER_TICK
      this.sweep()
    })
    this.file(watched)
    return watched
  }

  /** The tiers without what cannot be asked, which is noted, and without repetitions. */
  private usable(torrent: TorrentIdentity, listener: DiscoveryListener): TrackerAddress[][] {
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
    return torrent.trackers
      .map(tier => tier.filter(fit).map(text => this.address(text)))
      .filter(tier => tier.length > 0)
  }

  /** Thousands of torrents have a few trackers: each address is kept once. */
  private address(text: string): TrackerAddress {
    const known = this.urls.get(text)
    if (known !== undefined) return known
    const url = new URL(text)
    const address = { url, shown: maskUrl(url) }
    this.urls.set(text, address)
    return address
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

  /** Puts it where it belongs now: something of it may have fallen due. */
  private file(torrent: WatchedTorrent, notBefore = 0): void {
    if (torrent.left) return
    if (torrent.wanting) {
      this.whole.remove(torrent)
      this.wanting.add(torrent)
    } else {
      this.wanting.delete(torrent)
      this.whole.put(torrent, Math.max(notBefore, torrent.nextDue()))
    }
    if (!torrent.wanting && torrent.dueAt > this.parts.clock.now()) return
    this.soon ??= this.parts.clock.after(0, () => {
      this.soon = null
      this.sweep()
    })
  }

  private sweep(): void {
    const now = this.parts.clock.now()
    for (const torrent of this.wanting) {
      if (this.room <= 0 || this.underWay >= MOST_UNDER_WAY_WANTING) return
      this.room -= torrent.tick(now)
      if (!torrent.wanting) this.file(torrent)
    }
    while (this.room > 0 && this.underWay < MOST_UNDER_WAY) {
      const torrent = this.whole.first(now)
      if (torrent === null) return
      const sent = torrent.tick(now)
      this.room -= sent
      // What is due and yet has nothing to send waits for another announce of its own.
      this.file(torrent, sent > 0 ? 0 : now + TICK_MS)
    }
  }

  private forget(torrent: WatchedTorrent): void {
    this.wanting.delete(torrent)
    this.whole.remove(torrent)
    if (--this.count > 0) return
    this.ticking?.cancel()
    this.soon?.cancel()
    this.ticking = this.soon = null
    this.urls.clear()
  }
}
