// A connection of the HTTP server for as long as what comes by it are plain GETs: heads are read where they lie, and the
// answers to all that came at once leave in one write, in order. With the first request of another kind the socket goes
// to node:http, for good.
import { NOT_PLAIN, PARTIAL, PlainHead, headerOf, readPlainHead } from './http-head.js'
import { endpointFrom } from './socket-address.js'
import type { Socket } from 'node:net'
import type { Endpoint } from '../../core/base/address.js'
import type { HttpReply, HttpRequest } from '../../core/contracts/host.js'

/** Silence before the first request, and a head that does not end. Checked every half second, so that 5 s are kept. */
export const HEADERS_MS = 4500
/** Silence between two requests. */
export const KEEP_ALIVE_MS = 15_000
/** A client that takes nothing of its reply, or a handler that gives none. */
export const STUCK_MS = 30_000
/** Answers are written whenever there are so many of them, so that a client that takes none is noticed; a longer body is
 * not made text. */
export const FLUSH_CHARS = 64 * 1024
/** A head in more pieces than this is node:http's, which need not begin anew with each. */
const MOST_PIECES = 16

/** What the connections of a server share. */
export interface PlainOwner {
  /** Milliseconds, to half a second. */
  readonly now: number
  /** Must not throw. */
  take(request: HttpRequest, respond: (reply: HttpReply) => void): void
  /** The head of a reply, but for what it says of the connection and the empty line. */
  headOf(reply: HttpReply): string
  /** From here on the socket is node:http's; `rest` of what was read is not answered. `deadline`: for its next head. */
  handOver(socket: Socket, rest: Buffer, deadline: number): void
  gone(connection: PlainConnection): void
}

class PlainRequest implements HttpRequest {
  readonly method = 'GET'

  constructor(
    readonly path: string,
    readonly query: string,
    readonly from: Endpoint,
    private readonly bytes: Buffer,
    private readonly headers: number,
  ) {}

  header(name: string): string | undefined {
    return headerOf(this.bytes, this.headers, name)
  }
}

/** One does for all: what it says is taken before anything else is read. */
const head = new PlainHead()

export class PlainConnection {
  /** The owner's time by which something has to happen. */
  deadline: number
  private from: Endpoint | null = null
  /** What has come and is not answered: bytes[at..). */
  private bytes: Buffer | null = null
  private at = 0
  private pieces = 0
  /** Answers not written yet, a character a byte. */
  private out = ''
  /** Waits for an answer. */
  private asking = false
  /** Waits for the client to take what it got. */
  private full = false
  private reading = false
  /** The system sends what it is given at once. */
  private prompt = false
  /** Nothing that comes is answered any more. */
  private over = false

  constructor(
    private readonly socket: Socket,
    private readonly owner: PlainOwner,
  ) {
    this.deadline = owner.now + HEADERS_MS
    socket.on('data', this.arrived).on('end', this.ended).on('error', ignore).on('close', this.closed)
  }

  /** Called when the deadline is over. */
  expire(): void {
    if (this.bytes === null || this.asking) this.socket.destroy()
    else this.socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n').destroySoon()
  }

  destroy(): void {
    this.socket.destroy()
  }

  private readonly arrived = (chunk: Buffer): void => {
    if (this.over) return
    if (this.bytes === null) {
      this.bytes = chunk
      this.deadline = this.owner.now + HEADERS_MS
    } else this.bytes = Buffer.concat([this.bytes.subarray(this.at), chunk])
    this.at = 0
    if (!this.asking && !this.full) this.read()
  }

  private readonly ended = (): void => {
    this.over = true
    if (!this.asking && !this.full) this.finish()
  }

  private readonly closed = (): void => this.owner.gone(this)

  private readonly drained = (): void => {
    this.socket.setTimeout(0, this.stuck)
    this.full = false
    if (this.asking) this.deadline = this.owner.now + STUCK_MS
    else this.goOn()
  }

  private readonly stuck = (): void => void this.socket.destroy()

  /** After a pause. */
  private goOn(): void {
    this.deadline = this.owner.now + (this.bytes === null ? KEEP_ALIVE_MS : HEADERS_MS)
    this.read()
    if (!this.asking && !this.full) this.socket.resume()
  }

