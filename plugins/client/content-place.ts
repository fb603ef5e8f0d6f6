// Where a torrent's content lies, and how it comes to lie elsewhere. While it is on its way a plan, HASH.move, says so; a
// run after a kill goes on with it. The state remembers the new folder for as long as the torrent is meant for the old one.
import type { TorrentStorage } from '../../core/contracts/storage.js'
import type { MovedContent, ResumeState } from '../../core/torrent/resume.js'
import { Bitfield } from '../../core/base/bitfield.js'
import { NodeError } from '../../core/base/errors.js'
import { z } from '../../core/kernel/plugin.js'
import { clientErrors } from './errors.js'
import type { ResumeStore } from './resume-store.js'
import type { ClientParts } from './session-parts.js'
import { storageSpec, type TorrentWork } from './torrent-work.js'

const movePlan = z.object({
  from: z.string(),
  to: z.string(),
  /** Nobody had touched the content before it was moved. */
  untouched: z.boolean(),
})

type MovePlan = z.output<typeof movePlan>

export interface MoveWatch {
  readonly signal: AbortSignal
  /** Bytes that have moved since the last call. */
  moved(bytes: number): void
}

export class ContentPlace {
  private folderNow: string

  constructor(
    private readonly parts: ClientParts,
    private readonly plan: TorrentWork,
    private readonly resume: ResumeStore,
  ) {
    this.folderNow = plan.folder
  }

  /** The folder it lies in, as far as is known. */
  get folder(): string {
    return this.folderNow
  }

  /** For the state: null where it lies where it was to lie. */
  get moved(): MovedContent | null {
    const { folder: home } = this.plan
    return this.folderNow === home ? null : { home, folder: this.folderNow }
  }

  /** What a state says. */
  recall(state: ResumeState | null): void {
    const moved = state?.moved ?? null
    this.folderNow = moved !== null && moved.home === this.plan.folder ? moved.folder : this.plan.folder
  }

  open(signal: AbortSignal, folder: string = this.folderNow): Promise<TorrentStorage> {
    return this.parts.storages.get(this.plan.storage).open(storageSpec(this.plan, folder), signal)
  }

  /** Under the lock, before anything is opened: ends what a kill interrupted. True: there was something. */
  async settle(watch: MoveWatch): Promise<boolean> {
    const plan = await this.pending()
    if (plan === null) return false
    await this.carry(plan, true, watch)
    return true
  }

  /** Moves the content of a torrent that is closed. Where that fails the content is back where it was. */
  async bring(folder: string, watch: MoveWatch): Promise<void> {
    const { metainfo, fetched } = this.plan
    if (!fetched) throw moveError(`${metainfo.name} is shared from where it lies: move it by hand`)
    if (!/^([A-Za-z]:)?[\\/]/.test(folder)) throw moveError(`"${folder}" is not an absolute path`)
    const lock = await this.parts.files.lock(this.resume.lockPath)
    try {
      if (!(await this.settle(watch))) this.recall(await this.resume.peek(this.pieceCount))
      await this.move(folder.replace(/(?<=.)[\\/]+$/, ''), watch)
    } catch (error) {
      if (!watch.signal.aborted) throw error
      throw clientErrors.make('ERR_CLIENT_STOPPING', `${metainfo.name} is moved on when it is opened again`)
    } finally {
      await lock.release()
    }
  }

  private async move(to: string, watch: MoveWatch): Promise<void> {
    const from = this.folderNow
    if (to === from) return
    const state = await this.resume.peek(this.pieceCount)
    const stamp = await this.stamp()
    const plan = { from, to, untouched: state !== null && state.clean && state.stamp === stamp }
    await this.parts.files.writeAtomic(this.planPath, Buffer.from(JSON.stringify(plan)))
    await this.carry(plan, false, watch)
  }

  /** Deletes the content, wherever it is. */
  async remove(): Promise<void> {
    this.recall(await this.resume.peek(this.pieceCount))
    const plan = await this.pending()
    const folders =
      plan === null ? [this.folderNow] : (await this.ownsTarget(plan)) ? [plan.from, plan.to] : [plan.from]
    for (const folder of new Set(folders)) {
      const storage = await this.open(new AbortController().signal, folder)
      try {
        await storage.remove?.()
      } finally {
        await storage.close()
      }
    }
  }

  /** Of a move that was cut short: what lies where it was to go came from here. Asked by going on with it, and no further. */
  private async ownsTarget({ from, to }: MovePlan): Promise<boolean> {
    const storage = await this.open(new AbortController().signal, from)
    try {
      await storage.move?.(to, { resumed: true, signal: AbortSignal.abort(), moved: () => {} })
    } catch (error) {
      return !NodeError.is(error) || error.code !== 'ERR_STORAGE_EXISTS'
    } finally {
      await storage.close()
    }
    return true
  }

  async forget(): Promise<void> {
    await this.parts.files.remove(this.planPath)
  }

  private async carry(plan: MovePlan, resumed: boolean, watch: MoveWatch): Promise<void> {
    const storage = await this.open(watch.signal, plan.from)
    try {
      if (storage.move === undefined) {
        const { storage: name } = this.plan
        throw moveError(`the storage "${name}" keeps no content that could be moved`)
      }
      await storage.move(plan.to, { resumed, signal: watch.signal, moved: watch.moved })
    } catch (error) {
      // Nothing has moved. What was told to end is gone on with the next time.
      if (!resumed && !watch.signal.aborted) await this.forget()
      throw error
    } finally {
      await storage.close()
    }
    await this.arrive(plan)
  }

  /** The state speaks of the new place before the plan is forgotten. */
  private async arrive(plan: MovePlan): Promise<void> {
    this.folderNow = plan.to
    const state = await this.resume.peek(this.pieceCount)
    const stamp = await this.stamp()
    const before = state ?? this.nothing
    const clean = state === null || state.clean
    await this.resume.write({ ...before, clean, stamp: plan.untouched || !clean ? stamp : '', moved: this.moved })
    await this.forget()
  }

  private async stamp(): Promise<string> {
    const storage = await this.open(new AbortController().signal)
    try {
      return await storage.stamp()
    } finally {
      await storage.close()
    }
  }

  private async pending(): Promise<MovePlan | null> {
    const { files } = this.parts
    if ((await files.stat(this.planPath)) === null) return null
    const text = Buffer.from(await files.read(this.planPath)).toString('utf8')
    const plan = movePlan.safeParse(jsonOf(text))
    if (plan.success) return plan.data
    throw moveError(`${this.planPath} cannot be read: see where the content lies, and delete that file`)
  }

  /** Of a torrent that was never opened: all that is there is looked at. */
  private get nothing(): ResumeState {
    const none = { uploaded: 0, downloaded: 0, seedingMs: 0, complete: false }
    return { ...none, flushed: new Bitfield(this.pieceCount), stamp: '', clean: true, moved: null }
  }

  private get pieceCount(): number {
    return this.plan.metainfo.geometry.pieceCount
  }

  private get planPath(): string {
    return `${this.resume.path}.move`
  }
}

function moveError(message: string): NodeError {
  return clientErrors.make('ERR_CLIENT_MOVE', message)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
