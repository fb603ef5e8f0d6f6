// The life of one torrent in this node: its phase, and the order in which it is opened and closed. What it holds while it
// is open is in open-torrent, what it tells in torrent-voice.
import type { NodeError } from '../../core/base/errors.js'
import type { NodeEvent, TorrentSnapshot } from '../../core/contracts/node-api.js'
import type { Swarm } from '../../core/torrent/swarm.js'
import type { TorrentSession } from '../../core/torrent/torrent-session.js'
import { failed } from './errors.js'
import { OpenTorrent, removeTorrent, type Standing } from './open-torrent.js'
import type { ClientParts } from './session-parts.js'
import type { TorrentPeers } from './torrent-peers.js'
import { TorrentVoice } from './torrent-voice.js'
import type { TorrentWork } from './torrent-work.js'

export class Torrent {
  private readonly voice: TorrentVoice
  private phase: TorrentSnapshot['phase'] = 'checking'
  private failure: NodeError | null = null
  private held: OpenTorrent | null = null
  private opening = new AbortController()
  private opened: Promise<void> = Promise.resolve()
  private closing: Promise<void> | null = null
  /** Ends the goodbyes of the close that is under way. */
  private goodbye = new AbortController()
  /** As it stood when it was last closed. */
  private before: Standing = { have: 0, bytesDone: 0, uploaded: 0, downloaded: 0 }
  private startedAt = 0
  private made: boolean

  constructor(
    private readonly parts: ClientParts,
    private readonly plan: TorrentWork,
    say: (event: NodeEvent) => void,
  ) {
    this.voice = new TorrentVoice(plan, say)
    this.made = plan.made
  }

  get hash(): string {
    return this.voice.hash
  }

  get session(): TorrentSession | null {
    return this.held?.session ?? null
  }

  /** Who wants peers, while it does. */
  get peers(): TorrentPeers | null {
    return this.phase === 'running' ? (this.held?.peers ?? null) : null
  }

  /** Where a peer that comes to us finds its swarm: not before all that is on disk is known. */
  get swarm(): Swarm | null {
    return this.phase === 'running' ? this.session : null
  }

  /** Opens, checks, and meets peers, unless paused or closed meanwhile. Rejects when it cannot, with all released. */
  open(options: { readonly paused: boolean }): Promise<void> {
    this.phase = 'checking'
    this.failure = null
    this.opening = new AbortController()
    const opened = this.begin(this.opening.signal, options.paused)
    this.opened = opened.catch(() => {})
    return opened
  }

  /** Once a second. */
  tick(now: number): void {
    if (this.phase === 'running') this.held?.tick(now)
  }

  /** Ends the work and keeps what is there. Trackers are told, unless somebody hurries it. */
  close(): Promise<void> {
    this.opening.abort()
    if (this.phase === 'running') this.phase = 'paused'
    if (this.closing === null) this.goodbye = new AbortController()
    this.closing ??= this.shut().finally(() => (this.closing = null))
    return this.closing
  }

  /** No more time for the goodbyes of a close that is under way. */
  hurry(): void {
    this.goodbye.abort()
  }

  /** Deletes the saved state and, if asked, the content. The torrent is closed. */
  remove(deleteData: boolean): Promise<void> {
    return removeTorrent(this.parts, this.plan, this.voice, deleteData)
  }

  snapshot(): TorrentSnapshot {
    const { metainfo, file } = this.plan
    const { session, failure } = this
    const rates = session?.rates
    return {
      infoHash: this.hash,
      name: metainfo.name,
      magnet: this.voice.magnet,
      phase: this.phase,
      pieces: metainfo.geometry.pieceCount,
      bytes: metainfo.geometry.totalLength,
      files: metainfo.files.filter(one => !one.padding).length,
      down: Math.round(rates?.down ?? 0),
      up: Math.round(rates?.up ?? 0),
      ...(this.held?.standing ?? this.before),
      peers: session?.peers.liveCount ?? 0,
      ...(file === undefined ? {} : { file }),
      ...(failure === null ? {} : { error: { code: failure.code, message: failure.message } }),
    }
  }

  private async begin(signal: AbortSignal, paused: boolean): Promise<void> {
    await this.closing
    if (signal.aborted) return void (this.phase = 'paused')
    const held = new OpenTorrent(this.parts, this.plan, this.voice, {
      completed: () => this.voice.completed(Math.round(this.parts.host.clock.now() - this.startedAt) / 1000),
      failed: error => void this.stopWith(error),
    })
    this.held = held
    try {
      const { made } = this
      this.made = false
      await held.check(made, signal)
      if (paused) this.phase = 'paused'
      else this.run(held)
    } catch (error) {
      if (signal.aborted) this.phase = 'paused'
      else this.fail(failed(this.plan.metainfo.name, error))
      await held.abandon(this.goodbye.signal)
      this.let(held)
      if (this.failure !== null) throw this.failure
    }
  }

  private run(held: OpenTorrent): void {
    const { session } = held
    if (session === null) return
    this.phase = 'running'
    this.startedAt = this.parts.host.clock.now()
    this.voice.opened(session.book.have.count)
    held.peers.meet(session)
  }

  private async shut(): Promise<void> {
    await this.opened
    const { held } = this
    if (held === null) return
    await held.close({ clean: this.failure === null, goodbye: this.goodbye.signal })
    this.let(held)
  }

  private let(held: OpenTorrent): void {
    this.before = held.standing ?? this.before
    this.held = null
  }

  private async stopWith(error: NodeError): Promise<void> {
    if (this.failure !== null) return
    this.fail(error)
    this.voice.failed(error)
    await this.close()
  }

  private fail(error: NodeError): void {
    this.failure = error
    this.phase = 'failed'
    this.held?.peers.disown()
  }
}
