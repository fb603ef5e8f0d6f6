// What one peer asks of us: whether a request makes sense and is allowed, its turn where there is a limit, and what is
// borne of a peer that asks nonsense or does not read what it is refused.
import { allowedFastSet } from '../protocol/allowed-fast.js'
import { MAX_REQUEST_LENGTH } from '../protocol/limits.js'
import { CloseReason } from './close-reason.js'
import { UploadFlow } from './flows.js'
import { type Peer, PeerFlag } from './peer-table.js'
import type { Swarm } from './swarm.js'
import { UploadQueue } from './upload-queue.js'

/** Pieces a choked peer may have all the same (BEP 6), so that a newcomer gets something to trade. */
export const FAST_PIECES = 10
/** Requests that make no sense before a peer is closed. */
const MOST_BAD_REQUESTS = 300
/** Refusals that may wait for a peer that does not read them. */
const MOST_UNREAD_REFUSALS = 8_000

export class PeerDemand {
  private readonly uploads: UploadQueue
  /** Where there is a limit: our turns to send. */
  private flow: UploadFlow | null = null
  private granted: readonly number[] = []
  private badRequests = 0
  private unreadRefusals = 0

  constructor(
    private readonly swarm: Swarm,
    private readonly peer: Peer,
  ) {
    this.uploads = new UploadQueue(
      peer.slot,
      peer.voice,
      swarm.geometry,
      swarm.reads,
      piece => swarm.serves(piece),
      bytes => {
        swarm.peers.upNow[peer.slot]! += bytes
        swarm.uploaded(bytes)
      },
    )
  }

  grantFast(ip: Uint8Array): void {
    const { infoHash, geometry, book } = this.swarm
    this.granted = allowedFastSet(ip, infoHash, geometry.pieceCount, FAST_PIECES)
    for (const piece of this.granted) if (book.have.has(piece)) this.peer.voice.allowedFast(piece)
  }

  /** Why the peer is to be closed, if it is. */
  request(piece: number, begin: number, length: number): CloseReason | null {
    const { swarm, peer } = this
    const index = swarm.geometry.piece(piece)
    const sensible =
      index !== -1 &&
      length > 0 &&
      length <= MAX_REQUEST_LENGTH &&
      begin + length <= swarm.geometry.lengthOf(index) &&
      swarm.book.have.has(piece)
    if (!sensible) {
      peer.voice.reject(piece, begin, length)
      return ++this.badRequests > MOST_BAD_REQUESTS ? CloseReason.BadRequests : null
    }
    const allowed = !swarm.peers.is(peer.slot, PeerFlag.WeChoke) || this.granted.includes(piece)
    if (allowed && this.uploads.push(piece, begin, length)) return null
    peer.voice.reject(piece, begin, length)
    return !peer.voice.writable && ++this.unreadRefusals > MOST_UNREAD_REFUSALS ? CloseReason.Flood : null
  }

  cancel(piece: number, begin: number, length: number): void {
    if (this.uploads.cancel(piece, begin, length)) this.peer.voice.reject(piece, begin, length)
  }

  /** We choke it: what waits is refused. */
  refuse(): void {
    this.uploads.refuse(piece => this.granted.includes(piece))
  }

  /** It has read what it was sent. */
  caughtUp(): void {
    this.unreadRefusals = 0
  }

  pump(): void {
    const lane = this.swarm.pace.uploads
    this.uploads.pump(lane.limited ? 0 : Infinity)
    if (lane.limited && this.uploads.ready) lane.want((this.flow ??= new UploadFlow(this.uploads, lane)))
  }

  /** Once a second. */
  tick(): void {
    this.uploads.tick()
  }

  leave(): void {
    if (this.flow !== null) this.swarm.pace.uploads.leave(this.flow)
  }

  /** The link is gone and touches nothing any more. */
  close(): void {
    this.uploads.close()
  }
}
