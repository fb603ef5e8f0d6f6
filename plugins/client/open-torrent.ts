// What a torrent holds while it is open: lock, storage, state, session, peers. Made when it is opened, gone when it is
// closed; a torrent that waits or is paused has none.
import { Bitfield } from '../../core/base/bitfield.js'
import type { NodeError } from '../../core/base/errors.js'
import type { TorrentSnapshot } from '../../core/contracts/node-api.js'
import type { TorrentStorage } from '../../core/contracts/storage.js'
import type { Scope } from '../../core/kernel/plugin.js'
import { makePeerId } from '../../core/protocol/ids.js'
import { planResume } from '../../core/torrent/resume.js'
import { TorrentSession } from '../../core/torrent/torrent-session.js'
import type { ContentPlace, MoveWatch } from './content-place.js'
import { clientErrors, failed } from './errors.js'
import type { ResumeStore } from './resume-store.js'
import type { ClientParts } from './session-parts.js'
import { sessionParts } from './session-parts.js'
import type { TorrentFiles } from './torrent-files.js'
import { TorrentPeers } from './torrent-peers.js'
import type { TorrentVoice } from './torrent-voice.js'
import type { TorrentWork } from './torrent-work.js'

const CHECKPOINT_MS = 5_000
/** While only what was uploaded, or the time spent on it, has changed. */
const TOTALS_MS = 600_000

export type Standing = Pick<TorrentSnapshot, 'have' | 'bytesDone' | 'uploaded' | 'downloaded' | 'seedingMs'>

/** What its owner is told. */
export interface OpenTorrentEvents {
  /** The last wanted piece is verified and durable. */
  completed(): void
  /** Pieces that were here are not. */
  lost(): void
  /** It cannot go on. */
  failed(error: NodeError): void
}

export interface CheckWatch extends MoveWatch {
  checked(done: number, of: number): void
}

export interface CheckOptions {
  /** Its content was hashed a moment ago. */
  readonly made: boolean
  /** Whatever the state says, all that may be there is hashed. */
  readonly all: boolean
  /** Of a move that is gone on with, and of pieces that are hashed. */
  readonly watch: CheckWatch
}

export class OpenTorrent {
  /** From the moment the storage is open. */
  session: TorrentSession | null = null
  readonly peers: TorrentPeers
  private readonly scope: Scope
  private storage: TorrentStorage | null = null
  /** Of the runs before. */
  private before = { uploaded: 0, downloaded: 0, seedingMs: 0 }
  private seedingMs = 0
  private tickedAt = 0
  private checkpointAt = 0
  private uploadedThen = 0
  /** The last state that was to be written because pieces were lost; none of them is written before it. */
  private withdrawn: Promise<void> = Promise.resolve()
  /** The state on disk says that nothing is written any more. */
  private saidClean = false
  /** Pieces that will be written before long, if nothing comes between. */
  private readonly soon = (): readonly number[] => this.session?.openPieces ?? []

  constructor(
    private readonly parts: ClientParts,
    private readonly plan: TorrentWork,
    private readonly place: ContentPlace,
    private readonly resume: ResumeStore,
    private readonly voice: TorrentVoice,
    private readonly files: TorrentFiles,
    private readonly events: OpenTorrentEvents,
  ) {
    this.scope = parts.openScope(`torrent:${voice.hash}`)
    this.peers = new TorrentPeers(parts, plan, voice)
  }

  /**
   * Opens, and finds out what is there. An abort that comes when a state has been written is the caller's to see: only
   * `close` leaves a clean one.
   */
  async check({ made, all, watch }: CheckOptions): Promise<void> {
    const { scope, plan, place } = this
    const { signal } = watch
    const lock = await this.parts.files.lock(this.resume.lockPath)
    scope.onClose(() => lock.release())
    const { pieceCount } = plan.metainfo.geometry
    if (await place.settle(watch)) signal.throwIfAborted()
    const saved = await this.resume.load(pieceCount)
    place.recall(saved.resume)
    const storage = await place.open(signal)
    scope.onClose(() => storage.close())
    this.storage = storage
    const session = (this.session = this.newSession(storage))
    await this.files.heed(session, storage)
    const resumed = planResume({
      state: all ? null : saved.resume,
      journal: saved.journal,
      stamp: await storage.stamp(),
      present: Bitfield.from(await storage.present(), pieceCount) ?? new Bitfield(pieceCount),
      made,
    })
    if (saved.resume !== null) this.before = saved.resume
    const of = resumed.check.count
    let done = 0
    await session.restore(resumed.trust, resumed.check, signal, () => watch.checked(++done, of))
    signal.throwIfAborted()
    if (all && saved.resume !== null) this.tellDamage(saved.resume.flushed, session.book.have)
    // A run never goes on with a journal it found, and a state that says "clean" must not outlive the first write.
    this.saidClean = resumed.because === 'clean' && session.complete && saved.journal.length === 0
    if (!this.saidClean) await this.checkpoint(false)
    this.checkpointAt = this.tickedAt = this.parts.host.clock.now()
  }

