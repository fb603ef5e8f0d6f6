// Content in memory, a copy a piece: for tests, for seeding from RAM, and as the plainest form of the contract, with
// none of its optional methods but `remove`. What is kept ends with `close`.
import type { ReadJob, StorageFactory, StorageSpec, TorrentStorage } from '../../core/contracts/storage.js'
import type { NodeError } from '../../core/base/errors.js'
import type { PieceGeometry } from '../../core/protocol/geometry.js'
import type { PieceIndex } from '../../core/protocol/ids.js'
import { toHex } from '../../core/base/bytes.js'
import type { Entropy } from '../../core/base/random.js'
import { memoryErrors } from './errors.js'

/** What all torrents of a node share. */
class Budget {
  private used = 0

  constructor(private readonly bytes: number) {}

  /** False, and nothing taken, if it would be too much. */
  take(bytes: number): boolean {
    if (this.used + bytes > this.bytes) return false
    this.used += bytes
    return true
  }

  give(bytes: number): void {
    this.used -= bytes
  }
}

export class MemoryStorageFactory implements StorageFactory {
  private readonly budget: Budget

  constructor(
    maxBytes: number,
    private readonly entropy: Entropy,
  ) {
    this.budget = new Budget(maxBytes)
  }

  open(spec: StorageSpec, signal: AbortSignal): Promise<TorrentStorage> {
    return new Promise(resolve => {
      signal.throwIfAborted()
      // No two openings hold the same content, so no two have the same stamp.
      const nonce = new Uint8Array(16)
      this.entropy.fill(nonce)
      resolve(new MemoryStorage(spec.geometry, this.budget, toHex(nonce)))
    })
  }
}

class MemoryStorage implements TorrentStorage {
  private readonly pieces = new Map<PieceIndex, Uint8Array>()
  private closed = false

  constructor(
    private readonly geometry: PieceGeometry,
    private readonly budget: Budget,
    private readonly nonce: string,
  ) {}

  read(job: ReadJob): void {
    const error = this.closed ? closedError() : this.fill(job)
    void Promise.resolve().then(() => job.done(error))
  }

  write(piece: PieceIndex, data: Uint8Array): Promise<void> {
    return this.whileOpen(() => {
      if (data.length !== this.geometry.lengthOf(piece)) throw rangeError(piece)
      const kept = this.pieces.get(piece)
      if (kept !== undefined) return kept.set(data)
      if (!this.budget.take(data.length)) {
        throw memoryErrors.make('ERR_STORAGE_FULL', 'storage-memory holds all it may; raise maxMiB or remove a torrent')
      }
      this.pieces.set(piece, new Uint8Array(data))
    })
  }

  present(): Promise<Uint8Array> {
    return this.whileOpen(() => {
      const bits = new Uint8Array((this.geometry.pieceCount + 7) >> 3)
      for (const piece of this.pieces.keys()) bits[piece >> 3]! |= 0x80 >> (piece & 7)
      return bits
    })
  }

  stamp(): Promise<string> {
    return this.whileOpen(() => this.nonce)
  }

  flush(): Promise<void> {
    return this.whileOpen(() => {})
  }

  remove(): Promise<void> {
    return this.whileOpen(() => this.drop())
  }

  close(): Promise<void> {
    this.closed = true
    this.drop()
    return Promise.resolve()
  }

  private fill({ piece, begin, into }: ReadJob): NodeError | null {
    if (begin < 0 || begin + into.length > this.geometry.lengthOf(piece)) return rangeError(piece)
    const kept = this.pieces.get(piece)
    if (kept === undefined) return memoryErrors.make('ERR_STORAGE_MISSING', `piece ${piece} was never written`)
    into.set(kept.subarray(begin, begin + into.length))
    return null
  }

  private drop(): void {
    for (const kept of this.pieces.values()) this.budget.give(kept.length)
    this.pieces.clear()
  }

  private whileOpen<T>(work: () => T): Promise<T> {
    return new Promise(resolve => {
      if (this.closed) throw closedError()
      resolve(work())
    })
  }
}

function closedError(): NodeError {
  return memoryErrors.make('ERR_STORAGE_CLOSED', 'the storage of this torrent is closed')
}

function rangeError(piece: PieceIndex): NodeError {
  return memoryErrors.make('ERR_STORAGE_RANGE', `the bytes do not fit piece ${piece}`)
}
