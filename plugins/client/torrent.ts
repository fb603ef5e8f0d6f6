// The life of one torrent in this node: what is wanted of it, what it is at, and one thing done after the other. What it
// holds while it is open is in open-torrent, where its content lies in content-place, what it tells in torrent-voice.
import type { NodeError } from '../../core/base/errors.js'
import type { NodeEvent, TorrentPhase, TorrentSnapshot } from '../../core/contracts/node-api.js'
import type { Swarm } from '../../core/torrent/swarm.js'
import type { TorrentSession } from '../../core/torrent/torrent-session.js'
import { ContentPlace } from './content-place.js'
import { clientErrors, failed } from './errors.js'
import { OpenTorrent } from './open-torrent.js'
import { ResumeStore } from './resume-store.js'
import type { SeedGoal } from './seed-goal.js'
import type { ClientParts } from './session-parts.js'
import { TorrentFiles } from './torrent-files.js'
import type { TorrentPeers } from './torrent-peers.js'
import type { Queued } from './torrent-queue.js'
import { TorrentProgress } from './torrent-progress.js'
import { TorrentRecord } from './torrent-record.js'
import { snapshotOf } from './torrent-snapshot.js'
import { TorrentVoice } from './torrent-voice.js'
import type { TorrentWork } from './torrent-work.js'

export interface TorrentEvents {
  say(event: NodeEvent): void
  /** It is willing to work, or no longer, or at something else than before. */
  changed(torrent: Torrent): void
  /** The last wanted piece is here. */
  completed(torrent: Torrent): void
}

export class Torrent implements Queued {
  readonly hash: string
  readonly files: TorrentFiles
  placed = false
  placedAt = 0
  idleSince = 0
  private readonly voice: TorrentVoice
  private readonly place: ContentPlace
  private readonly resume: ResumeStore
  private readonly record: TorrentRecord
  /** What an earlier run left has been looked at, where that matters. */
  private known = false
  private paused: boolean
  private leaving = false
  private failure: NodeError | null = null
  /** Besides what its place in the queue lets it do. */
  private chore: 'checking' | 'moving' | null = null
  private readonly progress = new TorrentProgress()
  private held: OpenTorrent | null = null
  /** Peers are met. */
  private running = false
  /** What is done on it, one thing after the other. */
  private last: Promise<void> = Promise.resolve()
  /** Ends the opening that is under way, or due. */
  private opening = new AbortController()
  /** Ends a move. */
  private readonly leave = new AbortController()
  private goodbye = new AbortController()
  private made: boolean
  private moveTo: string | undefined
  private startedAt = 0

  constructor(
    private readonly parts: ClientParts,
    private readonly plan: TorrentWork,
    private readonly events: TorrentEvents,
  ) {
    const { metainfo, options, stateFolder } = plan
    this.voice = new TorrentVoice(plan, event => events.say(event))
    this.hash = this.voice.hash
    this.files = new TorrentFiles(parts, plan, this.voice)
    this.resume = new ResumeStore(parts.files, error => this.voice.warn(error), stateFolder, metainfo.infoHash)
    this.place = new ContentPlace(parts, plan, this.resume)
    this.record = new TorrentRecord(metainfo.geometry, plan.made, options.seedGoal ?? parts.config.seedGoal)
    this.paused = options.paused === true
    this.made = plan.made
    this.moveTo = plan.fetched ? (options.moveTo ?? parts.config.moveTo) : undefined
  }

  get session(): TorrentSession | null {
    return this.held?.session ?? null
  }

  /** Who wants peers, while it does. */
  get peers(): TorrentPeers | null {
    return this.running ? (this.held?.peers ?? null) : null
  }

  /** Where a peer that comes to us finds its swarm: not before all that is on disk is known. */
  get swarm(): Swarm | null {
    return this.running ? (this.held?.sessions.wake() ?? null) : null
  }

  get phase(): TorrentPhase {
    if (this.failure !== null) return 'failed'
    if (this.chore !== null) return this.chore
    if (this.placed) return this.running ? 'running' : 'checking'
    if (this.paused || this.leaving) return 'paused'
    return this.record.satisfied ? 'finished' : 'queued'
  }