  /** Once a second. */
  tick(now: number): void {
    const { session } = this
    if (session === null) return
    session.tick(now)
    if (session.complete) this.seedingMs += now - this.tickedAt
    this.tickedAt = now
    const since = now - this.checkpointAt
    if (this.resume.changed && since >= CHECKPOINT_MS) void this.checkpoint(false)
    else if (since >= TOTALS_MS && session.uploadedBytes !== this.uploadedThen) void this.checkpoint(session.complete)
  }

  get standing(): Standing | null {
    const { session, before } = this
    if (session === null) return null
    return {
      have: session.book.have.count,
      bytesDone: session.book.bytesDone,
      uploaded: before.uploaded + session.uploadedBytes,
      downloaded: before.downloaded + session.downloaded,
      seedingMs: before.seedingMs + this.seedingMs,
    }
  }

  /** What is here is safe before the last goodbye is said. */
  async close(options: { readonly clean: boolean; readonly goodbye: AbortSignal }): Promise<void> {
    const parted = this.peers.part(options.goodbye)
    this.files.leave()
    await this.session?.close()
    await this.checkpoint(options.clean)
    await this.resume.close()
    await parted
    await this.release()
  }

  /** Gives back what a failed or aborted opening got hold of. */
  async abandon(goodbye: AbortSignal): Promise<void> {
    this.files.leave()
    await Promise.all([this.peers.part(goodbye), this.session?.close()])
    await this.resume.close()
    await this.release()
  }

  private newSession(storage: TorrentStorage): TorrentSession {
    const { clock, entropy } = this.parts.host
    return new TorrentSession(
      sessionParts(this.parts, this.plan, {
        storage,
        book: this.peers.book,
        peerId: makePeerId(out => entropy.fill(out)),
        now: clock.now(),
        events: {
          pieceFull: piece => this.aboutToWrite(piece),
          pieceKept: () => this.resume.touch(),
          pieceLost: () => this.lost(),
          completed: () => void this.completed().catch((error: unknown) => this.warn(error)),
          warning: error => this.voice.warn(error),
          failed: error => this.events.failed(error),
        },
      }),
    )
  }

  private async checkpoint(clean: boolean): Promise<void> {
    const { session, storage, standing } = this
    this.checkpointAt = this.parts.host.clock.now()
    if (session === null || storage === null || standing === null) return
    this.uploadedThen = session.uploadedBytes
    this.saidClean = clean
    const { uploaded, downloaded, seedingMs } = standing
    const totals = { uploaded, downloaded, seedingMs, complete: session.complete, moved: this.place.moved }
    await this.resume.checkpoint(storage, session.book.have, totals, clean)
  }

  private async completed(): Promise<void> {
    // Trackers count downloads of all of it.
    if (this.session?.book.have.full === true) this.peers.completed()
    await this.checkpoint(false)
    this.events.completed()
  }

  /** A kill may come in the middle of the write: the journal names the piece by then, and no state trusts it. */
  private async aboutToWrite(piece: number): Promise<void> {
    if (this.saidClean) this.withdrawn = this.checkpoint(false)
    await this.withdrawn
    await this.resume.note(piece, this.soon)
  }

  private lost(): void {
    this.resume.touch()
    this.withdrawn = this.checkpoint(false)
    this.events.lost()
  }

  private tellDamage(before: Bitfield, now: Bitfield): void {
    let gone = 0
    for (let piece = before.nextSet(0); piece !== -1; piece = before.nextSet(piece + 1)) if (!now.has(piece)) gone++
    if (gone === 0) return
    const { name } = this.plan.metainfo
    this.voice.warn(
      clientErrors.make('ERR_CLIENT_DAMAGED', `${gone} of the pieces of ${name} that were here are damaged or gone`),
    )
  }

  private async release(): Promise<void> {
    await this.scope.close().catch((error: unknown) => this.warn(error))
  }

  private warn(error: unknown): void {
    this.voice.warn(failed(this.plan.metainfo.name, error))
  }
}
