// Which blocks to ask of which peer, as many as its pipeline takes, and what becomes of those asked: they come, are
// refused, or are asked of others. When nothing is left to ask, blocks asked of others are asked again (end game).
import { LONG_AGO } from '../base/clock.js'
import { PieceState } from '../contracts/piece-selector.js'
import { BLOCK_LENGTH, type PieceGeometry } from '../protocol/geometry.js'
import type { PieceIndex } from '../protocol/ids.js'
import { AskFlow } from './flows.js'
import { hopeless } from './hopeless-piece.js'
import type { PieceBook } from './piece-book.js'
import { BlockState, NO_SLOT, NOBODY, type PieceSlots } from './piece-slots.js'
import { type Peer, PeerFlag, type PeerTable } from './peer-table.js'
import { PieceWork } from './piece-work.js'
import { Pipelines } from './pipelines.js'
import type { RateLane } from './rate-gate.js'
import { numberNamed, numberOf, Requests } from './requests.js'
import { auditRequests } from './scheduler-audit.js'
import type { SelectorGuard } from './selector-guard.js'

/** A peer that owes blocks and has sent none for this long is snubbing: what it was asked is asked of others. */
const SNUB_MS = 60_000
/** The same where someone else has the piece. */
const SNUB_SHARED_MS = 20_000
/** A block may be asked of this many peers at once, in end game. */
const MOST_ASKERS = 2
/** Repeated requests to one peer in one go. */
const MOST_REPEATS = 32
/** A sender that stands still in the middle of a block loses it to another after this long. */
const STALLED_MS = 2_000
/** Where there is no memory for another piece: one of which no block came for this long is asked of idle peers as well. */
const STUCK_PIECE_MS = 5_000
/** A piece of which no block came for this long gives its memory up where another torrent wants it. */
const IDLE_PIECE_MS = 30_000

export interface SchedulerParts {
  readonly geometry: PieceGeometry
  readonly book: PieceBook
  readonly slots: PieceSlots
  readonly peers: PeerTable
  readonly now: number
}

export class BlockScheduler {
  private readonly requests = new Requests()
  private readonly pipelines: Pipelines
  private readonly work: PieceWork
  /** Where a fill found nothing: not tried again before the tick or the stock of blocks changes. */
  private readonly idleAt: Float64Array
  /** The block a peer is in the middle of sending, as PieceSlots numbers it, or -1. */
  private readonly writing: Int32Array
  /** By peer, where it may have to wait for its turn to be asked. */
  private readonly turns: (AskFlow | undefined)[] = []
  private stock = 0
  private nextFirst = 0
  private now = LONG_AGO
  /** Bytes that came and were of no use: asked twice, late, or not asked at all. */
  wasted = 0

  private readonly geometry: PieceGeometry
  private readonly book: PieceBook
  private readonly slots: PieceSlots
  private readonly peers: PeerTable

  constructor(
    private readonly parts: SchedulerParts,
    selector: SelectorGuard,
    private readonly lane: RateLane,
    private readonly pieceFull: (slot: number) => void,
  ) {
    const { peers } = parts
    this.geometry = parts.geometry
    this.book = parts.book
    this.slots = parts.slots
    this.peers = peers
    this.now = parts.now
    this.pipelines = new Pipelines(peers)
    this.work = new PieceWork(parts, selector)
    this.idleAt = new Float64Array(peers.capacity).fill(-1)
    this.writing = new Int32Array(peers.capacity).fill(-1)
  }

  /** Blocks asked of a peer that it has not sent. */
  outstanding(peer: number): number {
    return this.requests.count(peer)
  }

  /** Asks a peer for as much as its pipeline has room for, in its turn where there is a limit. */
  fill(peer: Peer): void {
    if (this.lane.limited) this.lineUp(peer)
    else this.ask(peer, Infinity)
  }

  /** Asks for `most` blocks at most; says for how many. */
  private ask(peer: Peer, most: number): number {
    const p = peer.slot
    if (this.idleAt[p] === this.stock) return 0
    const choked = this.peers.is(p, PeerFlag.TheyChoke)
    if (choked && peer.allowedFast.length === 0) return 0
    const outstanding = this.requests.count(p)
    let room = Math.min(most, this.pipelines.room(p, outstanding))
    if (room === 0) return 0
    if (outstanding === 0) this.peers.lastBlock[p] = this.now
    const all = room
    while (room > 0) {
      const slot = choked ? this.work.fastSlot(peer) : this.work.slotFor(peer)
      if (slot === NO_SLOT) break
      room -= this.askFrom(slot, peer, room)
    }
    if (room > 0 && !choked && this.atTheEnd() && !this.peers.is(p, PeerFlag.Parole | PeerFlag.Snubbing))
      room -= this.repeat(peer, room)
    if (room > 0) this.idleAt[p] = this.stock
    return all - room
  }

