// The life of one torrent in this node: lock, storage, resume, session, discovery, checkpoints, and all of it back.
import type { Endpoint } from '../../core/base/address.js'
import { Bitfield } from '../../core/base/bitfield.js'
import { toHex } from '../../core/base/bytes.js'
import type { NodeError } from '../../core/base/errors.js'
import type { NodeEvent, TorrentSnapshot } from '../../core/contracts/node-api.js'
import type { AnnounceNote } from '../../core/contracts/peer-discovery.js'
import type { PeerLink } from '../../core/contracts/peer-transport.js'
import type { TorrentStorage } from '../../core/contracts/storage.js'
import type { Scope } from '../../core/kernel/plugin.js'
import { makePeerId } from '../../core/protocol/ids.js'
import { magnetOf } from '../../core/protocol/magnet.js'
import { CloseReason } from '../../core/torrent/close-reason.js'
import type { Swarm } from '../../core/torrent/swarm.js'
import { PeerBook } from '../../core/torrent/peer-book.js'
import { planResume } from '../../core/torrent/resume.js'
import { TorrentSession } from '../../core/torrent/torrent-session.js'
import type { DialClient } from './dialer.js'
import { clientErrors, failed } from './errors.js'
import { PeerSources } from './peer-sources.js'
import { ResumeStore } from './resume-store.js'
import type { ClientParts } from './session-parts.js'
import { sessionParts } from './session-parts.js'
import { storageSpec, type TorrentWork } from './torrent-work.js'

const CHECKPOINT_MS = 5_000

type Standing = Pick<TorrentSnapshot, 'have' | 'bytesDone' | 'uploaded' | 'downloaded'>

