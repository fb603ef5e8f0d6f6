// Peers that cost almost nothing, so that what is measured is the other side. They speak plain BEP 3 over one socket
// each, check nothing, keep nothing, and parse no more than they must.
import { createConnection, type Socket } from 'node:net'
import { createRandom, shuffle } from '../../core/base/random.js'

export const BLOCK = 16_384
export const HANDSHAKE = 68
export const Id = { unchoke: 1, interested: 2, bitfield: 5, request: 6, piece: 7 } as const

export interface Content {
  readonly infoHash: Uint8Array
  readonly pieceLength: number
  readonly totalLength: number
}

/** In what order a leecher asks for the pieces: from the first on, from a place of its own on, or by lot. */
export type Order = 'step' | 'spread' | 'shuffle'

export function handshake(infoHash: Uint8Array, nth: number): Buffer {
  const bytes = Buffer.alloc(HANDSHAKE)
  bytes.write('\x13BitTorrent protocol', 0, 'latin1')
  bytes.set(infoHash, 28)
  bytes.write(`-CP0001-${String(nth).padStart(12, '0')}`, 48, 'latin1')
  return bytes
}

export function message(id: number, payload = 0): Buffer {
  const bytes = Buffer.alloc(5 + payload)
  bytes.writeUInt32BE(1 + payload)
  bytes[4] = id
  return bytes
}

/** Dials from an address of its own, 127.0.0.2 upwards. All sockets of the process read into one buffer. */
function dial(port: number, nth: number, onData: (bytes: Buffer) => boolean): Socket {
  const socket = createConnection({
    host: '127.0.0.1',
    port,
    localAddress: `127.0.0.${2 + (nth % 250)}`,
    noDelay: true,
    onread: { buffer: reading, callback: length => onData(reading.subarray(0, length)) },
  })
  socket.on('error', () => socket.destroy())
  return socket
}
const reading = Buffer.allocUnsafe(1 << 20)

export class CheapLeecher {
  /** Bytes of whole blocks. */
  bytes = 0
  unchokes = 0
  closed = false
  private readonly socket: Socket
  private readonly pieces: number[]
  private readonly perPiece: number
  private readonly asking: Buffer
  private cursor = 0
  private flight = 0
  private choked = true
  /** Of the message that is coming: bytes still to pass over, and whether it is a block. */
  private skip = HANDSHAKE
  private block = 0
  private readonly head = Buffer.alloc(5)
  private headLength = 0

  constructor(
    private readonly content: Content,
    port: number,
    nth: number,
    peers: number,
    order: Order,
    private readonly pipeline: number,
    /** It reads nothing after the first unchoke. */
    private readonly deaf = false,
  ) {
    const count = Math.ceil(content.totalLength / content.pieceLength)
    this.perPiece = content.pieceLength / BLOCK
    this.pieces = Array.from({ length: count }, (_, i) => i)
    if (order === 'shuffle') shuffle(this.pieces, createRandom(nth + 1))
    if (order === 'spread') this.cursor = Math.floor((count * nth) / peers) * this.perPiece
    this.asking = Buffer.alloc(17 * pipeline)
    this.socket = dial(port, nth, bytes => this.take(bytes))
    this.socket.on('close', () => (this.closed = true))
    this.socket.write(Buffer.concat([handshake(content.infoHash, nth), message(Id.interested)]))
  }

  close(): void {
    this.socket.destroy()
  }

  private take(bytes: Buffer): boolean {
    let at = 0
    while (at < bytes.length) {
      if (this.skip > 0) {
        const passed = Math.min(this.skip, bytes.length - at)
        at += passed
        this.skip -= passed
        if (this.skip === 0 && this.block > 0) this.came()
        continue
      }
      this.head[this.headLength++] = bytes[at++]!
      if (this.headLength < 4) continue
      const length = this.head.readUInt32BE()
      if (this.headLength === 4 && length > 0) continue
      this.headLength = 0
      if (length > 0) this.begin(this.head[4]!, length)
    }
    if (!this.choked && this.flight <= this.pipeline / 2) this.ask()
    return !(this.deaf && this.unchokes > 0)
  }