  private lineUp(peer: Peer): void {
    const p = peer.slot
    if (this.idleAt[p] === this.stock || this.pipelines.room(p, this.requests.count(p)) === 0) return
    if (this.peers.is(p, PeerFlag.TheyChoke) && peer.allowedFast.length === 0) return
    this.lane.want((this.turns[p] ??= new AskFlow(peer, (one, blocks) => this.turn(one, blocks))))
  }

  private turn(peer: Peer, blocks: number): number {
    const asked = this.ask(peer, blocks)
    if (asked > 0) this.lineUp(peer)
    peer.voice.flush()
    return asked
  }

  /** Everyone, another one first each time: memory that has come free is not always the same peer's. */
  fillAll(): void {
    const { liveCount } = this.peers
    const first = liveCount === 0 ? 0 : this.nextFirst++ % liveCount
    for (let i = 0; i < liveCount; i++) {
      const peer = this.peers.peers[this.peers.live[(first + i) % liveCount]!]
      if (peer) {
        this.fill(peer)
        peer.voice.flush()
      }
    }
  }

  /** Something to ask may have appeared (a piece is wanted again, memory is free, a peer has more). */
  restock(): void {
    this.stock++
  }

  /** Where the block now arriving goes, or null: nobody asked for it, it is here already, or someone is sending it. */
  target(peer: Peer, piece: number, begin: number, length: number): Uint8Array | null {
    const slot = this.slots.slotOf[piece] ?? NO_SLOT
    const k = begin / BLOCK_LENGTH
    if (slot === NO_SLOT || !this.requests.has(peer.slot, numberNamed(this.geometry, piece, begin, length))) return null
    const block = this.slots.block(slot, k)
    if (this.slots.blockState[block] !== BlockState.Asked) return null
    const writer = this.slots.writer[block]!
    if (writer !== NOBODY) {
      const stalled = this.peers.peers[writer]
      if (stalled && this.now - this.peers.lastBlock[writer]! < STALLED_MS) return null
      if (stalled) this.stopWriting(stalled)
    }
    this.slots.writer[block] = peer.slot
    this.writing[peer.slot] = block
    return this.slots.blockData(slot, k)
  }

