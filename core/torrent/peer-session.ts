// One link: handshake, messages in, messages out, and what both sides have said of choke and interest. Decisions about
// pieces and blocks are the scheduler's, about choking the round's; this file only speaks.
import type { Endpoint } from '../base/address.js'
import { Bitfield } from '../base/bitfield.js'
import type { NodeError } from '../base/errors.js'
import type { PeerLink, PeerSink } from '../contracts/peer-transport.js'
import { allowedFastSet } from '../protocol/allowed-fast.js'
import { HandshakeReader, type Handshake } from '../protocol/handshake.js'
import { MAX_REQUEST_LENGTH } from '../protocol/limits.js'
import { WireDecoder, type WireHandler } from '../protocol/wire-decoder.js'
import { WireFault } from '../protocol/wire-messages.js'
import { Backlog } from './backlog.js'
import { CloseReason } from './close-reason.js'
import { ReadFlow, UploadFlow } from './flows.js'
import { PeerExtensions } from './peer-extensions.js'
import { PeerLens } from './peer-lens.js'
import { PeerPieces, Told } from './peer-pieces.js'
import { type Peer, PeerFlag } from './peer-table.js'
import { PeerVoice } from './peer-voice.js'
import type { RateLane } from './rate-gate.js'
import type { FindSwarm, Swarm } from './swarm.js'
import { UploadQueue } from './upload-queue.js'

const HANDSHAKE_MS = 10_000
const IDLE_MS = 150_000
const KEEP_ALIVE_MS = 100_000
/** Pieces a choked peer may have all the same (BEP 6), so that a newcomer gets something to trade. */
const FAST_PIECES = 10
/** Requests that make no sense, and bytes nobody asked for, before a peer is closed. */
const MOST_BAD_REQUESTS = 300
const MOST_UNREQUESTED = 8 << 20
/** Refusals that may wait for a peer that does not read them. */
const MOST_UNREAD_REFUSALS = 8_000

export class PeerSession implements PeerSink, WireHandler, Peer {
  slot = -1
  serial = 0
  view = new PeerLens(this, null)
  allowedFast: readonly number[] = []
  extensions: PeerExtensions | null = null
  peerId: Handshake['peerId'] | null = null

  private swarm: Swarm | null
  private reader: HandshakeReader | null = new HandshakeReader()
  private decoder: WireDecoder | null = null
  private uploads: UploadQueue | null = null
  /** Where there is a limit: our turns to send and to read. */
  private upload: UploadFlow | null = null
  private reading: ReadFlow | null = null
  readonly voice: PeerVoice
  private pieces: PeerPieces | null = null
  private grantedFast: readonly number[] = []
  private badRequests = 0
  private unrequested = 0
  private unreadRefusals = 0
  private reason: CloseReason | null = null
  private heardAt: number
  private spokeAt: number
  private readonly backlog: Backlog

  /** Outgoing: `swarm` is given and greets at once. Incoming: the handshake says which one is wanted. */
  constructor(
    readonly link: PeerLink,
    swarm: Swarm | null,
    private readonly find: FindSwarm,
    private readonly ended: (session: PeerSession, reason: CloseReason) => void,
    now: number,
  ) {
    this.swarm = swarm
    this.heardAt = this.spokeAt = now
    this.voice = new PeerVoice(link)
    this.backlog = new Backlog(this.voice, now)
  }

  begin(): void {
    this.link.open(this)
    if (this.swarm !== null) this.voice.greet(this.swarm.infoHash, this.swarm.peerId)
  }

  get remote(): Endpoint {
    return this.link.remote
  }

  get running(): boolean {
    return this.decoder !== null && this.reason === null
  }

  get have(): Bitfield {
    return this.pieces?.have ?? EMPTY
  }

  get seed(): boolean {
    return this.pieces?.seed ?? false
  }

  holds(piece: number): boolean {
    return this.pieces?.holds(piece) ?? false
  }

  has(piece: number): boolean {
    return this.pieces?.has(piece) ?? false
  }

