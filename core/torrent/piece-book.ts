// One byte a piece says in which of five states it is, and this file has the only code that changes it. The moves that
// exist are in LEGAL; any other is a defect and throws.
import { Bitfield } from '../base/bitfield.js'
import { PieceState } from '../contracts/piece-selector.js'
import type { PieceGeometry } from '../protocol/geometry.js'
import type { PieceIndex } from '../protocol/ids.js'
import { torrentErrors } from './errors.js'

const { Skipped, Wanted, Open, Verifying, Have } = PieceState
const STATES = 5
const LEGAL = new Uint8Array(STATES * STATES)
for (const [from, to] of [
  [Skipped, Wanted], // the user wants it now
  [Wanted, Skipped], // and now not
  [Wanted, Open], // a slot was given to it
  [Open, Verifying], // every block is there
  [Verifying, Have], // right, and written
  [Verifying, Wanted], // wrong: asked again
  [Open, Wanted], // given up: its slot is needed, or nobody is left to ask
  [Wanted, Have], // found on disk
  [Skipped, Have],
  [Have, Wanted], // found damaged
] as const) {
  LEGAL[from * STATES + to] = 1
}

/** Told of every move, after it. */
export type PieceMoved = (piece: PieceIndex, state: PieceState, from: number) => void

export class PieceBook {
  readonly state: Uint8Array
  /** 0 skip, 1 lowest to 7 highest. */
  readonly priority: Uint8Array
  readonly have: Bitfield
  private readonly counts = new Int32Array(STATES)
  private haveBytes = 0
  private lackedBytes: number
  private wishedPieces: number
  private wishedBytes: number
  private moved: PieceMoved = () => {}

  constructor(readonly geometry: PieceGeometry) {
    this.state = new Uint8Array(geometry.pieceCount).fill(Wanted)
    this.priority = new Uint8Array(geometry.pieceCount).fill(4)
    this.have = new Bitfield(geometry.pieceCount)
    this.counts[Wanted] = this.wishedPieces = geometry.pieceCount
    this.lackedBytes = this.wishedBytes = geometry.totalLength
  }

  onMove(moved: PieceMoved): void {
    this.moved = moved
  }

  count(state: PieceState): number {
    return this.counts[state]!
  }

  get bytesDone(): number {
    return this.haveBytes
  }

  /** Pieces that the user wants, here or not, and their bytes. */
  get wanted(): number {
    return this.wishedPieces
  }

  get bytesWanted(): number {
    return this.wishedBytes
  }

  /** Wanted, and not here yet. */
  lacks(piece: number): boolean {
    return lacking(this.state[piece]!)
  }

  /** Nothing wanted is missing; skipped pieces may be. */
  get complete(): boolean {
    return this.counts[Wanted] === 0 && this.counts[Open] === 0 && this.counts[Verifying] === 0
  }

  /** Bytes of wanted pieces still missing. */
  get bytesLeft(): number {
    return this.lackedBytes
  }

  /** The user's wish for a piece, 0 to 7. One that is Open and not wanted any more is for the scheduler to give up. */
  wish(piece: PieceIndex, priority: number): void {
    const by = Number(priority > 0) - Number(this.priority[piece]! > 0)
    this.wishedPieces += by
    this.wishedBytes += by * this.geometry.lengthOf(piece)
    this.priority[piece] = priority
    if (by < 0 && this.state[piece] === Wanted) this.move(piece, Skipped)
    else if (by > 0 && this.state[piece] === Skipped) this.move(piece, Wanted)
  }

  /** It is on disk as it should be, and was not known to be. */
  found(raw: number): void {
    const piece = this.geometry.piece(raw)
    if (piece !== -1 && !this.have.has(piece)) this.move(piece, Have)
  }

  /** What nobody wants comes to be Skipped where it would be Wanted again. */
  move(piece: PieceIndex, asked: PieceState): void {
    const from = this.state[piece]!
    if (LEGAL[from * STATES + asked] !== 1) {
      throw torrentErrors.make('ERR_TORRENT_STATE', `piece ${piece} cannot go from state ${from} to ${asked}`)
    }
    const to = asked === Wanted && this.priority[piece] === 0 ? Skipped : asked
    const length = this.geometry.lengthOf(piece)
    this.state[piece] = to
    this.counts[from]!--
    this.counts[to]!++
    if (to === Have) {
      this.have.set(piece)
      this.haveBytes += length
    } else if (from === Have) {
      this.have.clear(piece)
      this.haveBytes -= length
    }
    if (lacking(from) !== lacking(to)) this.lackedBytes += lacking(to) ? length : -length
    this.moved(piece, to, from)
  }

  /** What is wrong, in words; empty when all holds. For simulations and tests. */
  checkInvariants(): readonly string[] {
    const wrong: string[] = []
    const counted = new Int32Array(STATES)
    let bytes = 0
    let left = 0
    for (let i = 0; i < this.state.length; i++) {
      const state = this.state[i]!
      counted[state]!++
      if (this.have.has(i) !== (state === Have)) wrong.push(`piece ${i}: have-bit and state ${state} disagree`)
      const piece = this.geometry.piece(i)
      if (state === Have && piece !== -1) bytes += this.geometry.lengthOf(piece)
      if (lacking(state) && piece !== -1) left += this.geometry.lengthOf(piece)
      if ((state === Wanted || state === Open) && this.priority[i] === 0) wrong.push(`piece ${i}: nobody wants it`)
    }
    for (let state = 0; state < STATES; state++) {
      if (counted[state] !== this.counts[state])
        wrong.push(`state ${state}: ${counted[state]} pieces, ${this.counts[state]} counted`)
    }
    if (bytes !== this.haveBytes) wrong.push(`${bytes} bytes done, ${this.haveBytes} counted`)
    if (left !== this.lackedBytes) wrong.push(`${left} bytes left, ${this.lackedBytes} counted`)
    const wished = this.priority.reduce((sum, priority) => sum + Number(priority > 0), 0)
    if (wished !== this.wishedPieces) wrong.push(`${wished} pieces wanted, ${this.wishedPieces} counted`)
    return wrong
  }
}

/** Is a piece in this state wanted and not here? */
export function lacking(state: number): boolean {
  return state !== Have && state !== Skipped
}
