// What happens to a full slot: it is hashed and written in one hop where the storage can, else in two, and its memory
// is free again. A full disk keeps the piece in its slot and tries again; a wrong piece is asked for again.
import { messageOf, NodeError } from '../base/errors.js'
import type { HashPool } from '../contracts/host.js'
import { PieceState } from '../contracts/piece-selector.js'
import type { TorrentStorage } from '../contracts/storage.js'
import type { PieceIndex } from '../protocol/ids.js'
import type { PieceBook } from './piece-book.js'
import { NOBODY, type PieceSlots } from './piece-slots.js'

const FULL_DISK_RETRY_MS = 10_000

export interface CommitOutcome {
  /** The piece is about to be written, once this resolves: a run after a kill must know where to look. */
  full(piece: PieceIndex): Promise<void> | null
  /** The piece is on disk, and Have. `alone`: the serial of the peer on parole that sent all of it, or 0. */
  kept(piece: PieceIndex, alone: number): void
  /** The hash was wrong; the serials of all who sent a block of it. */
  failed(piece: PieceIndex, senders: readonly number[]): void
  /** Memory was freed, whatever came of the piece. */
  freed(): void
  /** The storage cannot go on. */
  broken(error: NodeError): void
  diskFull(error: NodeError): void
}

export class PieceCommit {
  private pending = 0
  private waiting: number[] = []
  private retryAt = Infinity
  private diskFull = false
  private closed = false
  private settled: () => void = () => {}
  private idle: Promise<void> | null = null

  constructor(
    private readonly book: PieceBook,
    private readonly slots: PieceSlots,
    private readonly storage: TorrentStorage,
    private readonly hashing: HashPool,
    private readonly digests: Uint8Array,
    private readonly outcome: CommitOutcome,
  ) {}

  commit(slot: number): void {
    this.book.move(this.slots.pieceIn(slot), PieceState.Verifying)
    void this.run(slot)
  }

  /** Milliseconds by the tick: tries again what found the disk full. */
  tick(now: number): void {
    if (this.waiting.length === 0) return
    if (this.retryAt === Infinity) this.retryAt = now + FULL_DISK_RETRY_MS
    if (now < this.retryAt) return
    this.retryAt = Infinity
    const again = this.waiting
    this.waiting = []
    for (const slot of again) void this.run(slot)
  }

  /** Resolves when nothing is being written; what waits for room on the disk is given up. */
  close(): Promise<void> {
    this.closed = true
    for (const slot of this.waiting) {
      const piece = this.slots.pieceIn(slot)
      this.slots.release(slot)
      this.book.move(piece, PieceState.Wanted)
    }
    this.waiting = []
    this.idle ??= new Promise(resolve => {
      this.settled = resolve
      if (this.pending === 0) resolve()
    })
    return this.idle
  }

  private async run(slot: number): Promise<void> {
    const piece = this.slots.pieceIn(slot)
    this.pending++
    // What those who are told make of it must not be taken for a fault of the storage.
    let end: () => void
    try {
      await this.outcome.full(piece)
      const right = await this.store(piece, this.slots.data(slot))
      this.diskFull = false
      end = () => this.finish(slot, piece, right)
    } catch (error) {
      end = () => this.refused(slot, piece, error)
    }
    try {
      end()
    } finally {
      this.pending--
      if (this.pending === 0) this.settled()
    }
  }

  private async store(piece: PieceIndex, data: Uint8Array): Promise<boolean> {
    const digest = this.digests.subarray(piece * 20, piece * 20 + 20)
    if (this.storage.verifyAndWrite) return this.storage.verifyAndWrite(piece, data, digest)
    if (!(await this.hashing.verify(data, digest))) return false
    await this.storage.write(piece, data)
    return true
  }

  private finish(slot: number, piece: PieceIndex, right: boolean): void {
    const exclusive = this.slots.exclusive[slot] !== NOBODY
    const senders = right && !exclusive ? [] : this.slots.senders(slot)
    this.slots.release(slot)
    this.book.move(piece, right ? PieceState.Have : PieceState.Wanted)
    if (this.closed) return
    if (right) this.outcome.kept(piece, exclusive && senders.length === 1 ? (senders[0] ?? 0) : 0)
    else this.outcome.failed(piece, senders)
    this.outcome.freed()
  }

  private refused(slot: number, piece: PieceIndex, cause: unknown): void {
    const error = NodeError.is(cause)
      ? cause
      : new NodeError('ERR_STORAGE_IO', 'operator', `piece ${piece} could not be stored: ${messageOf(cause)}`, {
          cause,
        })
    if (error.code === 'ERR_STORAGE_FULL' && !this.closed) {
      this.waiting.push(slot)
      if (!this.diskFull) this.outcome.diskFull(error)
      this.diskFull = true
      return
    }
    this.slots.release(slot)
    this.book.move(piece, PieceState.Wanted)
    if (!this.closed) this.outcome.broken(error)
  }
}
