// The life of one torrent in this node: lock, storage, resume, session, discovery, checkpoints, and all of it back.
import type { Endpoint } from '../../core/base/address.js'
import { Bitfield } from '../../core/base/bitfield.js'
import { toHex } from '../../core/base/bytes.js'
import { messageOf, NodeError } from '../../core/base/errors.js'
import type { NodeEvent, TorrentSnapshot } from '../../core/contracts/node-api.js'
import type { AnnounceNote, DiscoveryHandle } from '../../core/contracts/peer-discovery.js'
import type { PeerLink } from '../../core/contracts/peer-transport.js'
import type { TorrentStorage } from '../../core/contracts/storage.js'
import type { Scope } from '../../core/kernel/plugin.js'
import { makePeerId } from '../../core/protocol/ids.js'
import { magnetOf } from '../../core/protocol/magnet.js'
import { PeerBook } from '../../core/torrent/peer-book.js'
import { planResume } from '../../core/torrent/resume.js'
import { TorrentSession } from '../../core/torrent/torrent-session.js'
import type { DialClient } from './dialer.js'
import { clientErrors } from './errors.js'
import { ResumeStore } from './resume-store.js'
import type { ClientParts } from './session-parts.js'
import { sessionParts } from './session-parts.js'
import type { TorrentWork } from './torrent-work.js'

const CHECKPOINT_MS = 5_000

export class Torrent implements DialClient {
  readonly hash: string
  session: TorrentSession | null = null
  private phase: TorrentSnapshot['phase'] = 'checking'
  private failure: NodeError | null = null
  private storage: TorrentStorage | null = null
  private scope: Scope | null = null
  private readonly resume: ResumeStore
  private readonly discoveries: DiscoveryHandle[] = []
  private opening = new AbortController()
  private opened: Promise<void> = Promise.resolve()
  private closing: Promise<void> | null = null
  private book = new PeerBook(() => 0)
  private dialling = 0
  private uploadedBefore = 0
  private downloadedBefore = 0
  private startedAt = 0
  private checkpointAt = 0
  private made: boolean
  private readonly magnet: string

  constructor(
    private readonly parts: ClientParts,
    private readonly plan: TorrentWork,
    private readonly say: (event: NodeEvent) => void,
  ) {
    this.hash = toHex(plan.metainfo.infoHash)
    this.made = plan.made
    this.magnet = magnetOf(plan.metainfo, plan.trackers)
    this.resume = new ResumeStore(parts.files, error => this.warn(error), plan.stateFolder, plan.metainfo.infoHash)
  }

  get infoHash(): Uint8Array {
    return this.plan.metainfo.infoHash
  }

  /** Opens and checks; peers are met once it resolves. Rejects when the torrent cannot be worked on, with all released. */
  open(): Promise<void> {
    this.phase = 'checking'
    this.failure = null
    this.opening = new AbortController()
    const opened = this.begin(this.parts.openScope(`torrent:${this.hash}`))
    this.opened = opened.catch(() => {})
    return opened
  }

  /** Once a second. */
  tick(now: number): void {
    if (this.session === null || this.phase !== 'running') return
    this.session.tick(now)
    if (this.resume.changed && now - this.checkpointAt >= CHECKPOINT_MS) void this.checkpoint(now, false)
  }

  /** Ends the work and keeps what is there. Trackers are told, no longer than the signal of the first who asks allows. */
  close(signal: AbortSignal): Promise<void> {
    this.closing ??= this.shut(signal).finally(() => (this.closing = null))
    return this.closing
  }

  /** Deletes the saved state and, if asked, the content. The torrent is closed. */
  async remove(deleteData: boolean): Promise<void> {
    await this.resume.remove()
    if (!deleteData) return
    const storage = await this.openStorage(new AbortController().signal)
    await storage.remove?.()
    await storage.close()
  }

