// Blocks on their way in: where each goes while it comes, who is in the middle of sending which, and what is made of it
// once it is here. A block has one writer at a time.
import { LONG_AGO } from '../base/clock.js'
import { BLOCK_LENGTH } from '../protocol/geometry.js'
import type { AskedBlocks } from './asked-blocks.js'
import type { SchedulerParts } from './block-scheduler.js'
import { BlockState, NO_SLOT, NOBODY, type PieceSlots } from './piece-slots.js'
import { type Peer, PeerFlag, type PeerTable } from './peer-table.js'
import type { Pipelines } from './pipelines.js'

/** A sender that stands still in the middle of a block loses it to another after this long. */
const STALLED_MS = 2_000

export class Arrivals {
  /** Bytes that came and were of no use: asked twice, late, or not asked at all. */
  wasted = 0
  /** The block a peer is in the middle of sending, as PieceSlots numbers it, or -1. */
  private readonly writing: Int32Array
  private now = LONG_AGO
  private readonly slots: PieceSlots
  private readonly peers: PeerTable

  constructor(
    { slots, peers, now }: SchedulerParts,
    private readonly asked: AskedBlocks,
    private readonly pipelines: Pipelines,
    private readonly pieceFull: (slot: number) => void,
  ) {
    this.slots = slots
    this.peers = peers
    this.now = now
    this.writing = new Int32Array(peers.capacity).fill(-1)
  }

  tick(now: number): void {
    this.now = now
  }

  /** Where the block now arriving goes, or null: nobody asked for it, it is here already, or someone is sending it. */
  target(peer: Peer, piece: number, begin: number, length: number): Uint8Array | null {
    const slot = this.slots.slotOf[piece] ?? NO_SLOT
    const k = begin / BLOCK_LENGTH
    if (slot === NO_SLOT || !this.asked.has(peer.slot, piece, begin, length)) return null
    const block = this.slots.block(slot, k)
    if (this.slots.blockState[block] !== BlockState.Asked) return null
    const writer = this.slots.writer[block]!
    if (writer !== NOBODY) {
      const stalled = this.peers.peers[writer]
      if (stalled && this.now - this.peers.lastBlock[writer]! < STALLED_MS) return null
      if (stalled) this.stop(stalled)
    }
    this.slots.writer[block] = peer.slot
    this.writing[peer.slot] = block
    return this.slots.blockData(slot, k)
  }

  /** A block has come to its end; `kept` where it went to its target. False: it was never asked for. */
  received(peer: Peer, piece: number, begin: number, length: number, kept: boolean): boolean {
    const p = peer.slot
    const k = begin / BLOCK_LENGTH
    const known = this.asked.take(p, piece, begin, length)
    this.writing[p] = -1
    this.peers.downNow[p]! += length
    if (known) {
      this.peers.lastBlock[p] = this.now
      this.peers.set(p, PeerFlag.Snubbing, false)
      this.pipelines.blockCame(p)
    }
    const slot = this.slots.slotOf[piece] ?? NO_SLOT
    if (!kept || slot === NO_SLOT) {
      this.wasted += length
      if (known && slot !== NO_SLOT) this.asked.unask(slot, k)
      return known
    }
    this.slots.movedAt[slot] = this.now
    if (this.slots.keep(slot, k, peer.serial)) this.asked.cancelOthers(slot, k)
    if (this.slots.full(slot)) this.pieceFull(slot)
    return known
  }

  /** The peer is in the middle of sending this block. */
  sends(peer: Peer, block: number): boolean {
    return this.writing[peer.slot] === block
  }

  /** What is still to come of the block it is sending is skipped. */
  stop(peer: Peer): void {
    const block = this.writing[peer.slot]!
    if (block < 0) return
    if (this.slots.writer[block] === peer.slot) this.slots.writer[block] = NOBODY
    this.writing[peer.slot] = -1
    peer.abandonBlock()
  }
}
