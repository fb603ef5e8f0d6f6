// Which blocks to ask of which peer, as many as its pipeline takes, and what becomes of those asked: they come, are
// refused, or are asked of others. The account of them is in asked-blocks.
import { LONG_AGO } from '../base/clock.js'
import { PieceState } from '../contracts/piece-selector.js'
import { BLOCK_LENGTH, type PieceGeometry } from '../protocol/geometry.js'
import type { PieceIndex } from '../protocol/ids.js'
import { Arrivals } from './arrivals.js'
import { AskedBlocks } from './asked-blocks.js'
import { EndGame } from './end-game.js'
import { AskFlow } from './flows.js'
import type { PieceBook } from './piece-book.js'
import { NO_SLOT, type PieceSlots } from './piece-slots.js'
import { type Peer, PeerFlag, type PeerTable } from './peer-table.js'
import { PieceWork } from './piece-work.js'
import { Pipelines } from './pipelines.js'
import type { RateLane } from './rate-gate.js'
import { auditRequests } from './scheduler-audit.js'
import type { SelectorGuard } from './selector-guard.js'
import { Snubs } from './snubs.js'
import { Surrender } from './surrender.js'

export interface SchedulerParts {
  readonly geometry: PieceGeometry
  readonly book: PieceBook
  readonly slots: PieceSlots
  readonly peers: PeerTable
  readonly now: number
}

export class BlockScheduler {
  private readonly asked: AskedBlocks
  private readonly arrivals: Arrivals
  private readonly pipelines: Pipelines
  private readonly work: PieceWork
  private readonly endGame: EndGame
  private readonly snubs: Snubs
  private readonly surrender: Surrender
  /** The stock of blocks at which a fill found nothing: not tried again before it changes. */
  private readonly idleAt: Float64Array
  /** By peer, where it may have to wait for its turn to be asked. */
  private readonly turns: (AskFlow | undefined)[] = []
  private nextFirst = 0
  private now = LONG_AGO
  private readonly book: PieceBook
  private readonly slots: PieceSlots
  private readonly peers: PeerTable

  constructor(
    private readonly parts: SchedulerParts,
    selector: SelectorGuard,
    private readonly lane: RateLane,
    pieceFull: (slot: number) => void,
  ) {
    const { peers } = parts
    this.book = parts.book
    this.slots = parts.slots
    this.peers = peers
    this.now = parts.now
    this.pipelines = new Pipelines(peers)
    this.work = new PieceWork(parts, selector)
    this.asked = new AskedBlocks(parts)
    this.arrivals = new Arrivals(parts, this.asked, this.pipelines, pieceFull)
    this.endGame = new EndGame(parts, this.asked)
    this.snubs = new Snubs(peers, this.asked, this.pipelines)
    this.surrender = new Surrender(parts, this.asked, this.arrivals)
    this.idleAt = new Float64Array(peers.capacity).fill(-1)
  }

  get wasted(): number {
    return this.arrivals.wasted
  }

  /** Blocks asked of a peer that it has not sent. */
  outstanding(peer: number): number {
    return this.asked.count(peer)
  }

  /** Asks a peer for as much as its pipeline has room for, in its turn where there is a limit. */
  fill(peer: Peer): void {
    if (this.lane.limited) this.lineUp(peer)
    else this.ask(peer, Infinity)
  }

  /** Asks for `most` blocks at most; says for how many. */
  private ask(peer: Peer, most: number): number {
    const p = peer.slot
    if (this.idleAt[p] === this.asked.stock) return 0
    const choked = this.peers.is(p, PeerFlag.TheyChoke)
    if (choked && peer.allowedFast.length === 0) return 0
    const outstanding = this.asked.count(p)
    let room = Math.min(most, this.pipelines.room(p, outstanding))
    if (room === 0) return 0
    if (outstanding === 0) this.peers.lastBlock[p] = this.now
    const all = room
    while (room > 0) {
      const slot = choked ? this.work.fastSlot(peer) : this.work.slotFor(peer)
      if (slot === NO_SLOT) break
      room -= this.asked.askFree(slot, peer, room)
    }
    if (room > 0 && !choked && this.atTheEnd() && !this.peers.is(p, PeerFlag.Parole | PeerFlag.Snubbing))
      room -= this.endGame.repeat(peer, room, this.now)
    if (room > 0) this.idleAt[p] = this.asked.stock
    return all - room
  }

  private lineUp(peer: Peer): void {
    const p = peer.slot
    if (this.idleAt[p] === this.asked.stock || this.pipelines.room(p, this.asked.count(p)) === 0) return
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
    this.asked.stock++
  }

  /** Where the block now arriving goes, or null: it is not to be kept. */
  target(peer: Peer, piece: number, begin: number, length: number): Uint8Array | null {
    return this.arrivals.target(peer, piece, begin, length)
  }

  /** A block has come to its end; `kept` where it went to its target. False: it was never asked for. */
  received(peer: Peer, piece: number, begin: number, length: number, kept: boolean): boolean {
    return this.arrivals.received(peer, piece, begin, length, kept)
  }

  /** The peer refused a request (BEP 6). False: it was not asked for that. */
  rejected(peer: Peer, piece: number, begin: number, length: number): boolean {
    if (!this.asked.take(peer.slot, piece, begin, length)) return false
    const slot = this.slots.slotOf[piece] ?? NO_SLOT
    if (slot !== NO_SLOT) this.asked.unask(slot, begin / BLOCK_LENGTH)
    if (this.lane.limited) this.lane.refund(length)
    return true
  }

  /** The peer will send nothing of what it was asked: it choked us, went away, or snubs. */
  release(peer: Peer): void {
    const p = peer.slot
    this.arrivals.stop(peer)
    this.leaveTurn(p)
    this.asked.forget(p)
    this.work.quit(p)
    this.surrender.left(p)
    this.idleAt[p] = -1
  }

  private leaveTurn(p: number): void {
    const turn = this.turns[p]
    if (turn === undefined) return
    this.lane.leave(turn)
    this.lane.refund(this.asked.count(p) * BLOCK_LENGTH)
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
    this.arrivals.tick(now)
    this.work.tick(now)
    this.asked.stock++
    this.slots.forgetHunger()
    this.peers.tickRates(elapsedMs)
    for (const peer of this.peers) this.review(peer)
    this.surrender.tick(now)
    // What was taken from those that stand still is offered to all others first.
    for (const peer of this.peers) if (!this.peers.is(peer.slot, PeerFlag.Snubbing)) this.fill(peer)
    for (const peer of this.peers) if (this.peers.is(peer.slot, PeerFlag.Snubbing)) this.fill(peer)
  }

  private review(peer: Peer): void {
    this.pipelines.tick(peer.slot)
    if (!this.snubs.overdue(peer.slot, this.now)) return
    this.asked.cancelAll(peer)
    this.release(peer)
    this.snubs.mark(peer, this.now)
  }

  /** Nobody wants the piece any more; where it is open, what came of it is thrown away. */
  drop(piece: PieceIndex): void {
    const slot = this.slots.slotOf[piece] ?? NO_SLOT
    if (slot !== NO_SLOT) this.surrender.giveUp(slot)
  }

  /** The torrent is closing: nothing stays open. */
  abandonAll(): void {
    this.surrender.all()
  }

  checkInvariants(): readonly string[] {
    return auditRequests({ ...this.parts, requests: this.asked.requests })
  }

  /** No piece is left to open, or none can be: a peer with nothing else to send may repeat what others were asked. */
  private atTheEnd(): boolean {
    return this.work.noMemory || this.book.count(PieceState.Wanted) === 0
  }
}
