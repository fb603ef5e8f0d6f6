// What one peer has asked of us, in its order, and the sending of it. At most REQQ requests wait; what was handed to the
// link stays pinned until the link has passed it on. A peer that does not read costs its queue and what the link holds.
import { Int32Ring } from '../base/ring.js'
import type { PieceGeometry } from '../protocol/geometry.js'
import { MAX_QUEUED_REQUESTS } from '../protocol/limits.js'
import type { PeerVoice } from './peer-voice.js'
import { LOADING, type ReadAhead, UNREADABLE } from './read-ahead.js'

/** The way out: what a peer's voice does for an upload. */
export type Outlet = Pick<PeerVoice, 'writable' | 'sent' | 'block' | 'reject'>

export class UploadQueue {
  private readonly pieces = new Int32Ring(MAX_QUEUED_REQUESTS)
  private readonly begins = new Int32Ring(MAX_QUEUED_REQUESTS)
  private readonly lengths = new Int32Ring(MAX_QUEUED_REQUESTS)
  /** Pinned extents in the order they went out, each with the mark that frees it. */
  private readonly pinned: number[] = []
  private readonly marks: number[] = []
  /** It asks: of late, and since the last tick. */
  private asking = false
  private asked = false

  constructor(
    private readonly peer: number,
    private readonly outlet: Outlet,
    private readonly geometry: PieceGeometry,
    private readonly cache: ReadAhead,
    private readonly has: (piece: number) => boolean,
    private readonly uploaded: (bytes: number) => void,
  ) {}

  get length(): number {
    return this.pieces.length
  }

  /** Something waits that the link would take. */
  get ready(): boolean {
    return this.pieces.length > 0 && this.outlet.writable
  }

  /** The length of what is sent next. */
  get next(): number {
    return this.pieces.length === 0 ? 0 : this.lengths.peek()
  }

  /** False: the queue is full. */
  push(piece: number, begin: number, length: number): boolean {
    if (this.pieces.length >= MAX_QUEUED_REQUESTS) return false
    this.pieces.push(piece)
    this.begins.push(begin)
    this.lengths.push(length)
    this.asked = true
    if (!this.asking) {
      this.asking = true
      this.cache.asks()
    }
    return true
  }

  /** Once a second: a peer that asked nothing since the last time has no share of the read-ahead. */
  tick(): void {
    if (!this.asked && this.pieces.length === 0) this.rest()
    this.asked = false
  }

  /** False: it is not waiting here (any more). */
  cancel(piece: number, begin: number, length: number): boolean {
    for (let i = 0; i < this.pieces.length; i++) {
      if (this.pieces.peek(i) !== piece || this.begins.peek(i) !== begin || this.lengths.peek(i) !== length) continue
      this.pieces.removeAt(i)
      this.begins.removeAt(i)
      this.lengths.removeAt(i)
      return true
    }
    return false
  }

  /** The peer was choked: what waits is refused, but for the pieces `keep` allows (BEP 6). */
  refuse(keep: (piece: number) => boolean): void {
    for (let n = this.pieces.length; n > 0; n--) {
      const piece = this.pieces.shift()
      const begin = this.begins.shift()
      const length = this.lengths.shift()
      if (keep(piece)) this.push(piece, begin, length)
      else this.outlet.reject(piece, begin, length)
    }
  }

  /** Sends while the link takes it and the bytes are at hand, `most` bytes at most; says how many. */
  pump(most = Infinity): number {
    let left = most
    let sent = 0
    this.unpin(this.outlet.sent)
    while (this.pieces.length > 0 && this.outlet.writable) {
      const piece = this.geometry.piece(this.pieces.peek())
      const begin = this.begins.peek()
      const length = this.lengths.peek()
      if (length > left) break
      if (piece === -1 || !this.has(piece)) {
        this.drop()
        continue
      }
      const first = this.cache.find(piece, begin, this.peer)
      if (first === LOADING) break
      const room = first === UNREADABLE ? 0 : this.cache.room(first, begin)
      const second = room >= length || first === UNREADABLE ? -3 : this.cache.find(piece, begin + room, this.peer)
      if (second === LOADING) break
      if (first === UNREADABLE || second === UNREADABLE) {
        this.drop()
        continue
      }
      const head = this.cache.bytes(first, begin, Math.min(room, length))
      const tail = second < 0 ? null : this.cache.bytes(second, begin + room, length - room)
      const mark = this.outlet.block(piece, begin, length, head, tail)
      this.pin(first, mark)
      if (second >= 0) this.pin(second, mark)
      this.shift()
      this.uploaded(length)
      left -= length
      sent += length
    }
    this.readAhead()
    this.cache.feed()
    return sent
  }

  /** The link is gone and touches nothing any more. */
  close(): void {
    this.rest()
    this.unpin(Infinity)
    this.pieces.clear()
    this.begins.clear()
    this.lengths.clear()
  }

  private readAhead(): void {
    const { partLength, ahead } = this.cache
    let last = -1
    let begun = 0
    for (let i = 0; i < this.pieces.length && begun < ahead; i++) {
      const piece = this.geometry.piece(this.pieces.peek(i))
      const begin = this.begins.peek(i)
      if (piece === -1) continue
      const part = piece * this.geometry.pieceLength + Math.floor(begin / partLength)
      if (part === last || !this.has(piece)) continue
      last = part
      begun++
      this.cache.prefetch(piece, begin)
    }
  }

  private rest(): void {
    if (this.asking) this.cache.rests()
    this.asking = false
  }

  private drop(): void {
    this.outlet.reject(this.pieces.peek(), this.begins.peek(), this.lengths.peek())
    this.shift()
  }

  private shift(): void {
    this.pieces.shift()
    this.begins.shift()
    this.lengths.shift()
  }

  private pin(extent: number, mark: number): void {
    const last = this.pinned.length - 1
    if (this.pinned[last] === extent) {
      this.marks[last] = mark
      return
    }
    this.cache.pin(extent)
    this.pinned.push(extent)
    this.marks.push(mark)
  }

  private unpin(sent: number): void {
    let passed = 0
    while (passed < this.marks.length && this.marks[passed]! <= sent) this.cache.unpin(this.pinned[passed++]!)
    if (passed > 0) {
      this.pinned.splice(0, passed)
      this.marks.splice(0, passed)
    }
  }
}
