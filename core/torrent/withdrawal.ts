// Pieces that were there and cannot be read any more. One that is missing is seldom alone: the storage is asked at once
// what else is gone, before any of it is fetched again; a file that grows back has holes that look like content.
import { Bitfield } from '../base/bitfield.js'
import { PieceState } from '../contracts/piece-selector.js'
import type { TorrentStorage } from '../contracts/storage.js'
import type { PieceIndex } from '../protocol/ids.js'
import type { PieceBook } from './piece-book.js'

export class Withdrawal {
  private readonly unreadable = new Set<PieceIndex>()
  private looking = false

  constructor(
    private readonly book: PieceBook,
    private readonly storage: TorrentStorage,
    /** Never empty; all of them are in state Have. */
    private readonly withdraw: (pieces: readonly PieceIndex[]) => void,
  ) {}

  /** Reading this piece failed. */
  add(piece: PieceIndex): void {
    this.unreadable.add(piece)
    if (!this.looking) void this.look()
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
      if (this.unreadable.has(piece) || present?.has(i) === false) gone.push(piece)
    }
    this.unreadable.clear()
    if (gone.length > 0) this.withdraw(gone)
  }
}
