// The account of what peers were asked for: a request counts here and at the block in its slot, and both change together.
import { BLOCK_LENGTH, type PieceGeometry } from '../protocol/geometry.js'
import type { PieceIndex } from '../protocol/ids.js'
import type { SchedulerParts } from './block-scheduler.js'
import { BlockState, NO_SLOT, type PieceSlots } from './piece-slots.js'
import type { Peer, PeerTable } from './peer-table.js'
import { numberNamed, numberOf, Requests } from './requests.js'

export class AskedBlocks {
  readonly requests = new Requests()
  /** Grows whenever something to ask may have appeared. */
  stock = 0
  private readonly geometry: PieceGeometry
  private readonly slots: PieceSlots
  private readonly peers: PeerTable

  constructor({ geometry, slots, peers }: SchedulerParts) {
    this.geometry = geometry
    this.slots = slots
    this.peers = peers
  }

  /** Blocks asked of a peer that it has not sent. */
  count(peer: number): number {
    return this.requests.count(peer)
  }

  /** The piece of which it owes the oldest block; only where it owes one. */
  oldestPiece(peer: number): number {
    return Math.floor(this.requests.at(peer, 0) / this.geometry.blocksPerPiece)
  }

  /** Asks for blocks of the piece that nobody was asked for, `room` at most; says how many. */
  askFree(slot: number, peer: Peer, room: number): number {
    const blocks = this.geometry.blocksIn(this.slots.pieceIn(slot))
    let asked = 0
    let k = this.slots.cursor[slot]!
    for (; k < blocks && asked < room; k++) {
      if (this.slots.blockState[this.slots.block(slot, k)] !== BlockState.Free) continue
      this.ask(peer, slot, k)
      asked++
    }
    this.slots.cursor[slot] = k
    return asked
  }

  ask(peer: Peer, slot: number, k: number): void {
    const piece = this.slots.pieceIn(slot)
    this.slots.ask(slot, k)
    this.requests.add(peer.slot, numberOf(this.geometry, piece, k))
    peer.voice.request(piece, k * BLOCK_LENGTH, this.geometry.blockLength(piece, k))
  }

  /** The block, as a peer names it, was asked of this one, and is not counted as asked any more. */
  take(peer: number, piece: number, begin: number, length: number): boolean {
    return this.requests.take(peer, numberNamed(this.geometry, piece, begin, length))
  }

  has(peer: number, piece: number, begin: number, length: number): boolean {
    return this.requests.has(peer, numberNamed(this.geometry, piece, begin, length))
  }

  /** One peer fewer is asked for the block. */
  unask(slot: number, k: number): void {
    if (this.slots.unask(slot, k)) this.stock++
  }

  /** It will send nothing of what it was asked. */
  forget(peer: number): void {
    const { requests, geometry } = this
    for (let number = requests.shift(peer); number >= 0; number = requests.shift(peer)) {
      const piece = Math.floor(number / geometry.blocksPerPiece)
      const slot = this.slots.slotOf[piece] ?? NO_SLOT
      if (slot !== NO_SLOT) this.unask(slot, number - piece * geometry.blocksPerPiece)
    }
  }

  /** It is told to send nothing of what it was asked, which goes on to count until `forget`. */
  cancelAll(peer: Peer): void {
    for (let i = 0; i < this.requests.count(peer.slot); i++) {
      const number = this.requests.at(peer.slot, i)
      const piece = this.geometry.piece(Math.floor(number / this.geometry.blocksPerPiece))
      if (piece !== -1) this.sayCancel(peer, piece, number - piece * this.geometry.blocksPerPiece)
    }
  }

  /** The block is here: whoever else was asked for it need not send it. */
  cancelOthers(slot: number, k: number): void {
    for (const other of this.peers) if (this.cancel(other, slot, k)) this.slots.unask(slot, k)
  }

  /** False: this peer was not asked for it. The slot counts it on. */
  cancel(peer: Peer, slot: number, k: number): boolean {
    const piece = this.slots.pieceIn(slot)
    if (!this.requests.take(peer.slot, numberOf(this.geometry, piece, k))) return false
    this.sayCancel(peer, piece, k)
    return true
  }

  private sayCancel(peer: Peer, piece: PieceIndex, k: number): void {
    peer.voice.cancel(piece, k * BLOCK_LENGTH, this.geometry.blockLength(piece, k))
  }
}