export class Torrent implements DialClient {
  readonly hash: string
  session: TorrentSession | null = null
  private phase: TorrentSnapshot['phase'] = 'checking'
  private failure: NodeError | null = null
  private storage: TorrentStorage | null = null
  private scope: Scope | null = null
  private readonly resume: ResumeStore
  private readonly sources: PeerSources
  private opening = new AbortController()
  private opened: Promise<void> = Promise.resolve()
  private closing: Promise<void> | null = null
  /** Ends the goodbyes of the close that is under way. */
  private goodbye = new AbortController()
  /** The last state that was to be written because pieces were lost; none of them is written before it. */
  private withdrawn: Promise<void> = Promise.resolve()
  private book = new PeerBook(() => 0)
  private dialling = 0
  /** As it stood when it was last closed. */
  private before: Standing = { have: 0, bytesDone: 0, uploaded: 0, downloaded: 0 }
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
    this.sources = new PeerSources(parts.discoveries, {
      found: (peers, named) => this.found(peers, named),
      noted: note => this.announced(note),
    })
    this.magnet = magnetOf(plan.metainfo, plan.trackers)
    this.resume = new ResumeStore(parts.files, error => this.warn(error), plan.stateFolder, plan.metainfo.infoHash)
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
    if (this.session === null || this.phase !== 'running') return
    this.session.tick(now)
    if (this.resume.changed && now - this.checkpointAt >= CHECKPOINT_MS) void this.checkpoint(now, false)
  }

  /** Where a peer that comes to us finds its swarm: not before all that is on disk is known. */
  get swarm(): Swarm | null {
    return this.phase === 'running' ? this.session : null
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
      pieces: metainfo.geometry.pieceCount,
      bytes: metainfo.geometry.totalLength,
      files: metainfo.files.filter(file => !file.padding).length,
      down: Math.round(rates?.down ?? 0),
      up: Math.round(rates?.up ?? 0),
      ...this.standing,
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
    if (this.session === null || this.phase !== 'running') link.close()
    else this.session.greet(link)
  }

  unreachable(endpoint: Endpoint): void {
    this.dialling--
    this.book.done(endpoint, this.parts.host.clock.now(), 'unreachable')
  }

  // ---- opening

  private async begin(signal: AbortSignal, paused: boolean): Promise<void> {
    try {
      await this.closing
      signal.throwIfAborted()
      this.scope = this.parts.openScope(`torrent:${this.hash}`)
      await this.check(this.scope, signal)
      if (paused) this.phase = 'paused'
      else this.run()
    } catch (error) {
      if (signal.aborted) this.phase = 'paused'
      else this.fail(failed(this.plan.metainfo.name, error))
      await Promise.all([this.part(), this.session?.close()])
      await this.release()
      if (this.failure !== null) throw this.failure
    }
  }

  private async check(scope: Scope, signal: AbortSignal): Promise<void> {
    const { metainfo } = this.plan
    const { clock, entropy } = this.parts.host
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
          pieceFull: piece => this.aboutToWrite(piece),
          pieceKept: () => this.resume.touch(),
          pieceLost: () => this.lost(),
          completed: () => void this.completed().catch((error: unknown) => this.warn(failed(this.hash, error))),
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
    this.before = { ...this.before, uploaded: saved.resume?.uploaded ?? 0, downloaded: saved.resume?.downloaded ?? 0 }
    await session.restore(plan.trust, plan.check, signal)
    signal.throwIfAborted()
    // A run never goes on with a journal it found, and a state that says "clean" must not outlive the first write.
    const settled = plan.because === 'clean' && session.complete && saved.journal.length === 0
    if (!settled) await this.resume.checkpoint(storage, session.book.have, this.standing, false)
    signal.throwIfAborted()
  }

  private openStorage(signal: AbortSignal): Promise<TorrentStorage> {
    return this.parts.storages.get(this.plan.storage).open(storageSpec(this.plan), signal)
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
    this.sources.watch(
      {
        infoHash: metainfo.infoHash,
        peerId: session.peerId,
        privateTorrent: metainfo.private,
        trackers: this.plan.trackers,
        port: this.parts.port(),
      },
      () => ({
        left: session.book.bytesLeft,
        uploaded: session.uploadedBytes,
        downloaded: session.downloaded,
        connected: session.peers.liveCount,
      }),
    )
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

  private get standing(): Standing {
    const { session, before } = this
    return {
      have: session?.book.have.count ?? before.have,
      bytesDone: session?.book.bytesDone ?? before.bytesDone,
      uploaded: before.uploaded + (session?.uploadedBytes ?? 0),
      downloaded: before.downloaded + (session?.downloaded ?? 0),
    }
  }

  private async checkpoint(now: number, clean: boolean): Promise<void> {
    this.checkpointAt = now
    if (this.session === null || this.storage === null) return
    await this.resume.checkpoint(this.storage, this.session.book.have, this.standing, clean)
  }

  private async completed(): Promise<void> {
    const { clock } = this.parts.host
    this.sources.completed()
    const seconds = Math.round(clock.now() - this.startedAt) / 1000
    await this.checkpoint(clock.now(), false)
    this.say({ event: 'complete', infoHash: this.hash, seconds, bytes: this.plan.metainfo.geometry.totalLength })
  }

  private async stopWith(error: NodeError): Promise<void> {
    if (this.failure !== null) return
    this.fail(error)
    this.say({ event: 'error', infoHash: this.hash, code: error.code, message: error.message })
    await this.close()
  }

  /** What is here is safe before the last goodbye is said. */
  private async shut(): Promise<void> {
    await this.opened
    const parted = this.part()
    if (this.session !== null) {
      await this.session.close()
      await this.checkpoint(this.parts.host.clock.now(), this.failure === null)
    }
    await this.resume.close()
    await parted
    await this.release()
  }

  private async part(): Promise<void> {
    await this.sources.part(this.goodbye.signal)
    // After the goodbyes: this node's own tracker hears them only for what the catalog holds.
    this.parts.catalog?.remove(this.plan.metainfo.infoHash)
  }

  private async release(): Promise<void> {
    const { scope } = this
    this.before = this.standing
    this.session = this.scope = this.storage = null
    await scope?.close().catch((error: unknown) => this.warn(failed(this.hash, error)))
  }

  /** A kill may come in the middle of the write: the journal names the piece by then, and no state trusts it. */
  private async aboutToWrite(piece: number): Promise<void> {
    await this.withdrawn
    await this.resume.note(piece)
  }

  private lost(): void {
    this.resume.touch()
    this.withdrawn = this.checkpoint(this.parts.host.clock.now(), false)
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
