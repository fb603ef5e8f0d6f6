// What there is of a torrent on this machine: its content, its state, and what it holds while it is open. Opens it, and
// lets go of it.
import type { TorrentSession } from '../../core/torrent/torrent-session.js'
import type { ContentPlace } from './content-place.js'
import { OpenTorrent, type OpenTorrentEvents, type Standing } from './open-torrent.js'
import type { ResumeStore } from './resume-store.js'
import type { ClientParts } from './session-parts.js'
import type { TorrentFiles } from './torrent-files.js'
import { TorrentProgress } from './torrent-progress.js'
import type { TorrentRecord } from './torrent-record.js'
import type { TorrentVoice } from './torrent-voice.js'
import type { TorrentWork } from './torrent-work.js'

export interface HoldParts {
  readonly place: ContentPlace
  readonly resume: ResumeStore
  readonly voice: TorrentVoice
  readonly files: TorrentFiles
  readonly record: TorrentRecord
  readonly events: OpenTorrentEvents
}

export class TorrentHold {
  /** null: it is closed. */
  held: OpenTorrent | null = null
  readonly progress = new TorrentProgress()
  private goodbye = new AbortController()
  /** Its content was hashed a moment ago, which is true of the first opening only. */
  private made: boolean

  constructor(
    private readonly parts: ClientParts,
    private readonly plan: TorrentWork,
    private readonly own: HoldParts,
  ) {
    this.made = plan.made
  }

  get session(): TorrentSession | null {
    return this.held?.session ?? null
  }

  /** As it is now, or was when it was last looked at. */
  get standing(): Standing {
    return this.held?.standing ?? this.own.record.standing
  }

  /** There is time for goodbyes again. */
  calm(): void {
    this.goodbye = new AbortController()
  }

  /** No more time for goodbyes. */
  hurry(): void {
    this.goodbye.abort()
  }

  /** Looks at what an earlier run left. */
  async recall(): Promise<void> {
    const { place, resume, files, record } = this.own
    const state = await resume.peek(this.plan.metainfo.geometry.pieceCount)
    place.recall(state)
    if (state === null) return
    await files.recall(state.flushed)
    record.recall(state)
    record.rewished(files.wanted.bytesLeft === 0)
  }

  /** False: it was told to end. Rejects where it fails; either way nothing is held then. */
  async take(signal: AbortSignal, all: boolean): Promise<boolean> {
    const { made } = this
    const { place, resume, voice, files, record, events } = this.own
    const held = new OpenTorrent(this.parts, this.plan, place, resume, voice, files, events)
    this.held = held
    this.made = false
    try {
      await held.check({ made, all, watch: this.progress.watch(signal) })
    } catch (error) {
      await held.abandon(this.goodbye.signal)
      this.held = null
      if (signal.aborted) return false
      throw error
    } finally {
      this.progress.end()
    }
    record.standing = this.standing
    record.rewished(held.sessions.complete)
    return true
  }

  /** `clean`: nothing is wrong with what is here. */
  async release(clean: boolean): Promise<void> {
    const { record } = this.own
    if (this.held === null) return
    await this.held.close({ clean, goodbye: this.goodbye.signal, timed: record.timed })
    record.standing = this.standing
    this.held = null
  }

  /** Deletes the saved state and, if asked, the content. It is closed. */
  async remove(deleteData: boolean): Promise<void> {
    const { place, resume, files } = this.own
    if (deleteData) await place.remove()
    await place.forget()
    await files.forget()
    await resume.remove()
  }
}