  /** A block has come to its end; `kept` where it went to its target. False: it was never asked for. */
  received(peer: Peer, piece: number, begin: number, length: number, kept: boolean): boolean {
    const p = peer.slot
    const k = begin / BLOCK_LENGTH
    const known = this.requests.take(p, numberNamed(this.geometry, piece, begin, length))
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
      if (known && slot !== NO_SLOT) this.unask(slot, k)
      return known
    }
    this.slots.movedAt[slot] = this.now
    if (this.slots.keep(slot, k, peer.serial)) this.cancelOthers(slot, k)
    if (this.slots.full(slot)) this.pieceFull(slot)
    return known
  }

  /** The peer refused a request (BEP 6). False: it was not asked for that. */
  rejected(peer: Peer, piece: number, begin: number, length: number): boolean {
    if (!this.requests.take(peer.slot, numberNamed(this.geometry, piece, begin, length))) return false
    const slot = this.slots.slotOf[piece] ?? NO_SLOT
    if (slot !== NO_SLOT) this.unask(slot, begin / BLOCK_LENGTH)
    if (this.lane.limited) this.lane.refund(length)
    return true
  }

  /** The peer will send nothing of what it was asked: it choked us, went away, or snubs. */
  release(peer: Peer): void {
    const p = peer.slot
    this.stopWriting(peer)
    this.leaveTurn(p)
    for (let number = this.requests.shift(p); number >= 0; number = this.requests.shift(p)) {
      const piece = Math.floor(number / this.geometry.blocksPerPiece)
      const slot = this.slots.slotOf[piece] ?? NO_SLOT
      if (slot !== NO_SLOT) this.unask(slot, number - piece * this.geometry.blocksPerPiece)
    }
    this.work.leave(p)
    for (let i = this.slots.openCount - 1; i >= 0; i--) {
      const slot = this.slots.open[i]!
      if (this.slots.owner[slot] === p) this.slots.owner[slot] = NOBODY
      if (this.slots.exclusive[slot] === p && this.isOpen(slot)) this.giveUp(slot)
    }
    this.idleAt[p] = -1
  }

  private leaveTurn(p: number): void {
    const turn = this.turns[p]
    if (turn === undefined) return
    this.lane.leave(turn)
    this.lane.refund(this.requests.count(p) * BLOCK_LENGTH)
    this.turns[p] = undefined
  }

  /** It chokes us, and will refuse one by one what it was asked (BEP 6): others may take over what it is at. */
  choked(peer: Peer): void {
    this.work.leave(peer.slot)
    this.wake(peer)
  }

  /** The peer has news: it unchoked us, or has more. */
  wake(peer: Peer): void {
    this.idleAt[peer.slot] = -1
  }

  /** Once a second: rates, pipelines, snubs, and pieces that nobody can finish. */
  tick(now: number, elapsedMs: number): void {
    this.now = now
    this.work.tick(now)
    this.stock++
    this.slots.forgetHunger()
    this.peers.tickRates(elapsedMs)
    for (const peer of this.peers) this.review(peer)
    this.giveUpHopeless()
    if (this.slots.pressed) this.giveUpIdle()
    // What was taken from those that stand still is offered to all others first.
    for (const peer of this.peers) if (!this.peers.is(peer.slot, PeerFlag.Snubbing)) this.fill(peer)
    for (const peer of this.peers) if (this.peers.is(peer.slot, PeerFlag.Snubbing)) this.fill(peer)
  }

  /** Nobody wants the piece any more; where it is open, what came of it is thrown away. */
  drop(piece: PieceIndex): void {
    const slot = this.slots.slotOf[piece] ?? NO_SLOT
    if (slot !== NO_SLOT && this.isOpen(slot)) this.giveUp(slot)
  }

  /** The torrent is closing: nothing stays open. */
  abandonAll(): void {
    for (let i = this.slots.openCount - 1; i >= 0; i--)
      if (this.isOpen(this.slots.open[i]!)) this.giveUp(this.slots.open[i]!)
  }

  checkInvariants(): readonly string[] {
    return auditRequests({ ...this.parts, requests: this.requests })
  }

  private isOpen(slot: number): boolean {
    return this.book.state[this.slots.pieceIn(slot)] === PieceState.Open
  }

  private askFrom(slot: number, peer: Peer, room: number): number {
    const piece = this.slots.pieceIn(slot)
    const blocks = this.geometry.blocksIn(piece)
    let asked = 0
    let k = this.slots.cursor[slot]!
    for (; k < blocks && asked < room; k++) {
      if (this.slots.blockState[this.slots.block(slot, k)] !== BlockState.Free) continue
      this.askBlock(peer, slot, k)
      asked++
    }
    this.slots.cursor[slot] = k
    return asked
  }

  private askBlock(peer: Peer, slot: number, k: number): void {
    const piece = this.slots.pieceIn(slot)
    this.slots.ask(slot, k)
    this.requests.add(peer.slot, numberOf(this.geometry, piece, k))
    peer.voice.request(piece, k * BLOCK_LENGTH, this.geometry.blockLength(piece, k))
  }

  /** No piece is left to open, or none can be: a peer with nothing else to send may repeat what others were asked. */
  private atTheEnd(): boolean {
    return this.work.noMemory || this.book.count(PieceState.Wanted) === 0
  }

  /**
   * End game, and the way out when all memory waits for slow peers: asks again what others were asked. Memory that waits
   * for a slow disk is no reason to have anything sent twice.
   */
  private repeat(peer: Peer, room: number): number {
    let asked = 0
    const since = this.book.count(PieceState.Wanted) === 0 ? Infinity : this.now - STUCK_PIECE_MS
    const most = Math.min(room, MOST_REPEATS - this.requests.count(peer.slot))
    for (let i = 0; i < this.slots.openCount && asked < most; i++) {
      const slot = this.slots.open[i]!
      if (this.slots.movedAt[slot]! > since || !this.isOpen(slot)) continue
      if (this.slots.exclusive[slot] !== NOBODY || !peer.has(this.slots.pieceIn(slot))) continue
      const piece = this.slots.pieceIn(slot)
      for (let k = 0; k < this.geometry.blocksIn(piece) && asked < most; k++) {
        const block = this.slots.block(slot, k)
        if (this.slots.blockState[block] !== BlockState.Asked || this.slots.askers[block]! >= MOST_ASKERS) continue
        if (this.requests.has(peer.slot, numberOf(this.geometry, piece, k))) continue
        this.askBlock(peer, slot, k)
        asked++
      }
    }
    return asked
  }

  /** What is still to come of the block it is sending is skipped. */
  private stopWriting(peer: Peer): void {
    const block = this.writing[peer.slot]!
    if (block < 0) return
    if (this.slots.writer[block] === peer.slot) this.slots.writer[block] = NOBODY
    this.writing[peer.slot] = -1
    peer.abandonBlock()
  }

  private unask(slot: number, k: number): void {
    if (this.slots.unask(slot, k)) this.stock++
  }

  private cancelOthers(slot: number, k: number): void {
    const piece = this.slots.pieceIn(slot)
    for (const other of this.peers) {
      if (!this.requests.take(other.slot, numberOf(this.geometry, piece, k))) continue
      other.voice.cancel(piece, k * BLOCK_LENGTH, this.geometry.blockLength(piece, k))
      this.slots.unask(slot, k)
    }
  }

  /** Open -> Wanted: what came is thrown away, and whoever is sending a block of it is told to skip the rest. */
  private giveUp(slot: number): void {
    const piece = this.slots.pieceIn(slot)
    for (const peer of this.peers) {
      for (let k = 0; k < this.geometry.blocksIn(piece); k++) {
        if (!this.requests.take(peer.slot, numberOf(this.geometry, piece, k))) continue
        peer.voice.cancel(piece, k * BLOCK_LENGTH, this.geometry.blockLength(piece, k))
        if (this.writing[peer.slot] === this.slots.block(slot, k)) this.stopWriting(peer)
      }
    }
    this.slots.release(slot)
    this.book.move(piece, PieceState.Wanted)
    this.stock++
  }

  private giveUpHopeless(): void {
    for (let i = this.slots.openCount - 1; i >= 0; i--) {
      const slot = this.slots.open[i]!
      if (this.isOpen(slot) && hopeless(this.parts, slot)) this.giveUp(slot)
    }
  }

  /** Of the pieces that stand still, the one that has for longest; one a tick, for memory that another torrent can use. */
  private giveUpIdle(): void {
    let idlest = NO_SLOT
    let since = this.now - IDLE_PIECE_MS
    for (let i = 0; i < this.slots.openCount; i++) {
      const slot = this.slots.open[i]!
      if (this.slots.movedAt[slot]! >= since || !this.isOpen(slot)) continue
      idlest = slot
      since = this.slots.movedAt[slot]!
    }
    if (idlest !== NO_SLOT) this.giveUp(idlest)
  }

  private review(peer: Peer): void {
    const p = peer.slot
    this.pipelines.tick(p)
    if (this.outstanding(p) > 0 && this.now - this.peers.lastBlock[p]! > this.patience(p)) this.snub(peer)
  }

  private patience(p: number): number {
    const piece = Math.floor(this.requests.at(p, 0) / this.geometry.blocksPerPiece)
    for (const other of this.peers) {
      if (other.slot !== p && other.has(piece) && !this.peers.is(other.slot, PeerFlag.TheyChoke)) return SNUB_SHARED_MS
    }
    return SNUB_MS
  }

  private snub(peer: Peer): void {
    for (let i = 0; i < this.requests.count(peer.slot); i++) {
      const number = this.requests.at(peer.slot, i)
      const piece = this.geometry.piece(Math.floor(number / this.geometry.blocksPerPiece))
      if (piece === -1) continue
      const k = number - piece * this.geometry.blocksPerPiece
      peer.voice.cancel(piece, k * BLOCK_LENGTH, this.geometry.blockLength(piece, k))
    }
    this.release(peer)
    if (!this.peers.is(peer.slot, PeerFlag.Snubbing))
      this.peers.silentSince[peer.slot] = this.peers.lastBlock[peer.slot]!
    this.peers.set(peer.slot, PeerFlag.Snubbing, true)
    this.pipelines.snubbed(peer.slot)
    this.peers.lastBlock[peer.slot] = this.now
  }
}
