// Simulated peer links: ordered bytes with back-pressure, cut into segments where the seed says, over the lanes of the
// two nodes. A segment is copied when it leaves and spoilt after it was delivered, so that a sender that reuses a
// buffer too early, or a receiver that keeps a chunk, goes wrong here as it would over a socket.
import { formatEndpoint } from '../base/address.js'
import type { Endpoint } from '../base/address.js'
import type { PeerLink, PeerSink } from '../contracts/peer-transport.js'
import { mark } from './event-log.js'
import type { SimNode } from './node.js'

/** Bytes that may be under way, or wait for a paused receiver. */
const WINDOW = 256 * 1024
/** A queue above this answers false to a write; below the other it calls for more. */
const HIGH_WATER = 64 * 1024
const LOW_WATER = 16 * 1024
/** Segments have 1 to this many bytes. */
const LARGEST_SEGMENT = 16 * 1024
const SPOILT = 0xdb

interface Segment {
  readonly length: number
  bytes: Uint8Array | null
}

export class SimLink implements PeerLink {
  sent = 0
  private other: SimLink | null = null
  private sink: PeerSink | null = null
  private closed = false
  private paused = false
  /** Both buffers of a write as given; `taken` bytes of the first have left. */
  private readonly queue: Uint8Array[] = []
  private taken = 0
  private queued = 0
  private waiting = false
  /** A segment waits for its place in the lane, or for this turn to end. */
  private busy = false
  private underWay = 0
  /** What was queued before this turn began. */
  private backlog = 0
  /** On its way through the lane; copied out of the queue when it has passed, or when the link is closed. */
  private departing: Segment | null = null
  private turn = -1
  private readonly inbox: Uint8Array[] = []
  /** The other side has closed; what it sent before is delivered first. */
  private ending = false
  private readonly letGo: () => void

  private constructor(
    readonly id: number,
    private readonly node: SimNode,
    readonly remote: Endpoint,
    readonly inbound: boolean,
  ) {
    this.letGo = node.hold(`link ${id} ${inbound ? 'from' : 'to'} ${formatEndpoint(remote)}`)
  }

  /** The two ends of a new link, the dialler's first. */
  static pair(from: SimNode, to: SimNode, fromAt: Endpoint, toAt: Endpoint): readonly [SimLink, SimLink] {
    const id = from.world.nextLink()
    const near = new SimLink(id, from, toAt, false)
    const far = new SimLink(id, to, fromAt, true)
    near.other = far
    far.other = near
    from.note(`link ${id} to ${to.name}`)
    return [near, far]
  }

  open(sink: PeerSink): void {
    this.sink = sink
    this.later(() => (this.closed ? this.finish() : this.drain()))
  }

  write(head: Uint8Array, body?: Uint8Array): boolean {
    if (this.closed || this.ending) return true
    const { turn } = this.node.world.timeline
    if (this.turn !== turn) this.backlog = this.queued
    this.turn = turn
    if (head.length > 0) this.queue.push(head)
    if (body !== undefined && body.length > 0) this.queue.push(body)
    this.queued += head.length + (body?.length ?? 0)
    if (!this.busy) {
      this.busy = true
      this.later(() => this.pump())
    }
    if (this.queued > HIGH_WATER) this.waiting = true
    return !this.waiting
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    this.later(() => this.drain())
  }

  close(): void {
    if (this.closed) return
    const before = this.turn === this.node.world.timeline.turn ? this.backlog : this.queued
    // After onClose the buffers are their owner's again, so what still leaves is copied now.
    const cut = this.departing === null ? 0 : this.load(this.departing)
    if (before === cut && this.queued > 0) this.load(this.depart(this.queued))
    this.node.note(`link ${this.id} closed, ${this.queued} unsent`)
    const { other } = this
    if (other !== null) this.node.carry(other.node, 0, { arrived: () => other.end() })
    this.later(() => this.finish())
    this.shut()
  }

  private pump(): void {
    this.busy = false
    if (this.closed || this.queued === 0 || this.underWay >= WINDOW) return
    const cut = 1 + this.node.world.cuts.below(LARGEST_SEGMENT)
    this.busy = true
    this.depart(Math.min(this.queued, cut, WINDOW - this.underWay))
  }

  /** Sends the next `length` bytes of the queue as one segment. */
  private depart(length: number): Segment {
    const segment: Segment = { length, bytes: null }
    const { other } = this
    if (other === null) return segment
    this.departing = segment
    this.underWay += length
    this.node.carry(other.node, length, {
      left: () => {
        if (this.departing === segment) this.departing = null
        this.load(segment)
        this.pump()
        if (this.waiting && this.queued < LOW_WATER && !this.closed) {
          this.waiting = false
          this.sink?.onWritable()
        }
      },
      arrived: () => {
        if (segment.bytes !== null) other.receive(segment.bytes)
      },
    })
    return segment
  }

  /** Copies the segment out of the queue, if that has not been done, and gives how many bytes came out. */
  private load(segment: Segment): number {
    if (segment.bytes !== null) return 0
    segment.bytes = this.take(segment.length)
    this.sent += segment.length
    return segment.length
  }

  private take(length: number): Uint8Array {
    const out = new Uint8Array(length)
    for (let filled = 0; filled < length;) {
      const first = this.queue[0]
      if (first === undefined) break
      const part = first.subarray(this.taken, this.taken + length - filled)
      out.set(part, filled)
      filled += part.length
      this.taken += part.length
      if (this.taken === first.length) {
        this.queue.shift()
        this.taken = 0
      }
    }
    this.queued -= length
    return out
  }

  private receive(segment: Uint8Array): void {
    if (this.closed) return
    this.inbox.push(segment)
    this.drain()
  }

  private end(): void {
    if (this.closed) return
    this.ending = true
    this.drain()
  }

  private drain(): void {
    while (this.sink !== null && !this.paused && !this.closed) {
      const segment = this.inbox.shift()
      if (segment === undefined) break
      this.node.note(`link ${this.id} ${segment.length} bytes ${mark(segment)}`)
      this.sink.onData(segment)
      segment.fill(SPOILT)
      this.other?.consumed(segment.length)
    }
    if (!this.ending || this.closed || this.sink === null || this.inbox.length > 0) return
    this.node.note(`link ${this.id} closed by the other side`)
    this.shut()
    this.finish()
  }

  private consumed(length: number): void {
    this.underWay -= length
    if (!this.busy) this.pump()
  }

  private shut(): void {
    this.closed = true
    this.inbox.length = 0
    this.letGo()
  }

  private finish(): void {
    const { sink } = this
    this.sink = null
    sink?.onClose(null)
  }

  private later(run: () => void): void {
    this.node.later(0, run)
  }
}
