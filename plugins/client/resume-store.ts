// Where a torrent's progress is kept: HASH.resume, written whole after the data is durable, and HASH.journal, four bytes
// a piece soon after it was verified. What to believe of them is decided in core/torrent/resume.
import { Bitfield } from '../../core/base/bitfield.js'
import { toHex } from '../../core/base/bytes.js'
import type { Clock, Timer } from '../../core/base/clock.js'
import { messageOf, type NodeError } from '../../core/base/errors.js'
import type { FileSystem } from '../../core/contracts/host.js'
import type { TorrentStorage } from '../../core/contracts/storage.js'
import type { InfoHash } from '../../core/protocol/ids.js'
import { decodeResume, encodeJournal, encodeResume, type ResumeState } from '../../core/torrent/resume.js'

import { clientErrors } from './errors.js'

const JOURNAL_MS = 50

export interface Saved {
  readonly resume: ResumeState | null
  readonly journal: Uint8Array
}

export interface Totals {
  readonly uploaded: number
  readonly downloaded: number
}

export class ResumeStore {
  private readonly resumePath: string
  private readonly journalPath: string
  private unwritten: number[] = []
  private timer: Timer | null = null
  /** Writes follow one another. */
  private last: Promise<void> = Promise.resolve()
  private dirty = false

  constructor(
    private readonly files: FileSystem,
    private readonly clock: Clock,
    private readonly warn: (error: NodeError) => void,
    folder: string,
    private readonly infoHash: InfoHash,
  ) {
    this.resumePath = `${folder}/${toHex(infoHash)}.resume`
    this.journalPath = `${folder}/${toHex(infoHash)}.journal`
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

  /** A piece is verified and handed to the system: noted within 50 ms. */
  note(piece: number): void {
    this.unwritten.push(piece)
    this.dirty = true
    this.timer ??= this.clock.after(JOURNAL_MS, () => {
      this.timer = null
      void this.queue(() => this.append())
    })
  }

  /** Something changed that only a checkpoint keeps. */
  touch(): void {
    this.dirty = true
  }

  get changed(): boolean {
    return this.dirty
  }

  /** Makes the data durable, and then the state that says so. */
  checkpoint(storage: TorrentStorage, have: Bitfield, totals: Totals, clean: boolean): Promise<void> {
    return this.queue(async () => {
      // Taken here and not earlier: what the journal holds by now is in it, so that the journal can go.
      const flushed = Bitfield.from(have.bytes, have.length) ?? have
      this.dirty = false
      await storage.flush()
      const stamp = await storage.stamp()
      await this.files.writeAtomic(this.resumePath, encodeResume({ flushed, stamp, ...totals, clean }, this.infoHash))
      await this.forget(flushed)
    })
  }

  /** Deletes both files. */
  remove(): Promise<void> {
    this.timer?.cancel()
    this.timer = null
    this.unwritten = []
    return this.queue(async () => {
      await this.files.remove(this.resumePath)
      await this.files.remove(this.journalPath)
    })
  }

  close(): Promise<void> {
    this.timer?.cancel()
    this.timer = null
    return this.queue(() => this.append())
  }

  private queue(work: () => Promise<void>): Promise<void> {
    const next = this.last.then(work)
    this.last = next.catch((error: unknown) => {
      this.dirty = true
      this.warn(
        clientErrors.make(
          'ERR_CLIENT_STATE',
          `the state of ${this.resumePath} could not be written: ${messageOf(error)}`,
          { cause: error },
        ),
      )
    })
    return this.last
  }

  private async append(): Promise<void> {
    if (this.unwritten.length === 0) return
    const pieces = this.unwritten
    this.unwritten = []
    await this.files.append(this.journalPath, encodeJournal(pieces))
  }

  /** The journal keeps only what the state just written does not hold. */
  private async forget(flushed: Bitfield): Promise<void> {
    this.unwritten = this.unwritten.filter(piece => !flushed.has(piece))
    if ((await this.files.stat(this.journalPath)) !== null) await this.files.remove(this.journalPath)
    await this.append()
  }

  private async readIfThere(path: string): Promise<Uint8Array | null> {
    return (await this.files.stat(path)) === null ? null : this.files.read(path)
  }
}