  /** Answers what is whole of what is there. */
  private read(): void {
    this.reading = true
    while (this.bytes !== null) {
      const { bytes, at } = this
      const end = readPlainHead(bytes, at, bytes.length, head)
      if (end === NOT_PLAIN || (end === PARTIAL && ++this.pieces > MOST_PIECES)) {
        this.handOver(bytes.subarray(at))
        return
      }
      if (end === PARTIAL) break
      this.pieces = 0
      this.at = end
      if (end === bytes.length) this.bytes = null
      this.deadline = this.owner.now + (this.bytes === null ? KEEP_ALIVE_MS : HEADERS_MS)
      this.ask(bytes)
      if (this.out.length > FLUSH_CHARS) this.flush()
      if (this.asking || this.full) break
    }
    this.flush()
    this.reading = false
    if (this.over && !this.asking && !this.full) this.finish()
  }

  private ask(bytes: Buffer): void {
    const { keep, minor, target, mark, targetEnd, headers } = head
    const from = (this.from ??= peerOf(this.socket))
    if (from === null) {
      // Gone already, and nobody could say who it was.
      this.bytes = null
      this.socket.destroy()
      return
    }
    const path = bytes.toString('latin1', target, mark)
    const query = bytes.toString('latin1', mark + 1, targetEnd)
    this.asking = true
    let answered = false
    this.owner.take(new PlainRequest(path, query, from, bytes, headers), reply => {
      if (answered) return
      answered = true
      this.answer(reply, keep, minor)
    })
    if (this.asking) this.pause()
  }

  private answer(reply: HttpReply, keep: boolean, minor: number): void {
    this.asking = false
    if (this.socket.destroyed) return
    if (keep) this.out += this.owner.headOf(reply) + (minor === 0 ? 'Connection: keep-alive\r\n\r\n' : '\r\n')
    else {
      this.out += `${this.owner.headOf(reply)}Connection: close\r\n\r\n`
      this.over = true
      this.bytes = null
    }
    if (reply.body.length > FLUSH_CHARS) {
      this.flush()
      this.write(bytesOf(reply))
    } else {
      // As text of one character a byte the body leaves with the head in one write.
      this.out += textOf(reply.body)
    }
    if (!this.reading && !this.full) this.goOn()
  }

  private flush(): void {
    if (this.out === '') return
    this.write(this.out)
    this.out = ''
  }

  private write(what: string | Uint8Array): void {
    const { socket } = this
    // The end of a connection sends what is left in any case.
    if (!this.prompt && !this.over) {
      this.prompt = true
      socket.setNoDelay(true)
    }
    if (typeof what === 'string') socket.write(what, 'latin1')
    else socket.write(what)
    if (this.full || socket.writableLength === 0 || !socket.writableNeedDrain) return
    this.full = true
    socket.once('drain', this.drained)
    // The socket's own time-out sees whether anything is taken, and lets a first half pass to see it.
    socket.setTimeout(STUCK_MS / 2, this.stuck)
    this.pause()
    this.deadline = Infinity
  }

  private pause(): void {
    this.deadline = this.owner.now + STUCK_MS
    this.socket.pause()
  }

  private finish(): void {
    // What the system has taken, it delivers.
    if (this.socket.writableLength === 0) this.socket.destroy()
    else this.socket.destroySoon()
  }

  private handOver(rest: Buffer): void {
    const { socket } = this
    this.flush()
    socket.setTimeout(0, this.stuck)
    socket.off('data', this.arrived).off('end', this.ended).off('drain', this.drained).off('close', this.closed)
    this.owner.gone(this)
    this.owner.handOver(socket, rest, this.deadline)
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): Endpoint | null {
  return remoteAddress === undefined || remotePort === undefined ? null : endpointFrom(remoteAddress, remotePort)
}

/** One character a byte. */
export function textOf(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
}

/** The body of a reply, to be sent as it lies. */
export function bytesOf({ body, lasting }: HttpReply): Uint8Array {
  return lasting === true ? body : body.slice()
}

function ignore(): void {
  // Whatever ended a connection, it is over.
}
