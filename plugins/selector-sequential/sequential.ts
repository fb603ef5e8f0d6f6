// In order: the first Wanted piece is the cursor; a peer gives the first piece it has within a window from there, or
// else, so that its upload and the swarm are served as well, a random one behind the window. Priorities come first,
// each with bits and a cursor of its own.
import { bitsView, nextCommon } from '../../core/base/common-bits.js'
import { NONE, PieceState } from '../../core/contracts/piece-selector.js'
import type { PieceSelector, PeerView, SwarmView } from '../../core/contracts/piece-selector.js'
import type { PieceIndex } from '../../core/protocol/ids.js'
import type { SequentialOptions } from './config.js'

const PRIORITIES = 8

/** The Wanted pieces of one priority. */
class Row {
  readonly bits: Uint8Array
  readonly view: DataView
  count = 0
  /** No piece before this one is in. */
  cursor = 0

  constructor(readonly pieceCount: number) {
    this.bits = new Uint8Array((pieceCount + 7) >> 3)
    this.view = bitsView(this.bits)
  }

  has(piece: number): boolean {
    return (this.bits[piece >> 3]! & (0x80 >> (piece & 7))) !== 0
  }

  add(piece: number): void {
    if (this.has(piece)) return
    this.bits[piece >> 3]! |= 0x80 >> (piece & 7)
    this.count++
    if (piece < this.cursor) this.cursor = piece
  }

  remove(piece: number): void {
    if (!this.has(piece)) return
    this.bits[piece >> 3]! &= ~(0x80 >> (piece & 7))
    this.count--
  }

  /** The first piece that is in; call it only while there is one. */
  head(): number {
    this.cursor = nextCommon(this.view, this.view, this.cursor, this.pieceCount)
    return this.cursor
  }
}

export class Sequential implements PieceSelector {
  private readonly rows: (Row | undefined)[] = new Array<Row | undefined>(PRIORITIES).fill(undefined)
  private stale = true

  constructor(
    private readonly view: SwarmView,
    private readonly options: SequentialOptions,
  ) {}

  pick(peer: PeerView): PieceIndex | typeof NONE {
    if (this.stale) this.refile()
    const theirs = peer.seed ? null : bitsView(peer.have)
    for (let priority = PRIORITIES - 1; priority > 0; priority--) {
      const row = this.rows[priority]
      if (row === undefined || row.count === 0) continue
      const piece = theirs === null ? row.head() : this.inOrder(row, theirs)
      if (piece !== NONE) return this.view.geometry.piece(piece)
    }
    return NONE
  }

  onState(piece: PieceIndex, state: number): void {
    if (this.stale) return
    const priority = this.view.priority[piece] ?? 0
    if (state === PieceState.Wanted) {
      if (priority > 0) this.row(priority).add(piece)
    } else this.rows[priority]?.remove(piece)
  }

  onRebuild(): void {
    this.stale = true
  }

  private inOrder(row: Row, theirs: DataView): number {
    const count = row.pieceCount
    const cursor = row.head()
    const first = nextCommon(row.view, theirs, cursor, count)
    const behind = cursor + this.options.windowPieces
    if (first < behind || behind >= count) return first
    const later = nextCommon(row.view, theirs, behind + this.view.random.below(count - behind), count)
    return later === -1 ? first : later
  }

  private refile(): void {
    const { state, priority, geometry } = this.view
    for (const row of this.rows) {
      if (row === undefined) continue
      row.bits.fill(0)
      row.count = row.cursor = 0
    }
    for (let piece = 0; piece < geometry.pieceCount; piece++) {
      if (state[piece] === PieceState.Wanted && priority[piece]! > 0) this.row(priority[piece]!).add(piece)
    }
    this.stale = false
  }

  private row(priority: number): Row {
    return (this.rows[priority] ??= new Row(this.view.geometry.pieceCount))
  }
}
