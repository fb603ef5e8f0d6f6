// One torrent's content on a simulated disk. The disk does one thing after the other, so a read accepted after a write
// sees it; what is asked costs the disk's time.
import { createHash } from 'node:crypto'
import { equalBytes, toHex } from '../../core/base/bytes.js'
import type { NodeError } from '../../core/base/errors.js'
import type { ReadJob, StorageFactory, StorageMove, StorageSpec, TorrentStorage } from '../../core/contracts/storage.js'
import type { PieceIndex } from '../../core/protocol/ids.js'
import type { SimNode } from '../../core/sim/node.js'
import { ContentFiles } from './content-files.js'
import { errors } from './errors.js'

export class SimStorage implements TorrentStorage {
  protected readonly content: ContentFiles
  private closing: Promise<void> | null = null
  private readonly label: string
  private readonly letGo: () => void

  constructor(
    protected readonly machine: SimNode,
    protected readonly spec: StorageSpec,
  ) {
    this.content = new ContentFiles(machine.disk, spec)
    this.label = `storage ${toHex(spec.infoHash).slice(0, 8)}`
    this.letGo = machine.hold(`${this.label} below ${spec.folder}`)
    machine.disk.makeFolder(spec.folder)
    for (const file of spec.files) {
      if (file.path.length > 1) machine.disk.makeFolder(`${spec.folder}/${file.path.slice(0, -1).join('/')}`)
    }
    this.note('opened')
  }

  read(job: ReadJob): void {
    if (this.closing !== null) return void this.machine.later(0, () => job.done(this.refusal()))
    this.machine.disk.queue(job.into.length, () => {
      const right = this.content.read(this.offset(job.piece) + job.begin, job.into)
      this.note(`read ${job.into.length} of piece ${job.piece} from ${job.begin}`)
      job.done(right ? null : this.unreadable(job.piece))
    })
  }

  write(piece: PieceIndex, data: Uint8Array): Promise<void> {
    return this.work(data.length, () => this.put(piece, data))
  }

  present(): Promise<Uint8Array> {
    return this.work(0, () => {
      const { geometry } = this.spec
      const bits = new Uint8Array(Math.ceil(geometry.pieceCount / 8))
      for (let i = 0; i < geometry.pieceCount; i++) {
        const piece = geometry.piece(i)
        if (piece === -1 || !this.content.reaches(this.offset(piece), geometry.lengthOf(piece))) continue
        bits[i >> 3] = (bits[i >> 3] ?? 0) | (0x80 >> (i & 7))
      }
      return bits
    })
  }

  stamp(): Promise<string> {
    return this.work(0, () => this.content.stamp())
  }

  flush(): Promise<void> {
    return this.work(0, () => this.note('flushed'))
  }

  remove(): Promise<void> {
    return this.work(0, () => {
      const { disk } = this.machine
      for (const path of this.content.paths()) disk.remove(path)
      this.tidy()
      this.note('removed')
    })
  }

  /** In one step: nothing cuts it short. */
  move(folder: string, how: StorageMove): Promise<void> {
    return this.work(0, () => {
      const { disk } = this.machine
      how.signal.throwIfAborted()
      const paths = this.content.paths()
      const found = paths.filter(path => disk.file(path) !== undefined)
      const target = (path: string): string => folder + path.slice(this.spec.folder.length)
      const gone = how.resumed && found.length === 0
      const taken = gone ? undefined : paths.find(path => disk.file(target(path)) !== undefined)
      if (taken !== undefined) throw errors.make('ERR_STORAGE_EXISTS', `${target(taken)} is there already`)
      disk.makeFolder(folder)
      for (const path of found) {
        how.moved(disk.file(path)?.length ?? 0)
        disk.move(path, target(path))
      }
      this.tidy()
      this.note(`moved to ${folder}`)
    })
  }

  close(): Promise<void> {
    this.closing ??= this.work(0, () => {
      this.note('closed')
      this.letGo()
    })
    return this.closing
  }

  protected work<T>(bytes: number, act: () => T): Promise<T> {
    return this.closing !== null ? Promise.reject(this.refusal()) : this.machine.disk.work(bytes, act)
  }

  protected put(piece: PieceIndex, data: Uint8Array): void {
    if (this.machine.disk.full) {
      throw errors.make('ERR_STORAGE_FULL', `no room for piece ${piece} below ${this.spec.folder}: make some`)
    }
    this.content.write(this.offset(piece), data)
    this.note(`wrote piece ${piece}`)
  }

  protected offset(piece: PieceIndex): number {
    return piece * this.spec.geometry.pieceLength
  }

  protected note(what: string): void {
    this.machine.note(`${this.label} ${what}`)
  }

  private tidy(): void {
    const { disk } = this.machine
    for (const file of this.spec.files) {
      for (let depth = file.path.length - 1; depth > 0; depth--) {
        const folder = `${this.spec.folder}/${file.path.slice(0, depth).join('/')}`
        if (disk.list(folder).length === 0) disk.remove(folder)
      }
    }
  }

  private refusal(): NodeError {
    return errors.make('ERR_STORAGE_CLOSED', `the storage below ${this.spec.folder} is closed`)
  }

  private unreadable(piece: PieceIndex): NodeError {
    return errors.make(
      'ERR_STORAGE_MISSING',
      `piece ${piece} cannot be read below ${this.spec.folder}: a file is too short`,
    )
  }
}

/** The same, with hashing where the bytes are. */
export class HashingStorage extends SimStorage implements TorrentStorage {
  verifyAndWrite(piece: PieceIndex, data: Uint8Array, digest: Uint8Array): Promise<boolean> {
    return this.work(data.length, () => {
      const right = isDigest(data, digest)
      if (right) this.put(piece, data)
      else this.note(`refused piece ${piece}`)
      return right
    })
  }

  check(piece: PieceIndex, digest: Uint8Array): Promise<boolean> {
    const length = this.spec.geometry.lengthOf(piece)
    return this.work(length, () => {
      const bytes = new Uint8Array(length)
      return this.content.read(this.offset(piece), bytes) && isDigest(bytes, digest)
    })
  }
}

export class SimStorageFactory implements StorageFactory {
  readonly root?: string
  private readonly hashing: boolean

  constructor(
    private readonly machine: SimNode,
    options: { readonly hashing: boolean; readonly root?: string | undefined },
  ) {
    this.hashing = options.hashing
    if (options.root !== undefined) this.root = options.root
  }

  async open(spec: StorageSpec, signal: AbortSignal): Promise<TorrentStorage> {
    signal.throwIfAborted()
    await Promise.resolve()
    return this.hashing ? new HashingStorage(this.machine, spec) : new SimStorage(this.machine, spec)
  }
}

function isDigest(data: Uint8Array, digest: Uint8Array): boolean {
  return equalBytes(createHash('sha1').update(data).digest(), digest)
}
