// A swarm drawn as text, one character a piece, that tells selectors what happens just as the engine does. Pieces:
// w wanted, o open, v verifying, h have, s skipped. A peer: x has the piece, anything else has not; "seed" has all.
import { createRandom } from '../../core/base/random.js'
import { pieceGeometry } from '../../core/protocol/geometry.js'
import { PieceState } from '../../core/contracts/piece-selector.js'
import type { PeerView, PieceSelector, SwarmView } from '../../core/contracts/piece-selector.js'
import type { PieceIndex } from '../../core/protocol/ids.js'

const STATES = 'swovh'
const PIECE_LENGTH = 16384
/** A peer that leaves with no more pieces than this is told of piece by piece, one with more by a rebuild. */
const FEW = 8

export class PicturePeer implements PeerView {
  readonly have: Uint8Array
  downloadRate = 0
  count = 0

  constructor(
    readonly slot: number,
    readonly seed: boolean,
    pieceCount: number,
  ) {
    this.have = new Uint8Array((pieceCount + 7) >> 3)
  }

  has(piece: number): boolean {
    return this.seed || (this.have[piece >> 3]! & (0x80 >> (piece & 7))) !== 0
  }

  mark(piece: number): void {
    if (!this.has(piece)) this.count++
    this.have[piece >> 3]! |= 0x80 >> (piece & 7)
  }
}

export class SwarmPicture {
  readonly state: Uint8Array
  readonly priority: Uint8Array
  readonly availability: Uint16Array
  readonly view: SwarmView
  readonly peers: PicturePeer[] = []
  private readonly seats: boolean[] = []
  private selector: PieceSelector | null = null
  private seedCount = 0

  constructor(picture: string | number, seed = 1) {
    const pieceCount = typeof picture === 'number' ? picture : picture.length
    this.state = new Uint8Array(pieceCount).fill(PieceState.Wanted)
    this.priority = new Uint8Array(pieceCount).fill(4)
    this.availability = new Uint16Array(pieceCount)
    for (let i = 0; typeof picture === 'string' && i < pieceCount; i++) {
      this.state[i] = STATES.indexOf(picture.charAt(i))
      if (this.state[i] === PieceState.Skipped) this.priority[i] = 0
    }
    const seeds = (): number => this.seedCount
    this.view = {
      geometry: pieceGeometry(pieceCount * PIECE_LENGTH, PIECE_LENGTH),
      state: this.state,
      priority: this.priority,
      availability: this.availability,
      get seeds() {
        return seeds()
      },
      random: createRandom(seed),
    }
  }

  get pieceCount(): number {
    return this.state.length
  }

  /** From now on this selector, and no other, is told what happens. */
  tell(selector: PieceSelector): void {
    this.selector = selector
  }

  toString(): string {
    return Array.from(this.state, state => STATES.charAt(state)).join('')
  }

  // ---- peers

  /** A peer comes with a bit field; 'seed' has everything, an empty text nothing yet. */
  join(pieces: string | Iterable<number> = ''): PicturePeer {
    const free = this.seats.indexOf(false)
    const slot = free === -1 ? this.seats.length : free
    this.seats[slot] = true
    const peer = new PicturePeer(slot, pieces === 'seed', this.pieceCount)
    this.peers.push(peer)
    if (peer.seed) this.seedCount++
    else for (const piece of typeof pieces === 'string' ? marks(pieces) : pieces) this.count(peer, piece)
    if (peer.seed || peer.count > 0) this.selector?.onRebuild?.()
    return peer
  }

  has(peer: PicturePeer, piece: number): void {
    if (peer.has(piece)) return
    this.count(peer, piece)
    this.selector?.onAvailability?.(this.piece(piece), this.availability[piece]!)
  }

  leave(peer: PicturePeer): void {
    this.peers.splice(this.peers.indexOf(peer), 1)
    this.seats[peer.slot] = false
    if (peer.seed) this.seedCount--
    const many = peer.seed || peer.count > FEW
    for (let i = 0; !peer.seed && i < this.pieceCount; i++) {
      if (!peer.has(i)) continue
      this.availability[i]!--
      if (!many) this.selector?.onAvailability?.(this.piece(i), this.availability[i]!)
    }
    if (many) this.selector?.onRebuild?.()
  }

  // ---- pieces

  /** Moves a piece to the state with this letter. */
  move(piece: number, letter: string): void {
    this.state[piece] = STATES.indexOf(letter)
    this.selector?.onState?.(this.piece(piece), this.state[piece])
  }

  /** The user's wish changes; 0 skips the piece if it is not on its way. */
  wish(piece: number, priority: number): void {
    this.priority[piece] = priority
    const { Skipped, Wanted } = PieceState
    if (priority === 0 && this.state[piece] === Wanted) this.move(piece, 's')
    else if (priority > 0 && this.state[piece] === Skipped) this.move(piece, 'w')
    this.selector?.onRebuild?.()
  }

  /** Wanted, not skipped, and the peer has it: what a selector may answer. */
  fits(peer: PeerView, piece: number): boolean {
    return this.state[piece] === PieceState.Wanted && this.priority[piece]! > 0 && peer.has(piece)
  }

  fitting(peer: PeerView): readonly number[] {
    return [...this.state.keys()].filter(piece => this.fits(peer, piece))
  }

  piece(index: number): PieceIndex {
    const piece = this.view.geometry.piece(index)
    if (piece === -1) throw new Error(`there is no piece ${index}`)
    return piece
  }

  private count(peer: PicturePeer, piece: number): void {
    peer.mark(piece)
    this.availability[piece]!++
  }
}

function marks(picture: string): readonly number[] {
  return [...picture.split('').keys()].filter(i => picture.charAt(i) === 'x')
}
