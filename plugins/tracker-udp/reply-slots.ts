// An announce reply for each buffer that answers are written to, its peers a view of that buffer: a socket answers into
// few buffers, again and again in the same order, and a view made anew for each answer costs more than the look-up.
import { ANNOUNCE_HEAD_LENGTH } from '../../core/protocol/tracker-udp.js'
import { MAX_UDP_REPLY_BYTES } from '../../core/protocol/limits.js'
import type { AnnounceReply } from '../../core/contracts/swarm-store.js'

/** Room for the peers of one reply. */
export const PEERS_ROOM = MAX_UDP_REPLY_BYTES - ANNOUNCE_HEAD_LENGTH

/** A socket that brings a new buffer each time would else have all of them kept. */
const MOST_SLOTS = 1024

export class ReplySlots {
  private readonly buffers: Uint8Array[] = []
  private readonly replies: AnnounceReply[] = []
  /** The slot expected to come next. */
  private next = 0

  of(buffer: Uint8Array): AnnounceReply {
    const at = this.buffers[this.next] === buffer ? this.next : this.find(buffer)
    this.next = at + 1 < this.buffers.length ? at + 1 : 0
    return this.replies[at]!
  }

  private find(buffer: Uint8Array): number {
    const found = this.buffers.indexOf(buffer)
    if (found >= 0) return found
    if (this.buffers.length >= MOST_SLOTS) this.buffers.length = this.replies.length = 0
    const peers = buffer.subarray(ANNOUNCE_HEAD_LENGTH, ANNOUNCE_HEAD_LENGTH + PEERS_ROOM)
    this.replies.push({ interval: 0, minInterval: 0, seeders: 0, leechers: 0, peers, peerBytes: 0 })
    return this.buffers.push(buffer) - 1
  }
}
