// What is wanted of one torrent's files, from the moment it is known to the node: asked for by the profile, then changed by
// whoever uses it, whether it is open or not.
import type { Bitfield } from '../../core/base/bitfield.js'
import type { NodeError } from '../../core/base/errors.js'
import type { FileSnapshot, FileWishes, TorrentSnapshot } from '../../core/contracts/node-api.js'
import type { TorrentStorage } from '../../core/contracts/storage.js'
import { everything, fileBytes, pieceWishes, sameChoice, type FileChoice } from '../../core/torrent/file-choice.js'
import { ChoiceStore } from './choice-store.js'
import { changedChoice } from './file-wishes.js'
import type { SessionKeeper } from './session-keeper.js'
import type { ClientParts } from './session-parts.js'
import type { TorrentVoice } from './torrent-voice.js'
import type { TorrentWork } from './torrent-work.js'

export type Wanted = Pick<TorrentSnapshot, 'wanted' | 'bytesWanted' | 'bytesLeft'>

export class TorrentFiles {
  /** null: everything, in no order. */
  private choice: FileChoice | null
  private loading: Promise<void> | null = null
  /** One change after the other. */
  private latest: Promise<void> = Promise.resolve()
  private held: { readonly sessions: SessionKeeper; readonly storage: TorrentStorage } | null = null
  /** As it was last known. */
  private have: Bitfield | null = null
  /** Counted once for a torrent that is not open. */
  private counted: Wanted | null = null
  private readonly store: ChoiceStore

  constructor(
    parts: ClientParts,
    private readonly plan: TorrentWork,
    voice: TorrentVoice,
  ) {
    const { metainfo, stateFolder, choice } = plan
    this.choice = choice
    const warn = (error: NodeError): void => voice.warn(error)
    this.store = new ChoiceStore(parts.files, parts.choices, warn, stateFolder, metainfo.infoHash)
  }

  /** Not everything is wanted alike. */
  async chosen(): Promise<boolean> {
    await this.load()
    return !this.everything
  }

  /** Everything is wanted, in no order; once that is known. */
  get everything(): boolean {
    return this.choice === null
  }

  /** Before what is on disk is looked at: these wishes are heeded from now on. What is not everything needs a session. */
  async heed(sessions: SessionKeeper, storage: TorrentStorage): Promise<void> {
    await this.load()
    this.held = { sessions, storage }
    this.counted = null
    if (this.choice !== null) await this.apply(this.choice)
  }

  /** What an earlier run left, of a torrent that is not open. */
  async recall(have: Bitfield): Promise<void> {
    await this.load()
    this.have = have
    this.counted = null
  }

  /** The torrent is being closed. */
  leave(): void {
    this.have = this.held?.sessions.have ?? this.have
    this.held = null
    this.counted = null
  }

  async list(): Promise<readonly FileSnapshot[]> {
    await this.load()
    const { files, geometry } = this.plan.metainfo
    const bytes = fileBytes(files, geometry, this.held?.sessions.have ?? this.have)
    const { wishes } = this.current
    return files.flatMap(({ path, length, padding }, i) => {
      return padding ? [] : { path: path.join('/'), length, priority: wishes[i] ?? 0, bytesDone: bytes[i] ?? 0 }
    })
  }

  prioritize(changes: FileWishes): Promise<void> {
    return this.change(before => changedChoice(this.plan.metainfo, before, changes))
  }

  setFirstAndLast(on: boolean): Promise<void> {
    return this.change(before => ({ ...before, firstAndLast: on }))
  }

  /** The torrent is removed. */
  forget(): Promise<void> {
    return this.latest.then(() => this.store.save(null))
  }

  get wanted(): Wanted {
    const book = this.held?.sessions.session?.book
    if (book !== undefined) return { wanted: book.wanted, bytesWanted: book.bytesWanted, bytesLeft: book.bytesLeft }
    if (this.held?.sessions.complete === true) {
      const { pieceCount, totalLength } = this.plan.metainfo.geometry
      return { wanted: pieceCount, bytesWanted: totalLength, bytesLeft: 0 }
    }
    this.counted ??= this.count()
    return this.counted
  }

  private count(): Wanted {
    const { geometry, files } = this.plan.metainfo
    const { pieceCount, totalLength } = geometry
    // Most torrents: nothing has to be counted.
    if (this.choice === null && (this.have === null || this.have.full)) {
      return { wanted: pieceCount, bytesWanted: totalLength, bytesLeft: this.have === null ? totalLength : 0 }
    }
    let wanted = 0
    let bytesWanted = 0
    let bytesLeft = 0
    const wishes = pieceWishes(files, geometry, this.current)
    for (let i = 0; i < geometry.pieceCount; i++) {
      const piece = geometry.piece(i)
      if (piece === -1 || wishes[i] === 0) continue
      wanted++
      bytesWanted += geometry.lengthOf(piece)
      if (this.have?.has(i) !== true) bytesLeft += geometry.lengthOf(piece)
    }
    return { wanted, bytesWanted, bytesLeft }
  }

  private get current(): FileChoice {
    return this.choice ?? everything(this.plan.metainfo.files)
  }

  private get asked(): FileChoice {
    return this.plan.choice ?? everything(this.plan.metainfo.files)
  }

  /** Once; what the profile asks for anew counts over what was chosen when it asked for something else. */
  private load(): Promise<void> {
    this.loading ??= this.store.load(this.plan.metainfo.files.length).then(saved => {
      if (saved !== null && sameChoice(saved.asked, this.asked)) this.choice = saved.chosen
    })
    return this.loading
  }

  private change(make: (before: FileChoice) => FileChoice): Promise<void> {
    const done = this.latest.then(async () => {
      await this.load()
      const choice = make(this.current)
      if (sameChoice(choice, this.current)) return
      this.choice = choice
      this.counted = null
      await this.apply(choice)
      await this.store.save(sameChoice(choice, this.asked) ? null : { asked: this.asked, chosen: choice })
    })
    this.latest = done.catch(() => undefined)
    return done
  }

  private async apply(choice: FileChoice): Promise<void> {
    const { files, geometry } = this.plan.metainfo
    const { held } = this
    if (held === null) return
    const wanted = files.map(({ padding }, i) => !padding && choice.wishes[i] !== 0)
    try {
      await held.storage.want?.(wanted)
    } catch (error) {
      if (this.held === held) throw error
    }
    // Closed meanwhile: they are heeded when it is opened again.
    if (this.held !== held) return
    held.sessions.wake()?.prioritize(pieceWishes(files, geometry, choice))
  }
}
