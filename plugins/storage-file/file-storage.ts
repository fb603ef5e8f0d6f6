import type { NodeError } from '../../core/base/errors.js'
import type { ReadJob, StorageMove, StorageSpec, TorrentStorage } from '../../core/contracts/storage.js'
import type { PieceIndex } from '../../core/protocol/ids.js'
import { moveContent } from './content-move.js'
import { DiskFault, Outcome } from './disk-fault.js'
import { EmptyFiles } from './empty-files.js'
import { storageErrors } from './errors.js'
import { faultError } from './fault-text.js'
import { FileLayout } from './file-layout.js'
import { FileSync } from './file-sync.js'
import type { Content } from './io-lane.js'
import type { IoPool } from './io-pool.js'

const DIGEST = 20

/** The main thread's side of one torrent's content: checks, counts what is under way, hands it to the pool. */
export class FileStorage implements TorrentStorage {
  private readonly layout: FileLayout
  private readonly sync: FileSync
  private readonly empties: EmptyFiles
  /** Pieces whose writing failed in the middle: nothing of them is read until they are written again. */
  private readonly torn = new Set<PieceIndex>()
  private closing: Promise<void> | null = null
  private underWay = 0
  private idle: (() => void)[] = []

  constructor(
    private readonly pool: IoPool,
    private readonly content: Content,
    private readonly geometry: StorageSpec['geometry'],
  ) {
    this.layout = new FileLayout(content.spec.files, geometry.pieceLength)
    this.sync = new FileSync(content.spec)
    this.empties = new EmptyFiles(content.spec.files)
  }

  read(job: ReadJob): void {
    const wrong = this.readFault(job)
    if (wrong !== null) return void Promise.resolve().then(() => job.done(wrong))
    this.underWay++
    this.pool.read(this.content, job.piece, job.begin, job.into, (outcome, file, errno) => {
      this.ended()
      job.done(outcome === Outcome.Done ? null : this.error(outcome, file, errno, 'reading'))
    })
  }

  async write(piece: PieceIndex, data: Uint8Array): Promise<void> {
    await this.writePiece(piece, data, null)
  }

  verifyAndWrite(piece: PieceIndex, data: Uint8Array, digest: Uint8Array): Promise<boolean> {
    return this.writePiece(piece, data, digest)
  }

