// What we say to one peer. Messages are written one behind the other into a buffer and given to the link in runs. What
// was given belongs to the link, so the buffer is only ever written further on; a full one is left to the link.
import type { Bitfield } from '../base/bitfield.js'
import type { PeerLink } from '../contracts/peer-transport.js'
import { HANDSHAKE_LENGTH, writeHandshake } from '../protocol/handshake.js'
import type { InfoHash, PeerId } from '../protocol/ids.js'
import * as write from '../protocol/wire-writer.js'

const CHUNK = 4096

export class PeerVoice {
  /** False: the link is full; nothing but small messages until it says otherwise. */
  writable = true
  /** Something was said since this was last set to false. */
  spoke = false
  /** The peer speaks BEP 6: refusals are said, not silent. */
  fast = false
  private bytes = new Uint8Array(0)
  private begin = 0
  private end = 0
  private total = 0
  private cancelled = 0

  constructor(private readonly link: PeerLink) {}

  /** Bytes the link has handed on. */
  get sent(): number {
    return this.link.sent
  }

  /** Bytes that the link still holds. */
  get held(): number {
    return this.total - this.link.sent
  }

  greet(infoHash: InfoHash, peerId: PeerId): void {
    this.end = writeHandshake(this.room(HANDSHAKE_LENGTH), this.end, infoHash, peerId)
    this.flush()
  }

  /** The shortest message that says which pieces we have; none says that we have none. */
  pieces(have: Bitfield): void {
    if (this.fast && have.full) this.put(write.writeHaveAll)
    else if (this.fast && have.count === 0) this.put(write.writeHaveNone)
    else if (have.count > 0) this.end = write.writeBitfield(this.room(5 + have.bytes.length), this.end, have.bytes)
  }

  have(piece: number): void {
    this.end = write.writeHave(this.room(write.MESSAGE_MAX), this.end, piece)
  }

  allowedFast(piece: number): void {
    this.end = write.writeAllowedFast(this.room(write.MESSAGE_MAX), this.end, piece)
  }

  choke(choked: boolean): void {
    this.put(choked ? write.writeChoke : write.writeUnchoke)
  }

  interest(interested: boolean): void {
    this.put(interested ? write.writeInterested : write.writeNotInterested)
  }

  keepAlive(): void {
    this.put(write.writeKeepAlive)
  }

  request(piece: number, begin: number, length: number): void {
    this.end = write.writeRequest(this.room(write.MESSAGE_MAX), this.end, piece, begin, length)
  }

  cancel(piece: number, begin: number, length: number): void {
    this.cancelled += length
    this.end = write.writeCancel(this.room(write.MESSAGE_MAX), this.end, piece, begin, length)
  }

  /** Bytes that came unasked for were under way when they were cancelled, which is no fault of the peer. */
  takesBack(length: number): boolean {
    if (length > this.cancelled) return false
    this.cancelled -= length
    return true
  }

  reject(piece: number, begin: number, length: number): void {
    if (this.fast) this.end = write.writeReject(this.room(write.MESSAGE_MAX), this.end, piece, begin, length)
  }

  extended(id: number, payload: Uint8Array): void {
    this.end = write.writeExtended(this.room(6 + payload.length), this.end, id, payload)
  }

  /** A block in one part or two, straight from where they lie: they may change only once `sent` has passed what this gives. */
  block(piece: number, begin: number, length: number, first: Uint8Array, second: Uint8Array | null): number {
    this.end = write.writePieceHeader(this.room(write.MESSAGE_MAX), this.end, piece, begin, length)
    const run = this.bytes.subarray(this.begin, this.end)
    this.begin = this.end
    this.total += run.length + first.length
    this.writable = this.link.write(run, first)
    if (second !== null) this.give(second)
    this.spoke = true
    return this.total
  }

  flush(): void {
    if (this.begin === this.end) return
    const run = this.bytes.subarray(this.begin, this.end)
    this.begin = this.end
    this.spoke = true
    this.give(run)
  }

  private give(run: Uint8Array): void {
    this.total += run.length
    if (!this.link.write(run)) this.writable = false
  }

  private put(writer: (out: Uint8Array, at: number) => number): void {
    this.end = writer(this.room(write.MESSAGE_MAX), this.end)
  }

  /** The buffer, with room for `count` bytes from `end` on. */
  private room(count: number): Uint8Array {
    if (this.end + count > this.bytes.length) {
      this.flush()
      this.bytes = new Uint8Array(Math.max(CHUNK, count))
      this.begin = this.end = 0
    }
    return this.bytes
  }
}
