// What one peer says once it has joined: each message is passed on to whoever decides about it, and what the peer grants
// us and sends unasked is kept here.
import type { PeerLink } from '../contracts/peer-transport.js'
import type { WireHandler } from '../protocol/wire-decoder.js'
import { CloseReason } from './close-reason.js'
import { ReadFlow } from './flows.js'
import { FAST_PIECES, type PeerDemand } from './peer-demand.js'
import type { PeerExtensions } from './peer-extensions.js'
import { type PeerPieces, Told } from './peer-pieces.js'
import { type Peer, PeerFlag } from './peer-table.js'
import type { RateLane } from './rate-gate.js'
import type { Swarm } from './swarm.js'

/** Bytes nobody asked for before a peer is closed. */
const MOST_UNREQUESTED = 8 << 20

/** A peer that can be shown the door. */
export interface Speaker extends Peer {
  close(reason: CloseReason): void
}

export class PeerEar implements WireHandler {
  /** Pieces it lets us have while it chokes us (BEP 6). */
  allowedFast: readonly number[] = []
  private unrequested = 0
  /** Where there is a limit: our turns to read. */
  private reading: ReadFlow | null = null

  constructor(
    private readonly peer: Speaker,
    private readonly swarm: Swarm,
    private readonly link: PeerLink,
    private readonly pieces: PeerPieces,
    private readonly demand: PeerDemand,
    private readonly extensions: PeerExtensions,
  ) {}

  /** It is we who do not read what it sends. */
  get paused(): boolean {
    return this.reading !== null && this.reading.paused
  }

  leave(): void {
    this.reading?.leave()
  }

  onKeepAlive(): void {}

  onChoke(): void {
    const { swarm, peer } = this
    if (swarm.peers.is(peer.slot, PeerFlag.TheyChoke)) return
    swarm.peers.set(peer.slot, PeerFlag.TheyChoke, true)
    // With BEP 6 each request is refused by a message of its own.
    if (!peer.voice.fast) swarm.scheduler.release(peer)
    else swarm.scheduler.choked(peer)
  }

  onUnchoke(): void {
    this.swarm.peers.set(this.peer.slot, PeerFlag.TheyChoke, false)
    this.swarm.scheduler.wake(this.peer)
  }

  onInterested(): void {
    const { swarm, peer } = this
    if (swarm.peers.is(peer.slot, PeerFlag.TheyWant)) return
    swarm.peers.set(peer.slot, PeerFlag.TheyWant, true)
    if (swarm.peers.is(peer.slot, PeerFlag.WeChoke)) swarm.chokes.interested(peer)
  }

  onNotInterested(): void {
    const { swarm, peer } = this
    if (!swarm.peers.is(peer.slot, PeerFlag.TheyWant)) return
    swarm.peers.set(peer.slot, PeerFlag.TheyWant, false)
    swarm.chokes.left()
  }

  onHave(piece: number): void {
    this.told(this.pieces.one(piece))
  }

  onBitfield(bits: Uint8Array): void {
    this.told(this.pieces.bitfield(bits))
  }

  onHaveAll(): void {
    this.told(this.pieces.all())
  }

  onHaveNone(): void {
    this.told(this.pieces.none())
  }

  onRequest(piece: number, begin: number, length: number): void {
    const reason = this.demand.request(piece, begin, length)
    if (reason !== null) this.peer.close(reason)
  }

  onCancel(piece: number, begin: number, length: number): void {
    this.demand.cancel(piece, begin, length)
  }

  onSuggest(): void {}

  onReject(piece: number, begin: number, length: number): void {
    const { swarm, peer } = this
    // The answer to a cancel says nothing of what was asked since.
    if (peer.voice.takesBack(length)) return
    if (!swarm.scheduler.rejected(peer, piece, begin, length)) return
    this.allowedFast = this.allowedFast.filter(allowed => allowed !== piece)
    if (!swarm.peers.is(peer.slot, PeerFlag.TheyChoke)) this.pieces.refuse(piece)
  }

  onAllowedFast(piece: number): void {
    if (this.allowedFast.length >= 4 * FAST_PIECES || this.allowedFast.includes(piece)) return
    this.allowedFast = [...this.allowedFast, piece]
    this.swarm.scheduler.wake(this.peer)
  }

  onExtended(id: number, payload: Uint8Array): void {
    if (!this.extensions.heard(this.peer.slot, id, payload)) this.peer.close(CloseReason.Flood)
  }

  onUnknown(): void {}

  blockTarget(piece: number, begin: number, length: number): Uint8Array | null {
    return this.swarm.scheduler.target(this.peer, piece, begin, length)
  }

  onBlock(piece: number, begin: number, length: number, copied: boolean): void {
    const { swarm, peer } = this
    if (swarm.pace.reads.limited) this.payFor(length, swarm.pace.reads)
    if (swarm.scheduler.received(peer, piece, begin, length, copied)) return
    if (peer.voice.takesBack(length)) return
    this.unrequested += length
    if (this.unrequested > MOST_UNREQUESTED) peer.close(CloseReason.Unrequested)
  }

  private payFor(bytes: number, lane: RateLane): void {
    this.reading ??= new ReadFlow(this.link, lane)
    this.reading.took(bytes)
  }

  private told(told: Told): void {
    const { book } = this.swarm
    if (told === Told.Nonsense) this.peer.close(CloseReason.Protocol)
    else if (told === Told.Seed && book.complete && book.have.full) this.peer.close(CloseReason.BothSeeds)
  }
}
