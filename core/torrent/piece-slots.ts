// A slot is the memory of one open piece and the account of its blocks: which are free, asked or here, who asked, who
// is sending right now, and who sent. A piece can only be open while it has a slot, which bounds memory; a block has
// one writer at a time, so two peers sending the same block cannot mix their bytes.
import { BLOCK_LENGTH, type PieceGeometry } from '../protocol/geometry.js'
import type { PieceIndex } from '../protocol/ids.js'
import type { BufferArena } from './buffer-arena.js'
import type { Claim } from './slot-claims.js'

/** Of a block in an open piece. */
export const BlockState = { Free: 0, Asked: 1, Here: 2 } as const

const MAX_SLOTS = 1024
export const NO_SLOT = -1
export const NOBODY = -1

export class PieceSlots {
  /** Slot of each open or verifying piece, or NO_SLOT. */
  readonly slotOf: Int16Array
  /** Slots in use are open[0 to openCount-1], in the order they were opened. */
  readonly open = new Int16Array(MAX_SLOTS)
  openCount = 0

  readonly piece: Int32Array
  /** Blocks of the piece in no state but Free; and those that are Here. */
  readonly freeBlocks: Int32Array
  readonly hereBlocks: Int32Array
  /** No block before this one is Free. */
  readonly cursor: Int32Array
  /** The peer that works through this slot now, or NOBODY. */
  readonly owner: Int32Array
  /** The one peer that may fill this slot (parole), or NOBODY. */
  readonly exclusive: Int32Array
  readonly blockState: Uint8Array
  /** How many peers were asked for a block and have not answered. */
  readonly askers: Uint8Array
  /** Peer slot now sending the block, or NOBODY. */
  readonly writer: Int16Array
  /** Serial number of the peer that sent the block (see PeerTable); 0 for none. */
  readonly sender: Uint32Array

  /** Milliseconds, by the tick: when the slot was taken, or a block of it came. */
  readonly movedAt: Float64Array

  private readonly claim: Claim
  private readonly stride: number
  private readonly offset: Float64Array
  private readonly idle: number[] = []
  private readonly bytes: Uint8Array

  constructor(
    private readonly geometry: PieceGeometry,
    private readonly arena: BufferArena,
  ) {
    this.claim = arena.claims.open()
    this.stride = geometry.blocksPerPiece
    const most = Math.max(2, Math.min(MAX_SLOTS, geometry.pieceCount, Math.floor(arena.bytes / geometry.pieceLength)))
    this.slotOf = new Int16Array(geometry.pieceCount).fill(NO_SLOT)
    this.piece = new Int32Array(most).fill(-1)
    this.freeBlocks = new Int32Array(most)
    this.hereBlocks = new Int32Array(most)
    this.cursor = new Int32Array(most)
    this.owner = new Int32Array(most).fill(NOBODY)
    this.exclusive = new Int32Array(most).fill(NOBODY)
    this.offset = new Float64Array(most)
    this.movedAt = new Float64Array(most)
    this.blockState = new Uint8Array(most * this.stride)
    this.askers = new Uint8Array(most * this.stride)
    this.writer = new Int16Array(most * this.stride).fill(NOBODY)
    this.sender = new Uint32Array(most * this.stride)
    this.bytes = new Uint8Array(arena.memory)
    for (let slot = most - 1; slot >= 0; slot--) this.idle.push(slot)
  }