  // ---- the link

  onData(chunk: Uint8Array): void {
    if (this.reason !== null) return
    let from = 0
    if (this.reader !== null) {
      from = this.reader.push(chunk)
      if (from < 0) return this.close(CloseReason.NotPlain)
      if (!this.meet(this.reader)) return
    }
    if (this.decoder === null || this.swarm === null) return
    this.heardAt = this.swarm.now
    const fault = this.decoder.push(chunk, from)
    if (fault !== WireFault.None)
      return this.close(fault === WireFault.BadIndex ? CloseReason.BadIndex : CloseReason.Protocol)
    if (this.reason !== null) return
    this.swarm.scheduler.fill(this)
    this.pump()
    this.voice.flush()
  }

  onWritable(): void {
    this.voice.writable = true
    this.unreadRefusals = 0
    if (this.swarm !== null) this.backlog.catchUp(this.swarm)
    this.pump()
    this.voice.flush()
  }

  onClose(error: NodeError | null): void {
    const reason = this.reason ?? CloseReason.Remote
    this.reason = reason
    if (this.slot >= 0 && this.swarm !== null) this.leave(this.swarm, reason, error)
    this.uploads?.close()
    this.ended(this, reason)
  }

  /** For an incoming link: the swarm it came to want is told that it ended, as that is for one it dialled. */
  swarmEnded(reason: CloseReason): void {
    this.swarm?.ended(this, reason)
  }

  close(reason: CloseReason): void {
    if (this.reason !== null) return
    this.reason = reason
    this.decoder?.stop()
    this.voice.flush()
    if (this.slot >= 0 && this.swarm !== null) this.leave(this.swarm, reason, null)
    this.link.close()
  }

  /** Once a second: time-outs, keep-alives, and sending that waited for memory. */
  tick(now: number): void {
    if (this.reason !== null) return
    const { swarm } = this
    if (!this.running || swarm === null) {
      if (now - this.heardAt > HANDSHAKE_MS) this.close(CloseReason.HandshakeTimeout)
      return
    }
    if (this.reading?.paused) this.excuse(now)
    if (now - this.heardAt > IDLE_MS) return this.close(CloseReason.Idle)
    if (this.backlog.hopeless(now, swarm)) return this.close(CloseReason.Deaf)
    if (this.voice.spoke) this.spokeAt = now
    this.voice.spoke = false
    this.pieces?.forgive(now)
    this.uploads?.tick()
    this.backlog.catchUp(swarm)
    if (now - this.spokeAt > KEEP_ALIVE_MS) this.voice.keepAlive()
    this.pump()
    this.voice.flush()
  }

  // ---- the greeting

  /** False: no more is to be read now. */
  private meet(reader: HandshakeReader): boolean {
    const incoming = this.swarm === null
    if (incoming && reader.infoHash !== null) {
      this.swarm = this.find(reader.infoHash, this.remote)
      if (this.swarm === null) return this.refuse(CloseReason.UnknownTorrent)
      this.voice.greet(this.swarm.infoHash, this.swarm.peerId)
    }
    const handshake = reader.handshake
    const swarm = this.swarm
    if (handshake === null || swarm === null) return false
    this.reader = null
    if (handshake.infoHash.some((byte, i) => byte !== swarm.infoHash[i])) return this.refuse(CloseReason.WrongTorrent)
    this.peerId = handshake.peerId
    const refusal = swarm.admits(this, handshake)
    if (refusal !== null) return this.refuse(refusal)
    this.join(swarm, handshake)
    return true
  }

  private refuse(reason: CloseReason): false {
    this.close(reason)
    return false
  }

