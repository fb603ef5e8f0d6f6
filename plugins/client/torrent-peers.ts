// The peers of one open torrent: where they are heard of, whom to dial next, and where they come in.
import type { Endpoint } from '../../core/base/address.js'
import type { PeerLink } from '../../core/contracts/peer-transport.js'
import { CloseReason } from '../../core/torrent/close-reason.js'
import type { PeerBook } from '../../core/torrent/peer-book.js'
import type { DialClient } from './dialer.js'
import { PeerSources } from './peer-sources.js'
import type { SessionKeeper } from './session-keeper.js'
import type { ClientParts } from './session-parts.js'
import type { TorrentVoice } from './torrent-voice.js'
import type { TorrentWork } from './torrent-work.js'

/** Of the peers a torrent may have, those it looks for itself; the rest is left to those who come. */
const DIALLED = 0.75

export class TorrentPeers implements DialClient {
  readonly book: PeerBook
  private readonly sources: PeerSources
  /** While peers are met. */
  private sessions: SessionKeeper | null = null
  private underWay = 0

  constructor(
    private readonly parts: ClientParts,
    private readonly plan: TorrentWork,
    voice: TorrentVoice,
  ) {
    this.book = parts.peerBook()
    this.sources = new PeerSources(
      parts.discoveries,
      {
        found: (peers, named) => this.found(peers, named),
        noted: note => voice.announced(note),
        forget: () => this.forget(),
      },
      () => parts.trackers.flatMap(server => server.announceUrls),
    )
  }

  /** From now on peers are looked for and let in. */
  meet(sessions: SessionKeeper): void {
    const { infoHash, private: privateTorrent } = this.plan.metainfo
    this.sessions = sessions
    this.parts.catalog?.add(infoHash)
    this.sources.watch(
      { infoHash, peerId: sessions.peerId, privateTorrent, trackers: this.plan.trackers, port: this.parts.port() },
      () => sessions.progress,
    )
  }

  /** Trackers are told. */
  completed(): void {
    this.sources.completed()
  }

  /** No peer is met any more. Says goodbye, no longer than the signal allows. */
  async part(signal: AbortSignal): Promise<void> {
    this.sessions = null
    this.parts.seeking.delete(this)
    await this.sources.part(signal)
    // After the goodbyes: this node's own tracker hears them only for what the catalog holds.
    this.parts.catalog?.remove(this.plan.metainfo.infoHash)
  }

  /** The torrent has failed: this node's own tracker answers for it no longer, goodbyes aside. */
  disown(): void {
    this.parts.catalog?.remove(this.plan.metainfo.infoHash)
  }

  // ---- dialling

  /** A link to one of its peers is on its way. */
  get dialling(): boolean {
    return this.underWay > 0
  }

  nextToDial(now: number): Endpoint | null {
    const { sessions } = this
    if (sessions === null) return null
    const wanted = Math.ceil(this.parts.config.maxPeers * DIALLED)
    if (sessions.linkCount + this.underWay >= wanted) return null
    for (;;) {
      const endpoint = this.book.next(now)
      if (endpoint !== null && sessions.session?.meets(endpoint) === true) {
        this.book.done(endpoint, now, CloseReason.Duplicate)
        continue
      }
      if (endpoint !== null) this.underWay++
      return endpoint
    }
  }

  dialled(link: PeerLink): void {
    this.underWay--
    const session = this.sessions?.wake()
    if (session) session.greet(link)
    else link.close()
  }

  unreachable(endpoint: Endpoint): void {
    this.underWay--
    this.book.done(endpoint, this.parts.host.clock.now(), 'unreachable')
  }

  private forget(): void {
    this.book.forget()
    this.sessions?.session?.partAll()
  }

  private found(peers: readonly Endpoint[], named: boolean): void {
    this.book.offer(peers, named, this.parts.host.clock.now())
    if (this.sessions === null || this.book.size === 0) return
    this.parts.seeking.add(this)
    this.parts.dial(this)
  }
}
