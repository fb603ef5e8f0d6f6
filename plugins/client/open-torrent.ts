// What a torrent holds while it is open: lock, storage, state, session, peers. Made when it is opened, gone when it is
// closed; a torrent that waits or is paused has none.
import { Bitfield } from '../../core/base/bitfield.js'
import type { NodeError } from '../../core/base/errors.js'
import type { Seats } from '../../core/base/seats.js'
import type { TorrentSnapshot } from '../../core/contracts/node-api.js'
import type { TorrentStorage } from '../../core/contracts/storage.js'
import type { Scope } from '../../core/kernel/plugin.js'
import { makePeerId, type PeerId } from '../../core/protocol/ids.js'
import { planResume, type ResumePlan } from '../../core/torrent/resume.js'
import { TorrentSession } from '../../core/torrent/torrent-session.js'
import { refuseUnfit } from '../../core/torrent/unfit-content.js'
import type { ContentPlace, MoveWatch } from './content-place.js'
import { clientErrors, failed } from './errors.js'
import type { ResumeStore } from './resume-store.js'
import { SessionKeeper } from './session-keeper.js'
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

export interface CloseOptions {
  /** Nothing is wrong with what is here. */
  readonly clean: boolean
  readonly goodbye: AbortSignal
  readonly timed: boolean
}

/** What is to be done before peers are met. */
interface Found extends ResumePlan {
  /** The state on disk is clean, and nothing speaks against it. */
  readonly settled: boolean
  /** What that state holds. */
  readonly before: Bitfield | null
}