  private join(swarm: Swarm, handshake: Handshake): void {
    this.voice.fast = handshake.fast
    this.pieces = new PeerPieces(swarm, this)
    const taken = swarm.peers.take((slot, serial) => {
      this.slot = slot
      this.serial = serial
      return this
    }, swarm.now)
    if (taken === null) return this.close(CloseReason.Full)
    this.view = new PeerLens(this, swarm.peers)
    this.decoder = new WireDecoder(this, swarm.geometry.pieceCount, handshake.fast)
    this.uploads = new UploadQueue(
      this.slot,
      this.voice,
      swarm.geometry,
      swarm.reads,
      piece => swarm.serves(piece),
      bytes => {
        swarm.peers.upNow[this.slot]! += bytes
        swarm.uploaded(bytes)
      },
    )
    this.heardAt = swarm.now
    swarm.joined(this)
    this.voice.pieces(swarm.book.have)
    this.extensions = new PeerExtensions(swarm, this.voice, this.remote.ip)
    if (handshake.extended) this.extensions.greet()
    if (handshake.fast) this.grantFast(swarm)
    this.voice.flush()
  }

  private grantFast(swarm: Swarm): void {
    this.grantedFast = allowedFastSet(this.remote.ip, swarm.infoHash, swarm.geometry.pieceCount, FAST_PIECES)
    for (const piece of this.grantedFast) {
      if (swarm.book.have.has(piece)) this.voice.allowedFast(piece)
    }
  }

  /** It is we who do not read what it sends. */
  private excuse(now: number): void {
    this.heardAt = now
    if (this.swarm !== null) this.swarm.peers.lastBlock[this.slot] = now
  }

  private leave(swarm: Swarm, reason: CloseReason, error: NodeError | null): void {
    swarm.scheduler.release(this)
    if (this.upload !== null) swarm.pace.uploads.leave(this.upload)
    this.reading?.leave()
    this.pieces?.leave()
    swarm.peers.release(this.slot)
    this.slot = -1
    swarm.selector.onRebuild()
    swarm.left(this, reason, error)
  }

  // ---- what we say

  setWanted(wanted: boolean): void {
    if (this.slot < 0 || this.swarm === null || this.swarm.peers.is(this.slot, PeerFlag.WeWant) === wanted) return
    this.swarm.peers.set(this.slot, PeerFlag.WeWant, wanted)
    this.voice.interest(wanted)
  }

  /** We have a piece more. */
  tell(piece: number): void {
    if (this.swarm !== null) this.backlog.tell(piece, this.swarm)
  }

  setChoked(choked: boolean): void {
    this.voice.choke(choked)
    if (choked) this.uploads?.refuse(piece => this.grantedFast.includes(piece))
  }

  /** Whether we want anything more of anybody has changed. */
  tellUploadOnly(): void {
    if (!this.running) return
    this.extensions?.greetAgain()
    this.voice.flush()
  }

  abandonBlock(): void {
    this.decoder?.abandonBlock()
  }

  pump(): void {
    const { uploads, swarm } = this
    if (uploads === null || swarm === null || this.reason !== null) return
    const lane = swarm.pace.uploads
    uploads.pump(lane.limited ? 0 : Infinity)
    if (lane.limited && uploads.ready) lane.want((this.upload ??= new UploadFlow(uploads, lane)))
  }

  // ---- what the peer says

  onKeepAlive(): void {}

  onChoke(): void {
    const swarm = this.swarm
    if (swarm === null || swarm.peers.is(this.slot, PeerFlag.TheyChoke)) return
    swarm.peers.set(this.slot, PeerFlag.TheyChoke, true)
    // With BEP 6 each request is refused by a message of its own.
    if (!this.voice.fast) swarm.scheduler.release(this)
    else swarm.scheduler.choked(this)
  }

  onUnchoke(): void {
    if (this.swarm === null) return
    this.swarm.peers.set(this.slot, PeerFlag.TheyChoke, false)
    this.swarm.scheduler.wake(this)
  }

  onInterested(): void {
    const swarm = this.swarm
    if (swarm === null || swarm.peers.is(this.slot, PeerFlag.TheyWant)) return
    swarm.peers.set(this.slot, PeerFlag.TheyWant, true)
    if (swarm.peers.is(this.slot, PeerFlag.WeChoke)) swarm.chokes.interested(this)
  }