  /** Gives the piece a slot, or NO_SLOT when there is no memory for it now. */
  take(piece: PieceIndex, now = 0): number {
    const slot = this.idle[this.idle.length - 1]
    if (slot === undefined) return NO_SLOT
    const length = this.geometry.lengthOf(piece)
    const offset = this.arena.claims.mayTake(this.claim) ? this.arena.alloc(length, 'slot') : -1
    this.claim.hungry = offset < 0
    if (offset < 0) return NO_SLOT
    this.arena.claims.given(this.claim, length)
    this.movedAt[slot] = now
    this.idle.pop()
    const blocks = this.geometry.blocksIn(piece)
    const first = slot * this.stride
    this.blockState.fill(BlockState.Free, first, first + blocks)
    this.askers.fill(0, first, first + blocks)
    this.writer.fill(NOBODY, first, first + blocks)
    this.sender.fill(0, first, first + blocks)
    this.piece[slot] = piece
    this.offset[slot] = offset
    this.freeBlocks[slot] = blocks
    this.hereBlocks[slot] = 0
    this.cursor[slot] = 0
    this.owner[slot] = NOBODY
    this.exclusive[slot] = NOBODY
    this.slotOf[piece] = slot
    this.open[this.openCount++] = slot
    return slot
  }

  release(slot: number): void {
    const piece = this.pieceIn(slot)
    this.arena.free(this.offset[slot]!, this.geometry.lengthOf(piece), 'slot')
    this.claim.held -= this.geometry.lengthOf(piece)
    this.slotOf[piece] = NO_SLOT
    this.piece[slot] = -1
    this.idle.push(slot)
    const at = this.open.indexOf(slot)
    this.open.copyWithin(at, at + 1, this.openCount--)
  }

  /** Memory is wanted by another torrent, which has less than this one. */
  get pressed(): boolean {
    return !this.arena.claims.mayTake(this.claim)
  }

  /** A tick: whether this torrent wants memory shows when it asks again. */
  forgetHunger(): void {
    this.claim.hungry = false
  }

  /** No slot is in use any more. */
  close(): void {
    this.arena.claims.close(this.claim)
  }

  /** All that have a slot. */
  get pieces(): readonly number[] {
    const pieces: number[] = []
    for (let i = 0; i < this.openCount; i++) pieces.push(this.piece[this.open[i]!]!)
    return pieces
  }

  pieceIn(slot: number): PieceIndex {
    return this.piece[slot]! as PieceIndex
  }

  /** Index of a block in the arrays of all blocks. */
  block(slot: number, k: number): number {
    return slot * this.stride + k
  }

  data(slot: number): Uint8Array {
    return this.arena.view(this.offset[slot]!, this.geometry.lengthOf(this.pieceIn(slot)))
  }

  blockData(slot: number, k: number): Uint8Array {
    const from = this.offset[slot]! + k * BLOCK_LENGTH
    return this.bytes.subarray(from, from + this.geometry.blockLength(this.pieceIn(slot), k))
  }

  full(slot: number): boolean {
    return this.hereBlocks[slot] === this.geometry.blocksIn(this.pieceIn(slot))
  }

  /** One more peer is asked for a block. */
  ask(slot: number, k: number): void {
    const block = this.block(slot, k)
    if (this.blockState[block] === BlockState.Free) {
      this.blockState[block] = BlockState.Asked
      this.freeBlocks[slot]!--
    }
    this.askers[block]!++
  }

  /** One peer fewer is asked for it. True: nobody is any more, so the block is free again. */
  unask(slot: number, k: number): boolean {
    const block = this.block(slot, k)
    if (this.askers[block]! > 0) this.askers[block]!--
    if (this.blockState[block] !== BlockState.Asked || this.askers[block]! > 0) return false
    this.blockState[block] = BlockState.Free
    this.freeBlocks[slot]!++
    this.cursor[slot] = Math.min(this.cursor[slot]!, k)
    return true
  }

  /** It is here, from the peer of that serial. True: others were asked for it too. */
  keep(slot: number, k: number, serial: number): boolean {
    const block = this.block(slot, k)
    this.writer[block] = NOBODY
    this.blockState[block] = BlockState.Here
    this.sender[block] = serial
    this.hereBlocks[slot]!++
    return --this.askers[block]! > 0
  }

  /** The serials of all who sent a block of this piece, each once. */
  senders(slot: number): readonly number[] {
    const first = slot * this.stride
    return [...new Set(this.sender.subarray(first, first + this.geometry.blocksIn(this.pieceIn(slot))))]
  }
}
