// Connected peers of one torrent as numbers 0 to capacity-1 in flat arrays; what is read in every round or per block
// lies here, the rest in PeerSession. A number is used again after its peer has gone; a serial never is, so that blame
// for a bad block cannot fall on whoever came next.
import type { Bitfield } from '../base/bitfield.js'
import type { PeerView } from '../contracts/piece-selector.js'
import type { PeerVoice } from './peer-voice.js'

/** Bits of `flags`. "We" is this node. */
export const PeerFlag = {
  WeChoke: 1,
  WeWant: 2,
  TheyChoke: 4,
  TheyWant: 8,
  Snubbing: 16,
  Parole: 32,
  Growing: 64,
  /** It has been unchoked before. */
  Served: 128,
} as const

/** What the other parts of the engine ask of one connected peer. */
export interface Peer {
  readonly slot: number
  readonly serial: number
  readonly have: Bitfield
  readonly seed: boolean
  /** The same peer, as a selector sees it. */
  readonly view: PeerView
  /** Pieces it lets us have while it chokes us (BEP 6). */
  readonly allowedFast: readonly number[]
  /** It said that it has the piece. */
  holds(piece: number): boolean
  /** It can be asked for it: it holds it, and did not refuse it lately. */
  has(piece: number): boolean
  /** Messages to it; they leave at the next flush. */
  readonly voice: PeerVoice
  /** We have a piece more: it is told now, or once it reads again. */
  tell(piece: number): void
  setWanted(wanted: boolean): void
  setChoked(choked: boolean): void
  /** Forget where the block now arriving was to be written; the rest of it is skipped. */
  abandonBlock(): void
  /** Uploads waiting for an extent may go on. */
  pump(): void
}

const PIPELINE_START = 16

export class PeerTable {
  readonly peers: (Peer | null)[]
  /** Numbers in use are live[0 to liveCount-1]. */
  readonly live: Int16Array
  liveCount = 0
  readonly flags: Uint8Array
  /** Requests we may have waiting at this peer. */
  readonly pipeline: Int32Array
  /** The most it takes (`reqq`), and never over 500. */
  readonly pipelineCap: Int32Array
  /** Pieces it has that we want and lack. */
  readonly useful: Int32Array
  /** Bytes of blocks since the last tick, and rates in bytes a second. */
  readonly downNow: Float64Array
  readonly upNow: Float64Array
  readonly downRate: Float64Array
  readonly upRate: Float64Array
  readonly peakRate: Float64Array
  /** Milliseconds for which it has been sent nothing. */
  readonly idleUp: Float64Array
  /** Milliseconds, by the tick: last block from it or first request after none; last change of our choke. */
  readonly lastBlock: Float64Array
  readonly chokedAt: Float64Array
  /** While it snubs: when its last block came, or it was first asked since. */
  readonly silentSince: Float64Array
  private readonly idle: number[] = []
  private nextSerial = 1

  constructor(readonly capacity: number) {
    this.peers = Array.from({ length: capacity }, () => null)
    this.live = new Int16Array(capacity)
    this.flags = new Uint8Array(capacity)
    this.pipeline = new Int32Array(capacity)
    this.pipelineCap = new Int32Array(capacity)
    this.useful = new Int32Array(capacity)
    this.downNow = new Float64Array(capacity)
    this.upNow = new Float64Array(capacity)
    this.downRate = new Float64Array(capacity)
    this.upRate = new Float64Array(capacity)
    this.peakRate = new Float64Array(capacity)
    this.idleUp = new Float64Array(capacity)
    this.lastBlock = new Float64Array(capacity)
    this.chokedAt = new Float64Array(capacity)
    this.silentSince = new Float64Array(capacity)
    for (let slot = capacity - 1; slot >= 0; slot--) this.idle.push(slot)
  }

  get full(): boolean {
    return this.idle.length === 0
  }

  /** A number and a serial for a new peer, or null when there is no room. */
  take(make: (slot: number, serial: number) => Peer, now: number): Peer | null {
    const slot = this.idle.pop()
    if (slot === undefined) return null
    this.flags[slot] = PeerFlag.WeChoke | PeerFlag.TheyChoke | PeerFlag.Growing
    this.pipeline[slot] = PIPELINE_START
    this.pipelineCap[slot] = 250
    for (const array of [this.useful, this.downNow, this.upNow, this.downRate, this.upRate, this.peakRate, this.idleUp])
      array[slot] = 0
    this.lastBlock[slot] = this.chokedAt[slot] = now
    const peer = make(slot, this.nextSerial++)
    this.peers[slot] = peer
    this.live[this.liveCount++] = slot
    return peer
  }

  release(slot: number): void {
    this.peers[slot] = null
    this.idle.push(slot)
    const at = this.live.indexOf(slot)
    this.live.copyWithin(at, at + 1, this.liveCount--)
  }

  is(slot: number, flag: number): boolean {
    return (this.flags[slot]! & flag) !== 0
  }

  set(slot: number, flag: number, on: boolean): void {
    if (on) this.flags[slot]! |= flag
    else this.flags[slot]! &= ~flag
  }

  *[Symbol.iterator](): Iterator<Peer> {
    for (let i = 0; i < this.liveCount; i++) {
      const peer = this.peers[this.live[i]!]
      if (peer) yield peer
    }
  }

  /** Of all together, in bytes a second. */
  get rates(): { readonly down: number; readonly up: number } {
    let down = 0
    let up = 0
    for (let i = 0; i < this.liveCount; i++) {
      const slot = this.live[i]!
      down += this.downRate[slot]!
      up += this.upRate[slot]!
    }
    return { down, up }
  }

  /** Folds a tick's bytes into the rates, an average over about four seconds that starts at the first second's. */
  tickRates(elapsedMs: number): void {
    const weight = Math.min(1, elapsedMs / 4000)
    for (let i = 0; i < this.liveCount; i++) {
      const slot = this.live[i]!
      this.downRate[slot] = fold(this.downRate[slot]!, (this.downNow[slot]! * 1000) / elapsedMs, weight)
      this.upRate[slot] = fold(this.upRate[slot]!, (this.upNow[slot]! * 1000) / elapsedMs, weight)
      this.idleUp[slot] = this.upNow[slot]! > 0 ? 0 : this.idleUp[slot]! + elapsedMs
      this.downNow[slot] = this.upNow[slot] = 0
    }
  }
}

function fold(average: number, latest: number, weight: number): number {
  if (average === 0) return latest
  const next = average + (latest - average) * weight
  return next < 1 ? 0 : next
}