  // ---- what the queue asks and orders

  get willing(): boolean {
    return this.known && !this.paused && !this.leaving && !this.record.satisfied && this.failure === null
  }

  get seeding(): boolean {
    return this.record.whole
  }

  start(): void {
    this.placed = true
    this.placedAt = this.idleSince = this.parts.host.clock.now()
    this.opening = new AbortController()
    const { signal } = this.opening
    void this.after(() => this.work(signal))
  }

  yield(): void {
    this.placed = this.running = false
    // What is done on order is done to its end.
    if (this.chore === null) this.opening.abort()
    void this.after(() => this.shut())
    this.tell()
  }

  // ---- what the node orders

  /** From now on it is at work as its place allows. `look`: first of all at what an earlier run left. */
  async begin(look: boolean): Promise<void> {
    if (look) await this.after(() => this.recall())
    this.known = true
    this.events.changed(this)
    this.tell()
    await this.settled()
  }

  private async recall(): Promise<void> {
    const state = await this.resume.peek(this.plan.metainfo.geometry.pieceCount)
    this.place.recall(state)
    if (state === null) return
    await this.files.recall(state.flushed)
    this.record.recall(state)
    this.record.rewished(this.files.wanted.bytesLeft === 0)
  }

  /** Resolves once all that was ordered is done; rejects where it has failed. */
  async settled(): Promise<void> {
    await this.last
    if (this.failure !== null) throw this.failure
  }

  async pause(): Promise<void> {
    this.paused = true
    if (this.chore === 'checking') this.opening.abort()
    this.events.changed(this)
    this.tell()
    await this.last
  }

  /** Also what has failed is tried again, and what has been seeded enough is seeded on. */
  async go(): Promise<void> {
    if (this.record.satisfied) this.record.seedUntil({})
    this.paused = false
    this.failure = null
    this.events.changed(this)
    this.tell()
    await this.settled()
  }

  seedUntil(goal: SeedGoal): void {
    this.record.standing = this.held?.standing ?? this.record.standing
    this.record.seedUntil(goal)
    this.events.changed(this)
    this.tell()
  }

  /** What is wanted of its files has changed. */
  rewished(): void {
    this.record.rewished(this.held?.session?.complete ?? this.files.wanted.bytesLeft === 0)
    this.events.changed(this)
    this.tell()
  }

  /** Hashes all that may be there. */
  recheck(): Promise<void> {
    return this.during('checking', async () => {
      this.opening = new AbortController()
      await this.open(this.opening.signal, true)
    })
  }

  move(folder: string): Promise<void> {
    return this.during('moving', async () => {
      this.progress.begin(this.record.standing.bytesDone)
      await this.place.bring(folder, this.progress.watch(this.leave.signal))
    })
  }

  /** Ends the work for good and keeps what is there. Trackers are told, unless somebody hurries it. */
  close(): Promise<void> {
    this.leaving = true
    this.placed = this.running = false
    this.opening.abort()
    this.leave.abort()
    return this.after(() => this.shut())
  }

  /** No more time for goodbyes. */
  hurry(): void {
    this.goodbye.abort()
  }

  /** Deletes the saved state and, if asked, the content. The torrent is closed. */
  async remove(deleteData: boolean): Promise<void> {
    if (deleteData) await this.place.remove()
    await this.place.forget()
    await this.files.forget()
    await this.resume.remove()
  }

  /** Once a second. */
  tick(now: number): void {
    const { held, record } = this
    // Being hashed or moved is neither standing still nor a turn.
    if (this.placed && !this.running) this.idleSince = this.placedAt = now
    if (!this.running || held === null) return
    held.tick(now, record.timed)
    if (!record.whole && (held.session?.rates.down ?? 0) >= 1) this.idleSince = now
    record.judge(held.standing ?? record.standing)
    if (record.satisfied) this.events.changed(this)
  }

  /** `place`: in the queue. */
  snapshot(place: number): TorrentSnapshot {
    const { hash, phase, failure } = this
    return snapshotOf(this.plan, this.session, {
      hash,
      phase,
      place,
      failure,
      magnet: this.voice.magnet,
      folder: this.place.folder,
      standing: this.held?.standing ?? this.record.standing,
      wanted: this.files.wanted,
      progress: this.progress.now,
    })
  }

