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
import { failed } from './errors.js'
import { ResumeStore } from './resume-store.js'
import type { ClientParts } from './session-parts.js'
import { sessionParts } from './session-parts.js'
import { TorrentPeers } from './torrent-peers.js'
import type { TorrentVoice } from './torrent-voice.js'
import { storageSpec, type TorrentWork } from './torrent-work.js'

const CHECKPOINT_MS = 5_000

export type Standing = Pick<TorrentSnapshot, 'have' | 'bytesDone' | 'uploaded' | 'downloaded'>

/** What its owner is told. */
export interface OpenTorrentEvents {
  /** The last wanted piece is verified and durable. */
  completed(): void
  /** It cannot go on. */
  failed(error: NodeError): void
}

export class OpenTorrent {
  /** From the moment the storage is open. */
  session: TorrentSession | null = null
  readonly peers: TorrentPeers
  private readonly scope: Scope
  private readonly resume: ResumeStore
  private storage: TorrentStorage | null = null
  /** Bytes of the runs before. */
  private before = { uploaded: 0, downloaded: 0 }
  private checkpointAt = 0
  /** The last state that was to be written because pieces were lost; none of them is written before it. */
  private withdrawn: Promise<void> = Promise.resolve()

  constructor(
    private readonly parts: ClientParts,
    private readonly plan: TorrentWork,
    private readonly voice: TorrentVoice,
    private readonly events: OpenTorrentEvents,
  ) {
    this.scope = parts.openScope(`torrent:${voice.hash}`)
    this.peers = new TorrentPeers(parts, plan, voice)
    this.resume = resumeStore(parts, plan, voice)
  }

  /** Opens, and finds out what is there. `made`: its content was hashed a moment ago. */
  async check(made: boolean, signal: AbortSignal): Promise<void> {
    const { parts, plan, scope } = this
    const lock = await parts.files.lock(`${plan.stateFolder}/${this.voice.hash}.lock`)
    scope.onClose(() => lock.release())
    const storage = await openStorage(parts, plan, signal)
    scope.onClose(() => storage.close())
    this.storage = storage
    const session = (this.session = this.newSession(storage))
    const { pieceCount } = plan.metainfo.geometry
    const saved = await this.resume.load(pieceCount)
    const resumed = planResume({
      state: saved.resume,
      journal: saved.journal,
      stamp: await storage.stamp(),
      present: Bitfield.from(await storage.present(), pieceCount) ?? new Bitfield(pieceCount),
      made,
    })
    if (saved.resume !== null) this.before = saved.resume
    await session.restore(resumed.trust, resumed.check, signal)
    signal.throwIfAborted()
    // A run never goes on with a journal it found, and a state that says "clean" must not outlive the first write.
    const settled = resumed.because === 'clean' && session.complete && saved.journal.length === 0
    if (!settled) await this.checkpoint(false)
    this.checkpointAt = this.parts.host.clock.now()
    signal.throwIfAborted()
  }

  /** Once a second. */
  tick(now: number): void {
    this.session?.tick(now)
    if (this.resume.changed && now - this.checkpointAt >= CHECKPOINT_MS) void this.checkpoint(false)
  }

  get standing(): Standing | null {
    const { session, before } = this
    if (session === null) return null
    return {
      have: session.book.have.count,
      bytesDone: session.book.bytesDone,
      uploaded: before.uploaded + session.uploadedBytes,
      downloaded: before.downloaded + session.downloaded,
    }
  }

  /** What is here is safe before the last goodbye is said. */
  async close(options: { readonly clean: boolean; readonly goodbye: AbortSignal }): Promise<void> {
    const parted = this.peers.part(options.goodbye)
    await this.session?.close()
    await this.checkpoint(options.clean)
    await this.resume.close()
    await parted
    await this.release()
  }

  /** Gives back what a failed or aborted opening got hold of. */
  async abandon(goodbye: AbortSignal): Promise<void> {
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
    await this.resume.checkpoint(storage, session.book.have, standing, clean)
  }

  private async completed(): Promise<void> {
    this.peers.completed()
    await this.checkpoint(false)
    this.events.completed()
  }

  /** A kill may come in the middle of the write: the journal names the piece by then, and no state trusts it. */
  private async aboutToWrite(piece: number): Promise<void> {
    await this.withdrawn
    await this.resume.note(piece)
  }

  private lost(): void {
    this.resume.touch()
    this.withdrawn = this.checkpoint(false)
  }

  private async release(): Promise<void> {
    await this.scope.close().catch((error: unknown) => this.warn(error))
  }

  private warn(error: unknown): void {
    this.voice.warn(failed(this.plan.metainfo.name, error))
  }
}

/** Deletes what is saved of a closed torrent and, if asked, its content. */
export async function removeTorrent(
  parts: ClientParts,
  plan: TorrentWork,
  voice: TorrentVoice,
  deleteData: boolean,
): Promise<void> {
  await resumeStore(parts, plan, voice).remove()
  if (!deleteData) return
  const storage = await openStorage(parts, plan, new AbortController().signal)
  await storage.remove?.()
  await storage.close()
}

function openStorage(parts: ClientParts, plan: TorrentWork, signal: AbortSignal): Promise<TorrentStorage> {
  return parts.storages.get(plan.storage).open(storageSpec(plan), signal)
}

function resumeStore(parts: ClientParts, plan: TorrentWork, voice: TorrentVoice): ResumeStore {
  return new ResumeStore(parts.files, error => voice.warn(error), plan.stateFolder, plan.metainfo.infoHash)
}