  onNotInterested(): void {
    const swarm = this.swarm
    if (swarm === null || !swarm.peers.is(this.slot, PeerFlag.TheyWant)) return
    swarm.peers.set(this.slot, PeerFlag.TheyWant, false)
    swarm.chokes.left()
  }

  onHave(piece: number): void {
    this.told(this.pieces?.one(piece))
  }

  onBitfield(bits: Uint8Array): void {
    this.told(this.pieces?.bitfield(bits))
  }

  onHaveAll(): void {
    this.told(this.pieces?.all())
  }

  onHaveNone(): void {
    this.told(this.pieces?.none())
  }

  onRequest(piece: number, begin: number, length: number): void {
    const swarm = this.swarm
    if (swarm === null || this.uploads === null) return
    const index = swarm.geometry.piece(piece)
    const sensible =
      index !== -1 &&
      length > 0 &&
      length <= MAX_REQUEST_LENGTH &&
      begin + length <= swarm.geometry.lengthOf(index) &&
      swarm.book.have.has(piece)
    if (!sensible) {
      this.voice.reject(piece, begin, length)
      if (++this.badRequests > MOST_BAD_REQUESTS) this.close(CloseReason.BadRequests)
      return
    }
    const allowed = !swarm.peers.is(this.slot, PeerFlag.WeChoke) || this.grantedFast.includes(piece)
    if (allowed && this.uploads.push(piece, begin, length)) return
    this.voice.reject(piece, begin, length)
    if (!this.voice.writable && ++this.unreadRefusals > MOST_UNREAD_REFUSALS) this.close(CloseReason.Flood)
  }

  onCancel(piece: number, begin: number, length: number): void {
    if (this.uploads?.cancel(piece, begin, length)) this.voice.reject(piece, begin, length)
  }

  onSuggest(): void {}

  onReject(piece: number, begin: number, length: number): void {
    const swarm = this.swarm
    // The answer to a cancel says nothing of what was asked since.
    if (this.voice.takesBack(length)) return
    if (swarm === null || !swarm.scheduler.rejected(this, piece, begin, length)) return
    this.allowedFast = this.allowedFast.filter(allowed => allowed !== piece)
    if (!swarm.peers.is(this.slot, PeerFlag.TheyChoke)) this.pieces?.refuse(piece)
  }

  onAllowedFast(piece: number): void {
    if (this.allowedFast.length >= 4 * FAST_PIECES || this.allowedFast.includes(piece)) return
    this.allowedFast = [...this.allowedFast, piece]
    this.swarm?.scheduler.wake(this)
  }

  onExtended(id: number, payload: Uint8Array): void {
    if (this.extensions?.heard(this.slot, id, payload) === false) this.close(CloseReason.Flood)
  }

  onUnknown(): void {}

  blockTarget(piece: number, begin: number, length: number): Uint8Array | null {
    return this.swarm === null ? null : this.swarm.scheduler.target(this, piece, begin, length)
  }

  onBlock(piece: number, begin: number, length: number, copied: boolean): void {
    if (this.swarm?.pace.reads.limited) this.payFor(length, this.swarm.pace.reads)
    if (this.swarm === null || this.swarm.scheduler.received(this, piece, begin, length, copied)) return
    if (this.voice.takesBack(length)) return
    this.unrequested += length
    if (this.unrequested > MOST_UNREQUESTED) this.close(CloseReason.Unrequested)
  }

  private payFor(bytes: number, lane: RateLane): void {
    this.reading ??= new ReadFlow(this.link, lane)
    this.reading.took(bytes)
  }

  private told(told: Told | undefined): void {
    if (told === Told.Nonsense) this.close(CloseReason.Protocol)
    else if (told === Told.Seed && this.swarm?.book.complete && this.swarm.book.have.full)
      this.close(CloseReason.BothSeeds)
  }
}

const EMPTY = new Bitfield(0)
