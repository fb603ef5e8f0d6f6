// Where a torrent's progress is kept: HASH.resume, written whole after the data is durable, and HASH.journal, four bytes
// a piece before it is written. What to believe of them is decided in core/torrent/resume.
import { Bitfield } from '../../core/base/bitfield.js'
import { toHex } from '../../core/base/bytes.js'
import { messageOf, type NodeError } from '../../core/base/errors.js'
import type { FileSystem } from '../../core/contracts/host.js'
import type { TorrentStorage } from '../../core/contracts/storage.js'
import type { InfoHash } from '../../core/protocol/ids.js'
import { decodeResume, encodeJournal, encodeResume, type ResumeState } from '../../core/torrent/resume.js'

import { clientErrors } from './errors.js'

export interface Saved {
  readonly resume: ResumeState | null
  readonly journal: Uint8Array
}

/** What goes into a state beside the pieces. */
export type Totals = Omit<ResumeState, 'flushed' | 'stamp' | 'clean'>

export class ResumeStore {
  /** Of the torrent's files, without an ending. */
  readonly path: string
  private readonly resumePath: string
  private readonly journalPath: string
  /** Pieces that the journal names, or is about to, and the last state does not hold. */
  private named = new Set<number>()
  private unwritten = new Set<number>()
  private nextAppend: Promise<void> | null = null
  /** States follow one another, and so does what is done to the journal; neither waits for the other's fsync. */
  private lastState: Promise<void> = Promise.resolve()
  /** A state that waits for the one before it, and will hold all there is by then: a slow disk gets no queue of them. */
  private nextState: Promise<void> | null = null
  private lastJournal: Promise<void> = Promise.resolve()
  /** An append failed, and may have left half an entry: the journal is written anew before it grows again. */
  private torn = false
  /** What was warned of, so that a full disk is told of once. */
  private trouble = ''
  private dirty = false

  constructor(
    private readonly files: FileSystem,
    private readonly warn: (error: NodeError) => void,
    folder: string,
    private readonly infoHash: InfoHash,
  ) {
    this.path = `${folder}/${toHex(infoHash)}`
    this.resumePath = `${this.path}.resume`
    this.journalPath = `${this.path}.journal`
  }

  get lockPath(): string {
    return `${this.path}.lock`
  }

  /** What is there; a damaged state is set aside, with one warning, and the data will be checked. */
  async load(pieceCount: number): Promise<Saved> {
    const bytes = await this.readIfThere(this.resumePath)
    const journal = (await this.readIfThere(this.journalPath)) ?? new Uint8Array(0)
    if (bytes === null) return { resume: null, journal }
    const resume = decodeResume(bytes, this.infoHash, pieceCount)
    if (typeof resume !== 'string') return { resume, journal }
    await this.files.rename(this.resumePath, `${this.resumePath}.bad`)
    this.warn(
      clientErrors.make(
        'ERR_CLIENT_STATE',
        `the saved state ${this.resumePath} cannot be used: ${resume}; it is kept as ${this.resumePath}.bad and the data is checked again`,
      ),
    )
    return { resume: null, journal: new Uint8Array(0) }
  }

  /** The same for a look without the lock: nothing is set aside. */
  async peek(pieceCount: number): Promise<ResumeState | null> {
    const bytes = await this.readIfThere(this.resumePath)
    const resume = bytes === null ? '' : decodeResume(bytes, this.infoHash, pieceCount)
    return typeof resume === 'string' ? null : resume
  }

  /** While nothing is at work on the torrent. */
  write(state: ResumeState): Promise<void> {
    return this.files.writeAtomic(this.resumePath, encodeResume(state, this.infoHash))
  }

  /**
   * A piece is about to be written. Once this resolves the journal names it, so that a run after a kill looks whether it
   * reached the disk; where the journal cannot be written it is fetched again then. `soon` are pieces of which the same
   * will be said in a while: named together they cost one append. Null: it is named already.
   */
  note(piece: number, soon: () => Iterable<number> = () => []): Promise<void> | null {
    if (this.named.has(piece) && !this.torn) return null
    this.unwritten.add(piece)
    if (this.nextAppend !== null) return this.nextAppend
    // Once an append, for there may be a thousand of them.
    for (const next of soon()) if (!this.named.has(next)) this.unwritten.add(next)
    this.nextAppend = this.onJournal(() => {
      this.nextAppend = null
      return this.append()
    })
    return this.nextAppend
  }

  /** The next checkpoint will have something to keep. */
  touch(): void {
    this.dirty = true
  }

  get changed(): boolean {
    return this.dirty
  }

  /** Makes the data durable, and then the state that says so. */
  checkpoint(storage: TorrentStorage, have: Bitfield, totals: Totals, clean: boolean): Promise<void> {
    if (this.nextState !== null && !clean) return this.nextState
    this.lastState = this.lastState.then(async () => {
      this.nextState = null
      this.dirty = false
      const flushed = Bitfield.from(have.bytes, have.length) ?? have
      try {
        await storage.flush()
        const stamp = await storage.stamp()
        await this.write({ ...totals, flushed, stamp, clean })
        this.trouble = ''
      } catch (error) {
        this.dirty = true
        return this.complain(error)
      }
      await this.onJournal(() => this.forget(flushed, clean))
    })
    this.nextState = this.lastState
    return this.lastState
  }

  /** Deletes both files. */
  remove(): Promise<void> {
    this.unwritten.clear()
    this.named.clear()
    return this.onJournal(async () => {
      await this.files.remove(this.resumePath)
      await this.files.remove(this.journalPath)
    })
  }

  async close(): Promise<void> {
    await this.lastState
    await this.lastJournal
  }

  private onJournal(work: () => Promise<void>): Promise<void> {
    this.lastJournal = this.lastJournal.then(work).catch((error: unknown) => this.complain(error))
    return this.lastJournal
  }

  private complain(error: unknown): void {
    const why = messageOf(error)
    if (why === this.trouble) return
    this.trouble = why
    this.warn(
      clientErrors.make('ERR_CLIENT_STATE', `the state of ${this.resumePath} could not be written: ${why}`, {
        cause: error,
      }),
    )
  }

  private async append(): Promise<void> {
    const pieces = this.unwritten
    this.unwritten = new Set()
    for (const piece of pieces) this.named.add(piece)
    if (this.torn) return this.rewrite()
    this.torn = true
    await this.files.append(this.journalPath, encodeJournal(pieces))
    this.torn = false
  }

  /** The journal keeps only what the state just written does not hold. Nobody reads it beside a clean state. */
  private async forget(flushed: Bitfield, clean: boolean): Promise<void> {
    const kept = clean ? [] : [...this.named].filter(piece => !flushed.has(piece))
    this.named = new Set(kept)
    await this.rewrite()
  }

  private async rewrite(): Promise<void> {
    if (this.named.size > 0) await this.files.writeAtomic(this.journalPath, encodeJournal(this.named))
    else if ((await this.files.stat(this.journalPath)) !== null) await this.files.remove(this.journalPath)
    this.torn = false
  }

  private async readIfThere(path: string): Promise<Uint8Array | null> {
    return (await this.files.stat(path)) === null ? null : this.files.read(path)
  }
}
