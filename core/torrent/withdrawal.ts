// Pieces that were there and cannot be read any more. One that is missing is seldom alone: the storage is asked at once
// what else is gone, before any of it is fetched again; a file that grows back has holes that look like content.
import { Bitfield } from '../base/bitfield.js'
import type { NodeError } from '../base/errors.js'
import { PieceState } from '../contracts/piece-selector.js'
import type { TorrentStorage } from '../contracts/storage.js'
import type { PieceIndex } from '../protocol/ids.js'
import type { PieceBook } from './piece-book.js'
import type { ReadFaults } from './read-faults.js'

/** A piece that is lost again so soon is not fetched again: what can be written and not read would be so for ever. */
const AGAIN_MS = 60_000

export class Withdrawal {
  private readonly unreadable = new Set<number>()
  private readonly lostAt = new Map<number, number>()
  private now = 0
  private looking = false

  constructor(
    private readonly book: PieceBook,
    private readonly storage: TorrentStorage,
    private readonly faults: ReadFaults,
    /** Never empty; all of them are in state Have. */
    private readonly withdraw: (pieces: readonly PieceIndex[]) => void,
  ) {}

  /** Reading this piece failed. */
  add(piece: PieceIndex, error: NodeError): void {
    this.faults.add(error, this.now)
    this.unreadable.add(piece)
    if (!this.looking && !this.lostAt.has(piece)) void this.look()
  }

  /** False: reading it failed, and peers that ask for it are refused. */
  readable(piece: number): boolean {
    return !this.unreadable.has(piece)
  }

  tick(now: number): void {
    this.now = now
    for (const [piece, at] of this.lostAt) {
      if (now - at < AGAIN_MS) continue
      this.lostAt.delete(piece)
      this.unreadable.delete(piece)
    }
  }

  private async look(): Promise<void> {
    this.looking = true
    const pieces = this.book.geometry.pieceCount
    const bits = await this.storage.present().catch(() => null)
    const present = bits === null ? null : Bitfield.from(bits, pieces)
    this.looking = false
    const gone: PieceIndex[] = []
    for (let i = 0; i < pieces; i++) {
      const piece = this.book.geometry.piece(i)
      if (piece === -1 || this.book.state[i] !== PieceState.Have) continue
      if (!this.lostAt.has(piece) && (this.unreadable.has(piece) || present?.has(i) === false)) gone.push(piece)
    }
    for (const piece of this.unreadable) if (!this.lostAt.has(piece)) this.unreadable.delete(piece)
    for (const piece of gone) this.lostAt.set(piece, this.now)
    if (gone.length > 0) this.withdraw(gone)
  }
}
