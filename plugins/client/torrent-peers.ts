// The peers of one open torrent: where they are heard of, whom to dial next, and where they come in.
import type { Endpoint } from '../../core/base/address.js'
import type { PeerLink } from '../../core/contracts/peer-transport.js'
import { CloseReason } from '../../core/torrent/close-reason.js'
import type { PeerBook } from '../../core/torrent/peer-book.js'
import type { TorrentSession } from '../../core/torrent/torrent-session.js'
import type { DialClient } from './dialer.js'
import { PeerSources } from './peer-sources.js'
import type { ClientParts } from './session-parts.js'
import type { TorrentVoice } from './torrent-voice.js'
import type { TorrentWork } from './torrent-work.js'

/** Of the peers a torrent may have, those it looks for itself; the rest is left to those who come. */
const DIALLED = 0.75

export class TorrentPeers implements DialClient {
  readonly book: PeerBook
  private readonly sources: PeerSources
  /** While peers are met. */
  private session: TorrentSession | null = null
  private dialling = 0

  constructor(
    private readonly parts: ClientParts,
    private readonly plan: TorrentWork,
    voice: TorrentVoice,
  ) {
    this.book = parts.peerBook()
    this.sources = new PeerSources(parts.discoveries, {
      found: (peers, named) => this.found(peers, named),
      noted: note => voice.announced(note),
    })
  }

  /** From now on peers are looked for and let in. */
  meet(session: TorrentSession): void {
    const { infoHash, private: privateTorrent } = this.plan.metainfo
    this.session = session
    this.parts.catalog?.add(infoHash)
    this.sources.watch(
      { infoHash, peerId: session.peerId, privateTorrent, trackers: this.plan.trackers, port: this.parts.port() },
      () => ({
        // Of all, wanted or not: only who has everything is to be taken for a seed.
        left: session.geometry.totalLength - session.book.bytesDone,
        partialSeed: session.complete && !session.book.have.full,
        uploaded: session.uploadedBytes,
        downloaded: session.downloaded,
        connected: session.peers.liveCount,
      }),
    )
  }

  /** Trackers are told. */
  completed(): void {
    this.sources.completed()
  }

  /** No peer is met any more. Says goodbye, no longer than the signal allows. */
  async part(signal: AbortSignal): Promise<void> {
    this.session = null
    await this.sources.part(signal)
    // After the goodbyes: this node's own tracker hears them only for what the catalog holds.
    this.parts.catalog?.remove(this.plan.metainfo.infoHash)
  }

  /** The torrent has failed: this node's own tracker answers for it no longer, goodbyes aside. */
  disown(): void {
    this.parts.catalog?.remove(this.plan.metainfo.infoHash)
  }

  // ---- dialling

  nextToDial(now: number): Endpoint | null {
    const { session } = this
    if (session === null) return null
    const wanted = Math.ceil(this.parts.config.maxPeers * DIALLED)
    if (session.linkCount + this.dialling >= wanted) return null
    for (;;) {
      const endpoint = this.book.next(now)
      if (endpoint !== null && session.meets(endpoint)) {
        this.book.done(endpoint, now, CloseReason.Duplicate)
        continue
      }
      if (endpoint !== null) this.dialling++
      return endpoint
    }
  }

  dialled(link: PeerLink): void {
    this.dialling--
    if (this.session === null) link.close()
    else this.session.greet(link)
  }

  unreachable(endpoint: Endpoint): void {
    this.dialling--
    this.book.done(endpoint, this.parts.host.clock.now(), 'unreachable')
  }

  private found(peers: readonly Endpoint[], named: boolean): void {
    this.book.offer(peers, named, this.parts.host.clock.now())
    this.parts.dial()
  }
}