  private begin(id: number, length: number): void {
    this.skip = length - 1
    if (id === Id.piece) this.block = length - 9
    if (id > Id.unchoke) return
    this.choked = id !== Id.unchoke
    if (this.choked) this.flight = 0
    else this.unchokes++
  }

  private came(): void {
    this.bytes += this.block
    this.block = 0
    if (this.flight > 0) this.flight--
  }

  /** Round and round through the content, until it is closed. */
  private ask(): void {
    let length = 0
    const asking = Buffer.from(this.asking)
    while (this.flight < this.pipeline) {
      const piece = this.pieces[Math.floor(this.cursor / this.perPiece) % this.pieces.length]!
      const begin = (this.cursor++ % this.perPiece) * BLOCK
      const left = this.content.totalLength - piece * this.content.pieceLength - begin
      if (left <= 0) continue
      asking.writeUInt32BE(13, length)
      asking[length + 4] = Id.request
      asking.writeUInt32BE(piece, length + 5)
      asking.writeUInt32BE(begin, length + 9)
      asking.writeUInt32BE(Math.min(BLOCK, left), length + 13)
      length += 17
      this.flight++
    }
    if (length > 0) this.socket.write(asking.subarray(0, length))
  }
}

export function bitfield(pieces: number, has: (piece: number) => boolean): Buffer {
  const bits = message(Id.bitfield, Math.ceil(pieces / 8))
  for (let i = 0; i < pieces; i++) if (has(i)) bits[5 + (i >> 3)]! |= 0x80 >> (i & 7)
  return bits
}

/** Calls `heard` with where each whole message begins, behind its length; says where the first that is not whole does. */
export function eachMessage(bytes: Buffer, from: number, heard: (at: number) => void): number {
  let at = from
  while (bytes.length - at >= 4) {
    const end = at + 4 + bytes.readUInt32BE(at)
    if (end > bytes.length) break
    if (end > at + 4) heard(at + 4)
    at = end
  }
  return at
}

/** Answers whatever is asked, at once. The content is `source`, over and over again. */
export class CheapSeeder {
  bytes = 0
  closed = false
  private readonly socket: Socket
  /** Heads of blocks on their way; many more than can be. */
  private readonly heads = Buffer.alloc(13 * 2048)
  private headAt = 0
  private kept = Buffer.alloc(0)
  private greeted = false

  /** `has`: the pieces it says it has. */
  constructor(
    private readonly content: Content,
    private readonly source: Uint8Array,
    has: (piece: number) => boolean,
    port: number,
    nth: number,
  ) {
    const bits = bitfield(Math.ceil(content.totalLength / content.pieceLength), has)
    this.socket = dial(port, nth, bytes => this.take(bytes))
    this.socket.on('close', () => (this.closed = true))
    this.socket.write(Buffer.concat([handshake(content.infoHash, nth), bits]))
  }

  close(): void {
    this.socket.destroy()
  }

  private take(chunk: Buffer): boolean {
    const bytes = this.kept.length > 0 ? Buffer.concat([this.kept, chunk]) : chunk
    let at = 0
    if (!this.greeted && bytes.length >= HANDSHAKE) {
      this.greeted = true
      at = HANDSHAKE
    }
    this.socket.cork()
    if (this.greeted) at = eachMessage(bytes, at, begin => this.heard(bytes, begin))
    this.socket.uncork()
    this.kept = at < bytes.length ? Buffer.from(bytes.subarray(at)) : this.kept.subarray(0, 0)
    return true
  }

  private heard(bytes: Buffer, at: number): void {
    if (bytes[at] === Id.interested) this.socket.write(message(Id.unchoke))
    if (bytes[at] !== Id.request) return
    const piece = bytes.readUInt32BE(at + 1)
    const begin = bytes.readUInt32BE(at + 5)
    const length = bytes.readUInt32BE(at + 9)
    const head = this.heads.subarray(this.headAt, this.headAt + 13)
    this.headAt = (this.headAt + 13) % this.heads.length
    head.writeUInt32BE(9 + length)
    head[4] = Id.piece
    head.writeUInt32BE(piece, 5)
    head.writeUInt32BE(begin, 9)
    const from = (piece * this.content.pieceLength + begin) % this.source.length
    this.socket.write(head)
    this.socket.write(this.source.subarray(from, from + length))
    this.bytes += length
  }
}
