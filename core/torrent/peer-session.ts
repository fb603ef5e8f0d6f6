// One link, from the greeting to its end: bytes in, messages out, and how long each side may keep silent. What the peer
// says is heard by peer-ear, what it asks of us is kept by peer-demand.
import type { Endpoint } from '../base/address.js'
import { Bitfield } from '../base/bitfield.js'
import type { NodeError } from '../base/errors.js'
import type { PeerLink, PeerSink } from '../contracts/peer-transport.js'
import type { Handshake } from '../protocol/handshake.js'
import { WireDecoder } from '../protocol/wire-decoder.js'
import { WireFault } from '../protocol/wire-messages.js'
import { Backlog } from './backlog.js'
import { CloseReason } from './close-reason.js'
import { Greeting } from './greeting.js'
import { PeerDemand } from './peer-demand.js'
import { PeerEar, type Speaker } from './peer-ear.js'
import { PeerExtensions } from './peer-extensions.js'
import { PeerLens } from './peer-lens.js'
import { PeerPieces } from './peer-pieces.js'
import { PeerFlag } from './peer-table.js'
import { PeerVoice } from './peer-voice.js'
import type { FindSwarm, Swarm } from './swarm.js'

const HANDSHAKE_MS = 10_000
const IDLE_MS = 150_000
const KEEP_ALIVE_MS = 100_000
export class PeerSession implements PeerSink, Speaker {
  slot = -1
  serial = 0
  view = new PeerLens(this, null)
  extensions: PeerExtensions | null = null
  peerId: Handshake['peerId'] | null = null

  private swarm: Swarm | null
  private greeting: Greeting | null
  readonly voice: PeerVoice
  private readonly backlog: Backlog
  /** From its joining on. */
  private decoder: WireDecoder | null = null
  private pieces: PeerPieces | null = null
  private demand: PeerDemand | null = null
  private ear: PeerEar | null = null
  private reason: CloseReason | null = null
  private heardAt: number
  private spokeAt: number

  /** Outgoing: `swarm` is given and greets at once. Incoming: the handshake says which one is wanted. */
  constructor(
    readonly link: PeerLink,
    swarm: Swarm | null,
    find: FindSwarm,
    private readonly ended: (session: PeerSession, reason: CloseReason) => void,
    now: number,
  ) {
    this.swarm = swarm
    this.heardAt = this.spokeAt = now
    this.voice = new PeerVoice(link)
    this.backlog = new Backlog(this.voice, now)
    this.greeting = new Greeting(swarm, this.voice, link.remote, find)
  }

  begin(): void {
    this.link.open(this)
    this.greeting?.begin()
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

  get allowedFast(): readonly number[] {
    return this.ear?.allowedFast ?? NONE
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
    if (this.greeting !== null) {
      from = this.meet(this.greeting, chunk)
      if (from < 0) return
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
    this.demand?.caughtUp()
    if (this.swarm !== null) this.backlog.catchUp(this.swarm)
    this.pump()
    this.voice.flush()
  }

  onClose(error: NodeError | null): void {
    const reason = this.reason ?? CloseReason.Remote
    this.reason = reason
    if (this.slot >= 0 && this.swarm !== null) this.leave(this.swarm, reason, error)
    this.demand?.close()
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
    if (this.ear?.paused) this.excuse(now, swarm)
    if (now - this.heardAt > IDLE_MS) return this.close(CloseReason.Idle)
    if (this.backlog.hopeless(now, swarm)) return this.close(CloseReason.Deaf)
    if (this.voice.spoke) this.spokeAt = now
    this.voice.spoke = false
    this.pieces?.forgive(now)
    this.demand?.tick()
    this.backlog.catchUp(swarm)
    if (now - this.spokeAt > KEEP_ALIVE_MS) this.voice.keepAlive()
    this.pump()
    this.voice.flush()
  }

  // ---- the greeting

  /** Where what comes after the greeting begins; -1: the peer has not said all of it, or may not join. */
  private meet(greeting: Greeting, chunk: Uint8Array): number {
    const handshake = greeting.hear(chunk)
    const { swarm } = greeting
    this.swarm = swarm
    if (greeting.refusal !== null) this.close(greeting.refusal)
    if (handshake === null || swarm === null) return -1
    this.greeting = null
    this.peerId = handshake.peerId
    const refusal = swarm.admits(this, handshake)
    if (refusal === null) this.join(swarm, handshake)
    else this.close(refusal)
    return refusal === null ? greeting.end : -1
  }

  private join(swarm: Swarm, handshake: Handshake): void {
    this.voice.fast = handshake.fast
    const pieces = (this.pieces = new PeerPieces(swarm, this))
    const taken = swarm.peers.take((slot, serial) => {
      this.slot = slot
      this.serial = serial
      return this
    }, swarm.now)
    if (taken === null) return this.close(CloseReason.Full)
    this.view = new PeerLens(this, swarm.peers)
    const demand = (this.demand = new PeerDemand(swarm, this))
    const extensions = (this.extensions = new PeerExtensions(swarm, this.voice, this.remote.ip))
    this.ear = new PeerEar(this, swarm, this.link, pieces, demand, extensions)
    this.decoder = new WireDecoder(this.ear, swarm.geometry.pieceCount, handshake.fast)
    this.heardAt = swarm.now
    swarm.joined(this)
    this.voice.pieces(swarm.book.have)
    if (handshake.extended) extensions.greet()
    if (handshake.fast) demand.grantFast(this.remote.ip)
    this.voice.flush()
  }

  /** It is we who do not read what it sends. */
  private excuse(now: number, swarm: Swarm): void {
    this.heardAt = now
    swarm.peers.lastBlock[this.slot] = now
  }

  private leave(swarm: Swarm, reason: CloseReason, error: NodeError | null): void {
    swarm.scheduler.release(this)
    this.demand?.leave()
    this.ear?.leave()
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
    if (choked) this.demand?.refuse()
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
    if (this.reason === null) this.demand?.pump()
  }
}

const EMPTY = new Bitfield(0)
const NONE: readonly number[] = []
