// How many requests a peer is kept busy with. It starts at 16 and grows by one for each block that comes while the rate
// grows; the tick only shrinks it, to what arrives in three seconds.
import { BLOCK_LENGTH } from '../protocol/geometry.js'
import { PeerFlag, type PeerTable } from './peer-table.js'
import { MOST_REQUESTS } from './requests.js'

const SECONDS = 3
const LEAST = 4
/** A rate grows when it is this much above its recent peak; the peak fades, so that a faster time is found again. */
const GROWTH = 1.05
const FADE = 0.98

export class Pipelines {
  constructor(private readonly peers: PeerTable) {}

  /** Requests that may be added now; 0 until a few can go out together. */
  room(peer: number, outstanding: number): number {
    const pipeline = this.peers.pipeline[peer]!
    const room = pipeline - outstanding
    return room < Math.min(16, Math.max(1, pipeline >> 2)) ? 0 : room
  }

  blockCame(peer: number): void {
    if (!this.peers.is(peer, PeerFlag.Growing)) return
    if (this.peers.pipeline[peer]! < Math.min(MOST_REQUESTS, this.peers.pipelineCap[peer]!))
      this.peers.pipeline[peer]!++
  }

  tick(peer: number): void {
    const rate = this.peers.downRate[peer]!
    const peak = this.peers.peakRate[peer]!
    const growing = rate > peak * GROWTH
    this.peers.peakRate[peer] = growing ? rate : Math.max(rate, peak * FADE)
    this.peers.set(peer, PeerFlag.Growing, growing)
    const enough = Math.max(LEAST, Math.ceil((rate * SECONDS) / BLOCK_LENGTH))
    if (!growing && this.peers.pipeline[peer]! > enough) this.peers.pipeline[peer] = enough
  }

  /** It stopped sending: one block at a time until it sends again. */
  snubbed(peer: number): void {
    this.peers.pipeline[peer] = 1
  }
}
