// Messages to one peer, written one behind the other and given to the link in runs. What was given belongs to the link,
// so the buffer is only ever written further on; a full one is left to the link and a new one begun.
import type { PeerLink } from '../contracts/peer-transport.js'

const CHUNK = 4096

export class MessageBuffer {
  /** Where the next message begins. Writers set it to what the write functions of the protocol give back. */
  end = 0
  /** Bytes given to the link so far. */
  total = 0
  /** Something was written since this was last set to false. */
  written = false
  private bytes = new Uint8Array(0)
  private begin = 0

  constructor(private readonly link: PeerLink) {}

  /** The buffer, with room for `count` bytes from `end` on. */
  room(count: number): Uint8Array {
    if (this.end + count > this.bytes.length) {
      this.flush()
      this.bytes = new Uint8Array(Math.max(CHUNK, count))
      this.begin = this.end = 0
    }
    return this.bytes
  }

  /** False: the link is full. */
  flush(): boolean {
    if (this.begin === this.end) return true
    const run = this.bytes.subarray(this.begin, this.end)
    this.begin = this.end
    return this.give(run)
  }

  /** What is written so far, and then the body. False: the link is full. */
  flushWith(body: Uint8Array): boolean {
    const run = this.bytes.subarray(this.begin, this.end)
    this.begin = this.end
    this.total += run.length + body.length
    this.written = true
    return this.link.write(run, body)
  }

  writeBody(body: Uint8Array): boolean {
    return this.give(body)
  }

  private give(run: Uint8Array): boolean {
    this.total += run.length
    this.written = true
    return this.link.write(run)
  }
}