  check(piece: PieceIndex, digest: Uint8Array): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.closing !== null) return reject(closedError())
      if (digest.length !== DIGEST) return reject(rangeError('a digest has 20 bytes'))
      this.underWay++
      this.pool.check(this.content, piece, this.geometry.lengthOf(piece), digest, (outcome, file, errno) => {
        this.ended()
        if (outcome === Outcome.Done) this.torn.delete(piece)
        if (outcome <= Outcome.Wrong) resolve(outcome === Outcome.Done)
        else reject(this.error(outcome, file, errno, 'checking'))
      })
    })
  }

  async present(): Promise<Uint8Array> {
    const bits = await this.during('looking at', () => this.pool.ask('present', this.content))
    return bits instanceof Uint8Array ? bits : new Uint8Array(0)
  }

  async stamp(): Promise<string> {
    return String(await this.during('looking at', () => this.pool.ask('stamp', this.content)))
  }

  flush(): Promise<void> {
    return this.during('syncing', () => this.sync.flush())
  }

  /** Nothing but files without bytes depends on it: all others are made when a piece brings bytes of theirs. */
  async want(files: readonly boolean[]): Promise<void> {
    if (this.closing !== null) throw closedError()
    if (this.empties.want(files)) await this.makeEmpties()
  }

  remove(): Promise<void> {
    return this.during('deleting', async () => {
      await this.pool.release(this.content)
      await this.pool.ask('remove', this.content)
      this.empties.removed()
    })
  }

  move(folder: string, how: StorageMove): Promise<void> {
    return this.during('moving', async () => {
      await this.pool.release(this.content)
      await moveContent(this.content.spec, folder, how)
    })
  }

  close(): Promise<void> {
    this.closing ??= this.finish()
    return this.closing
  }

  private async finish(): Promise<void> {
    if (this.underWay > 0) await new Promise<void>(resolve => this.idle.push(resolve))
    await this.pool.release(this.content)
  }

  private writePiece(piece: PieceIndex, data: Uint8Array, digest: Uint8Array | null): Promise<boolean> {
    const fits = data.length === this.geometry.lengthOf(piece) && (digest === null || digest.length === DIGEST)
    const wrong = this.bufferFault(data, fits)
    if (wrong !== null) return Promise.reject(wrong)
    this.underWay++
    return this.empties.due ? this.putFirst(piece, data, digest) : this.put(piece, data, digest)
  }

  private async putFirst(piece: PieceIndex, data: Uint8Array, digest: Uint8Array | null): Promise<boolean> {
    try {
      await this.makeEmpties()
    } catch (error) {
      this.ended()
      throw error
    }
    return this.put(piece, data, digest)
  }

  private makeEmpties(): Promise<void> {
    const files = this.empties.take()
    return this.during('writing', async () => {
      try {
        await this.pool.ask('make', this.content, files)
      } catch (error) {
        this.empties.giveBack(files)
        throw error
      }
      for (const file of files) this.sync.touched(file)
    })
  }

  /** Counted as under way already. */
  private put(piece: PieceIndex, data: Uint8Array, digest: Uint8Array | null): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.pool.write(this.content, piece, data, digest, (outcome, file, errno) => {
        if (outcome !== Outcome.Wrong) this.wrote(piece, outcome === Outcome.Done)
        this.ended()
        if (outcome <= Outcome.Wrong) resolve(outcome === Outcome.Done)
        else reject(this.error(outcome, file, errno, 'writing'))
      })
    })
  }

  private wrote(piece: PieceIndex, whole: boolean): void {
    if (!whole) return void this.torn.add(piece)
    this.torn.delete(piece)
    const { files, pieceLength } = this.content.spec
    for (const { file } of this.layout.spans(piece * pieceLength, this.geometry.lengthOf(piece))) {
      if (!files[file]!.padding) this.sync.touched(file)
    }
  }

  /** Counts as under way until done; faults of the disk become errors. */
  private async during<T>(doing: string, work: () => Promise<T>): Promise<T> {
    if (this.closing !== null) throw closedError()
    this.underWay++
    try {
      return await work()
    } catch (error) {
      throw error instanceof DiskFault ? faultError(error, this.content.spec, doing) : error
    } finally {
      this.ended()
    }
  }

  private ended(): void {
    if (--this.underWay === 0) for (const resolve of this.idle.splice(0)) resolve()
  }

  private readFault({ piece, begin, into }: ReadJob): NodeError | null {
    const inside = begin >= 0 && begin + into.length <= this.geometry.lengthOf(piece)
    const fault = this.bufferFault(into, inside)
    if (fault !== null || !this.torn.has(piece)) return fault
    return storageErrors.make('ERR_STORAGE_MISSING', `piece ${piece} was not written whole; it must be fetched again`)
  }

  private bufferFault(bytes: Uint8Array, inside: boolean): NodeError | null {
    if (this.closing !== null) return closedError()
    if (!inside) return rangeError(`${bytes.length} bytes, or their digest, do not fit the piece`)
    if (bytes.buffer instanceof SharedArrayBuffer) return null
    return storageErrors.make('ERR_STORAGE_BUFFER', 'a buffer given to a storage must lie in shared memory')
  }

  private error(outcome: Outcome, file: number, errno: number, doing: string): NodeError {
    return faultError(new DiskFault(outcome, file, errno), this.content.spec, doing)
  }
}

function rangeError(message: string): NodeError {
  return storageErrors.make('ERR_STORAGE_RANGE', message)
}

function closedError(): NodeError {
  return storageErrors.make('ERR_STORAGE_CLOSED', 'the storage of this torrent is closed')
}
