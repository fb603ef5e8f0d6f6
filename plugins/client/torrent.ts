// The life of one torrent in this node: what is wanted of it, and what it is at. What it holds while it is open is in
// open-torrent, where its content lies in content-place, what it tells in torrent-voice.
import type { NodeError } from '../../core/base/errors.js'
import type { NodeEvent, TorrentPhase, TorrentSnapshot } from '../../core/contracts/node-api.js'
import type { Swarm } from '../../core/torrent/swarm.js'
import type { TorrentSession } from '../../core/torrent/torrent-session.js'
import { ContentPlace } from './content-place.js'
import { clientErrors, failed } from './errors.js'
import type { OpenTorrent } from './open-torrent.js'
import { ResumeStore } from './resume-store.js'
import type { SeedGoal } from './seed-goal.js'
import type { ClientParts } from './session-parts.js'
import { type Chore, TorrentChores } from './torrent-chores.js'
import { TorrentFiles } from './torrent-files.js'
import { TorrentHold } from './torrent-hold.js'
import type { TorrentPeers } from './torrent-peers.js'
import type { Queued } from './torrent-queue.js'
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
  private readonly record: TorrentRecord
  /** What an earlier run left has been looked at, where that matters. */
  private known = false
  private paused: boolean
  private leaving = false
  private failure: NodeError | null = null
  private readonly hold: TorrentHold
  private readonly chores = new TorrentChores(error => this.fail(this.failed(error)))
  /** Peers are met. */
  private running = false
  /** Ends the opening that is under way, or due. */
  private opening = new AbortController()
  /** Ends a move. */
  private readonly leave = new AbortController()
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
    const resume = new ResumeStore(parts.files, error => this.voice.warn(error), stateFolder, metainfo.infoHash)
    this.place = new ContentPlace(parts, plan, resume)
    this.record = new TorrentRecord(metainfo.geometry, plan.made, options.seedGoal ?? parts.config.seedGoal)
    this.paused = options.paused === true
    const { place, voice, files, record } = this
    this.hold = new TorrentHold(parts, plan, {
      place,
      resume,
      voice,
      files,
      record,
      events: {
        completed: () => this.completed(),
        lost: () => this.lost(),
        failed: error => this.fail(error),
      },
    })
    this.moveTo = plan.fetched ? (options.moveTo ?? parts.config.moveTo) : undefined
  }

  get session(): TorrentSession | null {
    return this.hold.session
  }

  /** Who wants peers, while it does. */
  get peers(): TorrentPeers | null {
    return this.running ? (this.hold.held?.peers ?? null) : null
  }

  /** Where a peer that comes to us finds its swarm: not before all that is on disk is known. */
  get swarm(): Swarm | null {
    return this.running ? (this.hold.held?.sessions.wake() ?? null) : null
  }

  get phase(): TorrentPhase {
    if (this.failure !== null) return 'failed'
    if (this.chores.ordered !== null) return this.chores.ordered
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
    void this.chores.after(() => this.work(signal))
  }

  yield(): void {
    this.placed = this.running = false
    // What is done on order is done to its end.
    if (this.chores.ordered === null) this.opening.abort()
    void this.chores.after(() => this.shut())
    this.tell()
  }

  // ---- what the node orders

  /** From now on it is at work as its place allows. `look`: first of all at what an earlier run left. */
  async begin(look: boolean): Promise<void> {
    if (look) await this.chores.after(() => this.hold.recall())
    this.known = true
    this.events.changed(this)
    this.tell()
    await this.settled()
  }

  /** Resolves once all that was ordered is done; rejects where it has failed. */
  async settled(): Promise<void> {
    await this.chores.done
    if (this.failure !== null) throw this.failure
  }

  async pause(): Promise<void> {
    this.paused = true
    if (this.chores.ordered === 'checking') this.opening.abort()
    this.events.changed(this)
    this.tell()
    await this.chores.done
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
    this.record.standing = this.hold.standing
    this.record.seedUntil(goal)
    this.events.changed(this)
    this.tell()
  }

  /** What is wanted of its files has changed. */
  rewished(): void {
    this.record.rewished(this.session?.complete ?? this.files.wanted.bytesLeft === 0)
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
      this.hold.progress.begin(this.record.standing.bytesDone)
      await this.place.bring(folder, this.hold.progress.watch(this.leave.signal))
    })
  }

  /** Ends the work for good and keeps what is there. Trackers are told, unless somebody hurries it. */
  close(): Promise<void> {
    this.leaving = true
    this.placed = this.running = false
    this.opening.abort()
    this.leave.abort()
    return this.chores.after(() => this.shut())
  }

  /** No more time for goodbyes. */
  hurry(): void {
    this.hold.hurry()
  }

  /** Deletes the saved state and, if asked, the content. The torrent is closed. */
  remove(deleteData: boolean): Promise<void> {
    return this.hold.remove(deleteData)
  }

  /** Once a second. */
  tick(now: number): void {
    const { record } = this
    const { held } = this.hold
    // Being hashed or moved is neither standing still nor a turn.
    if (this.placed && !this.running) this.idleSince = this.placedAt = now
    if (!this.running || held === null) return
    held.tick(now, record.timed)
    if (!record.whole && (held.session?.rates.down ?? 0) >= 1) this.idleSince = now
    record.judge(this.hold.standing)
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
      standing: this.hold.standing,
      wanted: this.files.wanted,
      progress: this.hold.progress.now,
    })
  }

  private tell(): void {
    if (!this.leaving) this.voice.at(this.phase, this.chores.ordered !== null)
  }

  // ---- one after the other

  private async work(signal: AbortSignal): Promise<void> {
    if (this.hold.held === null) await this.open(signal, false)
    if (this.placed && !signal.aborted && this.hold.held !== null) this.run(this.hold.held)
  }

  /** Held afterwards, unless it failed or was told to end. */
  private async open(signal: AbortSignal, all: boolean): Promise<void> {
    if (signal.aborted) return
    if (!this.leaving) this.hold.calm()
    try {
      if (await this.hold.take(signal, all)) this.events.changed(this)
    } catch (error) {
      this.fail(this.failed(error))
    }
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
    this.running = false
    await this.hold.release(this.failure === null)
  }

  private async during(chore: Chore, work: () => Promise<void>): Promise<void> {
    if (this.leaving) throw clientErrors.make('ERR_CLIENT_STOPPING', `${this.plan.metainfo.name} is being closed`)
    this.failure = null
    this.running = false
    this.opening.abort()
    const begin = (): Promise<void> => {
      this.tell()
      return this.shut()
    }
    await this.chores.order(chore, { begin, work, end: () => this.goOn() })
    await this.settled()
  }

  /** What was ordered is done, or has failed. */
  private async goOn(): Promise<void> {
    this.hold.progress.end()
    if (this.placed) {
      this.opening = new AbortController()
      await this.work(this.opening.signal)
    } else await this.shut()
    this.events.changed(this)
    this.tell()
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
      if (!this.leaving) this.voice.warn(this.failed(error))
    })
  }

  private lost(): void {
    this.record.whole = false
    this.events.changed(this)
  }

  private failed(error: unknown): NodeError {
    return failed(this.plan.metainfo.name, error)
  }

  private fail(error: NodeError): void {
    if (this.failure !== null) return
    this.failure = error
    this.placed = this.running = false
    if (!this.leaving) this.voice.failed(error)
    this.hold.held?.peers.disown()
    void this.chores.after(() => this.shut())
    this.events.changed(this)
  }
}
