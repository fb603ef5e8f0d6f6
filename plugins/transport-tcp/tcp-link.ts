// One TCP connection as a PeerLink. A write costs what node:stream makes of it and nothing more: no promise, closure or
// callback. What was written in a turn of the loop leaves by one system call at its end.
import { lostLink } from './errors.js'
import type { Socket } from 'node:net'
import type { Endpoint } from '../../core/base/address.js'
import type { NodeError } from '../../core/base/errors.js'
import type { PeerLink, PeerSink } from '../../core/contracts/peer-transport.js'
import type { SendWindow } from './send-window.js'
import type { AtTurnEnd, TurnEnd } from './turn-end.js'

export class TcpLink implements PeerLink, AtTurnEnd {
  private sink: PeerSink | null = null
  /** No more goes in or out: closed by us, ended by the other side, or lost. */
  private over = false
  /** The socket has let go, and `failure` says why; the sink is told last. */
  private gone = false
  private failure: NodeError | null = null
  private queued = 0
  private corked = false
  private paused = false
  /** A write answered false and onWritable is owed. */
  private full = false
  /** Counted by the window. */
  private holding = false

  constructor(
    private readonly socket: Socket,
    readonly remote: Endpoint,
    readonly inbound: boolean,
    private readonly window: SendWindow,
    private readonly turn: TurnEnd,
  ) {
    socket.on('drain', () => this.drained())
    socket.on('end', () => this.finish())
    socket.on('error', error => {
      if (!this.over) this.failure = lostLink(remote, error)
      this.finish()
    })
    socket.on('close', () => {
      this.over = this.gone = true
      this.hold(false)
      this.tellClosed()
    })
  }

  open(sink: PeerSink): void {
    this.sink = sink
    if (this.gone) process.nextTick(() => this.tellClosed())
    else if (!this.paused) this.socket.resume()
  }

  /** What the socket has read. False: it is to read no more for now. */
  receive(chunk: Uint8Array): boolean {
    if (!this.over) this.sink?.onData(chunk)
    return !this.paused
  }

  write(head: Uint8Array, body?: Uint8Array): boolean {
    if (this.over) return true
    const { socket } = this
    if (!this.corked) {
      this.corked = true
      socket.cork()
      this.turn.add(this)
      this.hold(true)
    }
    this.queued += head.length
    socket.write(head)
    if (body !== undefined) {
      this.queued += body.length
      socket.write(body)
    }
    if (socket.writableLength >= this.window.bytes) this.full = true
    return !this.full
  }

  get sent(): number {
    return this.queued - this.socket.writableLength
  }

  turnEnds(): void {
    if (!this.corked) return
    this.corked = false
    this.socket.uncork()
    if (this.socket.writableLength === 0) this.hold(false)
  }

  pause(): void {
    this.paused = true
    if (!this.over) this.socket.pause()
  }

  resume(): void {
    this.paused = false
    if (!this.over && this.sink !== null) this.socket.resume()
  }

  close(): void {
    if (this.over) return
    // The system takes at once what it has room for.
    this.turnEnds()
    this.finish()
  }

  private hold(some: boolean): void {
    if (this.holding === some) return
    this.holding = some
    this.window.holds(some)
  }

  private drained(): void {
    if (!this.corked) this.hold(false)
    if (!this.full || this.over) return
    this.full = false
    this.sink?.onWritable()
  }

  private finish(): void {
    this.over = true
    this.socket.destroy()
  }

  private tellClosed(): void {
    const { sink } = this
    this.sink = null
    sink?.onClose(this.failure)
  }
}