  private tell(): void {
    if (!this.leaving) this.voice.at(this.phase, this.chore !== null)
  }

  // ---- one after the other

  private after(work: () => Promise<void>): Promise<void> {
    this.last = this.last.then(work).catch((error: unknown) => this.fail(failed(this.plan.metainfo.name, error)))
    return this.last
  }

  private async work(signal: AbortSignal): Promise<void> {
    if (this.held === null) await this.open(signal, false)
    if (this.placed && !signal.aborted && this.held !== null) this.run(this.held)
  }

  /** With `held` set afterwards, unless it failed or was told to end. */
  private async open(signal: AbortSignal, all: boolean): Promise<void> {
    if (signal.aborted) return
    if (!this.leaving) this.goodbye = new AbortController()
    const { place, resume, voice, record, made } = this
    const held = new OpenTorrent(this.parts, this.plan, place, resume, voice, this.files, {
      completed: () => this.completed(),
      lost: () => this.lost(),
      failed: error => this.fail(error),
    })
    this.held = held
    this.made = false
    try {
      await held.check({ made, all, watch: this.progress.watch(signal) })
    } catch (error) {
      await held.abandon(this.goodbye.signal)
      this.held = null
      if (!signal.aborted) this.fail(failed(this.plan.metainfo.name, error))
      return
    } finally {
      this.progress.end()
    }
    record.standing = held.standing ?? record.standing
    record.rewished(held.sessions.complete)
    this.events.changed(this)
  }

  private run(held: OpenTorrent): void {
    const { sessions } = held
    if (!sessions.known || this.running) return
    this.running = true
    this.startedAt = this.idleSince = this.parts.host.clock.now()
    this.voice.opened(sessions.haveCount, sessions.bytesLeft)
    held.peers.meet(sessions)
    if (sessions.complete && (held.standing?.downloaded ?? 0) > 0) this.bring()
  }

  private async shut(): Promise<void> {
    const { held, record } = this
    this.running = false
    if (held === null) return
    await held.close({ clean: this.failure === null, goodbye: this.goodbye.signal, timed: record.timed })
    record.standing = held.standing ?? record.standing
    this.held = null
  }

  private async during(chore: 'checking' | 'moving', work: () => Promise<void>): Promise<void> {
    if (this.leaving) throw clientErrors.make('ERR_CLIENT_STOPPING', `${this.plan.metainfo.name} is being closed`)
    let outcome = Promise.resolve()
    this.failure = null
    this.running = false
    this.opening.abort()
    await this.after(async () => {
      this.chore = chore
      this.tell()
      await this.shut()
      outcome = work()
      await outcome.catch(() => {})
      this.chore = null
      this.progress.end()
      if (!this.placed) await this.shut()
      else {
        this.opening = new AbortController()
        await this.work(this.opening.signal)
      }
      this.events.changed(this)
      this.tell()
    })
    await outcome
    await this.settled()
  }

  private completed(): void {
    this.record.whole = true
    const seconds = Math.round(this.parts.host.clock.now() - this.startedAt) / 1000
    this.voice.completed(seconds, this.files.wanted.bytesWanted)
    this.events.completed(this)
    this.bring()
  }

  /** A download that is whole goes where it is to be kept; once a run. */
  private bring(): void {
    const { moveTo } = this
    this.moveTo = undefined
    if (moveTo === undefined || moveTo === this.place.folder || this.leaving) return
    void this.move(moveTo).catch((error: unknown) => {
      if (!this.leaving) this.voice.warn(failed(this.plan.metainfo.name, error))
    })
  }

  private lost(): void {
    this.record.whole = false
    this.events.changed(this)
  }

  private fail(error: NodeError): void {
    if (this.failure !== null) return
    this.failure = error
    this.placed = this.running = false
    if (!this.leaving) this.voice.failed(error)
    this.held?.peers.disown()
    void this.after(() => this.shut())
    this.events.changed(this)
  }
}
