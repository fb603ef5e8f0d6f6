// The flows of one peer that take turns where there is a limit: what it is sent, what it is asked for, what is read.
import type { PeerLink } from '../contracts/peer-transport.js'
import { BLOCK_LENGTH } from '../protocol/geometry.js'
import type { Peer } from './peer-table.js'
import type { Flow, RateLane } from './rate-gate.js'
import type { UploadQueue } from './upload-queue.js'

export class UploadFlow implements Flow {
  constructor(
    private readonly uploads: UploadQueue,
    private readonly lane: RateLane,
  ) {}

  get need(): number {
    return this.uploads.next
  }

  go(most: number): number {
    const sent = this.uploads.pump(most)
    if (sent > 0 && this.uploads.ready) this.lane.want(this)
    return sent
  }
}

export class AskFlow implements Flow {
  readonly need = BLOCK_LENGTH

  constructor(
    private readonly peer: Peer,
    private readonly ask: (peer: Peer, blocks: number) => number,
  ) {}

  go(most: number): number {
    return this.ask(this.peer, Math.floor(most / BLOCK_LENGTH)) * BLOCK_LENGTH
  }
}

/** Pays for what has been read: while it waits for that, no more is. */
export class ReadFlow implements Flow {
  paused = false
  need = 0

  constructor(
    private readonly link: PeerLink,
    private readonly lane: RateLane,
  ) {}

  took(bytes: number): void {
    this.need += bytes
    this.lane.want(this)
    if (this.paused || !this.lane.waits(this)) return
    this.paused = true
    this.link.pause()
  }

  go(): number {
    const paid = this.need
    this.need = 0
    if (this.paused) this.link.resume()
    this.paused = false
    return paid
  }

  leave(): void {
    this.lane.leave(this)
  }
}