  snapshot(): TorrentSnapshot {
    const { metainfo } = this.plan
    const { session } = this
    const rates = session?.rates
    return {
      infoHash: this.hash,
      name: metainfo.name,
      magnet: this.magnet,
      phase: this.phase,
      have: session?.book.have.count ?? 0,
      pieces: metainfo.geometry.pieceCount,
      bytes: metainfo.geometry.totalLength,
      bytesDone: session?.book.bytesDone ?? 0,
      files: metainfo.files.filter(file => !file.padding).length,
      down: Math.round(rates?.down ?? 0),
      up: Math.round(rates?.up ?? 0),
      downloaded: this.downloadedBefore + (session?.downloaded ?? 0),
      uploaded: this.uploadedBefore + (session?.uploadedBytes ?? 0),
      peers: session?.peers.liveCount ?? 0,
      ...(this.plan.file === undefined ? {} : { file: this.plan.file }),
      ...(this.failure === null ? {} : { error: { code: this.failure.code, message: this.failure.message } }),
    }
  }

  // ---- dialling

  nextToDial(now: number): Endpoint | null {
    const { session } = this
    if (session === null || this.phase !== 'running') return null
    const wanted = Math.ceil(this.parts.config.maxPeers * 0.75)
    if (session.linkCount + this.dialling >= wanted) return null
    const endpoint = this.book.next(now)
    if (endpoint !== null) this.dialling++
    return endpoint
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

  // ---- opening

  private async begin(scope: Scope): Promise<void> {
    this.scope = scope
    try {
      await this.check(scope)
      this.run()
    } catch (error) {
      const failure = NodeError.is(error)
        ? error
        : clientErrors.make(
            'ERR_CLIENT_FAILED',
            `torrent ${this.plan.metainfo.name} could not be opened: ${messageOf(error)}`,
            { cause: error },
          )
      this.fail(failure)
      await this.session?.close()
      this.session = null
      await scope.close()
      throw failure
    }
  }

  private async check(scope: Scope): Promise<void> {
    const { metainfo } = this.plan
    const { clock, entropy } = this.parts.host
    const { signal } = this.opening
    const lock = await this.parts.files.lock(`${this.plan.stateFolder}/${this.hash}.lock`)
    scope.onClose(() => lock.release())
    const storage = await this.openStorage(signal)
    scope.onClose(() => storage.close())
    this.storage = storage
    const peerId = makePeerId(out => entropy.fill(out))
    this.book = this.parts.peerBook()
    const session = new TorrentSession(
      sessionParts(this.parts, this.plan, {
        storage,
        book: this.book,
        peerId,
        now: clock.now(),
        events: {
          pieceFull: piece => this.resume.note(piece),
          pieceKept: () => this.resume.touch(),
          pieceLost: () => this.resume.touch(),
          completed: () => void this.completed(),
          warning: error => this.warn(error),
          failed: error => void this.stopWith(error),
        },
      }),
    )
    this.session = session
    const saved = await this.resume.load(metainfo.geometry.pieceCount)
    const pieces = metainfo.geometry.pieceCount
    const plan = planResume({
      state: saved.resume,
      journal: saved.journal,
      stamp: await storage.stamp(),
      present: Bitfield.from(await storage.present(), pieces) ?? new Bitfield(pieces),
      made: this.made,
    })
    this.made = false
    this.uploadedBefore = saved.resume?.uploaded ?? 0
    this.downloadedBefore = saved.resume?.downloaded ?? 0
    await session.restore(plan.trust, plan.check, signal)
    if (signal.aborted) throw clientErrors.make('ERR_CLIENT_FAILED', 'stopped while it was being opened')
    // A run never goes on with a journal it found, and a state that says "clean" must not outlive the first write.
    const settled = plan.because === 'clean' && session.complete && saved.journal.length === 0
    if (!settled) await this.resume.checkpoint(storage, session.book.have, this.totals, false)
  }

  private openStorage(signal: AbortSignal): Promise<TorrentStorage> {
    const { metainfo, folder, nameOnDisk } = this.plan
    return this.parts.storages.get(this.plan.storage).open(
      {
        folder,
        infoHash: metainfo.infoHash,
        geometry: metainfo.geometry,
        files: metainfo.files.map(file =>
          nameOnDisk === undefined ? file : { ...file, path: [nameOnDisk, ...file.path.slice(1)] },
        ),
      },
      signal,
    )
  }

  private run(): void {
    const { metainfo } = this.plan
    const { session } = this
    if (session === null) return
    this.phase = 'running'
    this.startedAt = this.checkpointAt = this.parts.host.clock.now()
    this.parts.catalog?.add(metainfo.infoHash)
    this.say({
      event: 'torrent',
      infoHash: this.hash,
      name: metainfo.name,
      bytes: metainfo.geometry.totalLength,
      pieces: metainfo.geometry.pieceCount,
      have: session.book.have.count,
      magnet: this.magnet,
    })
    const identity = {
      infoHash: metainfo.infoHash,
      peerId: session.peerId,
      privateTorrent: metainfo.private,
      trackers: this.plan.trackers,
      port: this.parts.port(),
    }
    const progress = () => ({
      left: session.book.bytesLeft,
      uploaded: session.uploadedBytes,
      downloaded: session.downloaded,
      connected: session.peers.liveCount,
    })
    for (const discovery of this.parts.discoveries) {
      if (metainfo.private && discovery.origin !== 'tracker' && discovery.origin !== 'static') continue
      const named = discovery.origin === 'static'
      this.discoveries.push(
        discovery.watch(identity, progress, {
          found: peers => this.found(peers, named),
          noted: note => this.announced(note),
        }),
      )
    }
  }

  private found(peers: readonly Endpoint[], named: boolean): void {
    this.book.offer(peers, named, this.parts.host.clock.now())
    this.parts.dial()
  }

  private announced(note: AnnounceNote): void {
    this.say({ event: 'announce', infoHash: this.hash, ...note })
    if (note.warning !== undefined) {
      this.warn(clientErrors.make('ERR_CLIENT_ANNOUNCE', `the tracker ${note.url} says: ${note.warning}`))
    }
  }

  private get totals(): { readonly uploaded: number; readonly downloaded: number } {
    return {
      uploaded: this.uploadedBefore + (this.session?.uploadedBytes ?? 0),
      downloaded: this.downloadedBefore + (this.session?.downloaded ?? 0),
    }
  }

  private async checkpoint(now: number, clean: boolean): Promise<void> {
    this.checkpointAt = now
    if (this.session === null || this.storage === null) return
    await this.resume.checkpoint(this.storage, this.session.book.have, this.totals, clean)
  }

  private async completed(): Promise<void> {
    const { clock } = this.parts.host
    for (const handle of this.discoveries) handle.event('completed')
    const seconds = Math.round(clock.now() - this.startedAt) / 1000
    await this.checkpoint(clock.now(), false)
    this.say({ event: 'complete', infoHash: this.hash, seconds, bytes: this.plan.metainfo.geometry.totalLength })
  }

  private async stopWith(error: NodeError): Promise<void> {
    if (this.failure !== null) return
    this.fail(error)
    this.say({ event: 'error', infoHash: this.hash, code: error.code, message: error.message })
    await this.close(new AbortController().signal)
  }

  private async shut(signal: AbortSignal): Promise<void> {
    this.opening.abort()
    await this.opened
    const session = this.session
    await Promise.all(this.discoveries.splice(0).map(handle => handle.stop(signal)))
    // After the goodbyes: this node's own tracker hears them only for what the catalog holds.
    this.parts.catalog?.remove(this.plan.metainfo.infoHash)
    if (session !== null) {
      await session.close()
      await this.checkpoint(this.parts.host.clock.now(), this.failure === null)
    }
    await this.resume.close()
    this.session = null
    await this.scope?.close()
    this.scope = null
    if (this.phase === 'running') this.phase = 'paused'
  }

  private fail(error: NodeError): void {
    this.failure = error
    this.phase = 'failed'
    this.parts.catalog?.remove(this.plan.metainfo.infoHash)
  }

  private warn(error: NodeError): void {
    this.say({ event: 'warning', infoHash: this.hash, code: error.code, message: error.message })
  }
}