export class OpenTorrent {
  readonly sessions: SessionKeeper
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
    this.sessions = new SessionKeeper(
      makePeerId(out => parts.host.entropy.fill(out)),
      plan.metainfo.geometry,
      peerId => this.newSession(peerId),
      parts.awake,
    )
  }

  /** null: not yet made, or at rest. */
  get session(): TorrentSession | null {
    return this.sessions.session
  }

  /**
   * Opens, and finds out what is there. An abort that comes when a state has been written is the caller's to see: only
   * `close` leaves a clean one.
   */
  async check(options: CheckOptions): Promise<void> {
    const { openings, checks } = this.parts
    const { signal } = options.watch
    const found = await inTurn(openings, signal, () => this.look(options))
    // What is hashed waits for what is being hashed, and keeps nobody else from being opened.
    const seats = found !== null && found.check.count > 0 ? checks : openings
    if (found !== null) await inTurn(seats, signal, () => this.begin(found, options))
  }

  /** null: it is whole and as it was left, so there is nothing to be done. */
  private async look({ made, all, watch }: CheckOptions): Promise<Found | null> {
    const { scope, plan, place } = this
    const { signal } = watch
    refuseUnfit(plan.metainfo.geometry, this.parts.arena.bytes)
    const lock = await this.parts.files.lock(this.resume.lockPath)
    scope.onClose(() => lock.release())
    const { pieceCount } = plan.metainfo.geometry
    if (await place.settle(watch)) signal.throwIfAborted()
    const saved = await this.resume.load(pieceCount)
    place.recall(saved.resume)
    const storage = await place.open(signal)
    scope.onClose(() => storage.close())
    this.storage = storage
    // What is wanted of its files has a say in what is there.
    if (await this.files.chosen()) this.sessions.begin()
    await this.files.heed(this.sessions, storage)
    const resumed = planResume({
      state: all ? null : saved.resume,
      journal: saved.journal,
      stamp: await storage.stamp(),
      present: Bitfield.from(await storage.present(), pieceCount) ?? new Bitfield(pieceCount),
      made,
    })
    if (saved.resume !== null) this.before = saved.resume
    this.checkpointAt = this.tickedAt = this.parts.host.clock.now()
    signal.throwIfAborted()
    // A run never goes on with a journal it found, and a state that says "clean" must not outlive the first write.
    const settled = resumed.because === 'clean' && saved.journal.length === 0
    const rests = settled && resumed.trust.full && this.files.everything
    if (!rests) return { ...resumed, settled, before: saved.resume?.flushed ?? null }
    this.saidClean = true
    this.sessions.beginWhole()
    return null
  }

  private async begin(found: Found, { all, watch }: CheckOptions): Promise<void> {
    const { signal } = watch
    const session = this.sessions.begin()
    if (this.storage !== null) await this.files.heed(this.sessions, this.storage)
    const of = found.check.count
    let done = 0
    await session.restore(found.trust, found.check, signal, () => watch.checked(++done, of))
    signal.throwIfAborted()
    if (all && found.before !== null) this.tellDamage(found.before, session.book.have)
    this.saidClean = found.settled && session.complete
    if (!this.saidClean) await this.checkpoint(false)
    this.checkpointAt = this.tickedAt = this.parts.host.clock.now()
  }

  /** Once a second. `timed`: the time it was seeded must not be lost. */
  tick(now: number, timed: boolean): void {
    const { sessions } = this
    sessions.tick(now, !this.peers.dialling && this.files.everything)
    if (sessions.complete) this.seedingMs += now - this.tickedAt
    this.tickedAt = now
    const since = now - this.checkpointAt
    if (this.resume.changed && since >= CHECKPOINT_MS) void this.checkpoint(false)
    else if (since >= TOTALS_MS && (timed || sessions.uploaded !== this.uploadedThen))
      void this.checkpoint(sessions.complete)
  }

  get standing(): Standing | null {
    const { sessions, before } = this
    if (!sessions.known) return null
    return {
      have: sessions.haveCount,
      bytesDone: sessions.bytesDone,
      uploaded: before.uploaded + sessions.uploaded,
      downloaded: before.downloaded + sessions.downloaded,
      seedingMs: before.seedingMs + this.seedingMs,
    }
  }

  /** What is here is safe before the last goodbye is said. `timed`: the time it was seeded must not be lost either. */
  async close(options: CloseOptions): Promise<void> {
    const parted = this.peers.part(options.goodbye)
    await this.sessions.close()
    this.files.leave()
    const said = this.saidClean && options.clean && !this.resume.changed
    if (!said || options.timed || this.sessions.uploaded !== this.uploadedThen) await this.checkpoint(options.clean)
    await this.resume.close()
    await parted
    await this.release()
  }

  /** Gives back what a failed or aborted opening got hold of. */
  async abandon(goodbye: AbortSignal): Promise<void> {
    this.files.leave()
    await Promise.all([this.peers.part(goodbye), this.sessions.close()])
    await this.resume.close()
    await this.release()
  }

  private newSession(peerId: PeerId): TorrentSession {
    const { storage } = this
    if (storage === null) throw clientErrors.make('ERR_CLIENT_FAILED', 'a session before the storage is open')
    return new TorrentSession(
      sessionParts(this.parts, this.plan, {
        storage,
        book: this.peers.book,
        peerId,
        now: this.parts.host.clock.now(),
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
    const { sessions, storage, standing } = this
    const { have } = sessions
    this.checkpointAt = this.parts.host.clock.now()
    if (have === null || storage === null || standing === null) return
    this.uploadedThen = sessions.uploaded
    this.saidClean = clean
    const { uploaded, downloaded, seedingMs } = standing
    const totals = { uploaded, downloaded, seedingMs, complete: sessions.complete, moved: this.place.moved }
    await this.resume.checkpoint(storage, have, totals, clean)
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
    this.sessions.end()
    await this.scope.close().catch((error: unknown) => this.warn(error))
  }

  private warn(error: unknown): void {
    this.voice.warn(failed(this.plan.metainfo.name, error))
  }
}

/** Waits for a seat, and works on it. Rejects when the signal is aborted before there is one. */
async function inTurn<T>(seats: Seats, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  if (!(await seats.take(signal))) throw signal.reason as Error
  try {
    return await work()
  } finally {
    seats.leave()
  }
}
