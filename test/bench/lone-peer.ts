// One fast peer in a process of its own that costs little, so that what is measured is the other side: node lone-peer.js
// PLAN, with a LonePlan in JSON. A seeder prints {"port"}, and for each link it served much through {"served",
// "seconds", "mbPerSecond"}; a leecher prints {"bytes", "seconds", "mbPerSecond"} once it has all.
import fs from 'node:fs'
import net from 'node:net'
import { fromHex } from '../../core/base/bytes.js'
import { bitfield, BLOCK, eachMessage, handshake, HANDSHAKE, Id, message } from './cheap-peer.js'
import type { LoneLeechPlan, LonePlan, LoneSeedPlan } from './lone-peer-process.js'

const HEAD = 13
const FRAME = HEAD + BLOCK
const REQUEST = 17
/** Every so many blocks, one is compared. */
const SAMPLE = 16

function tell(row: Readonly<Record<string, number>>): void {
  process.stdout.write(`${JSON.stringify(row)}\n`)
}

function rateOf(bytes: number, ms: number): { readonly seconds: number; readonly mbPerSecond: number } {
  return { seconds: ms / 1000, mbPerSecond: bytes / ms / 1000 }
}

/** The content as it goes over the wire: each piece as a run of messages, so that blocks in a row are one slice. */
class Frames {
  readonly length: number
  readonly pieceCount: number
  private readonly runs: Buffer[] = []

  constructor({ path, pieceLength }: LoneSeedPlan) {
    const file = fs.openSync(path, 'r')
    this.length = fs.fstatSync(file).size
    this.pieceCount = Math.ceil(this.length / pieceLength)
    for (let piece = 0; piece < this.pieceCount; piece++) {
      const length = Math.min(pieceLength, this.length - piece * pieceLength)
      const run = Buffer.allocUnsafeSlow(length + HEAD * Math.ceil(length / BLOCK))
      for (let begin = 0, at = 0; begin < length; begin += BLOCK, at += FRAME) {
        const size = Math.min(BLOCK, length - begin)
        writeHead(run, at, piece, begin, size)
        fs.readSync(file, run, at + HEAD, size, piece * pieceLength + begin)
      }
      this.runs.push(run)
    }
    fs.closeSync(file)
  }

  /** From the start of a block to its end or that of a later one of the piece. Nothing else is ever asked for. */
  slice(piece: number, begin: number, end: number): Buffer {
    const run = this.runs[piece]
    if (run === undefined || begin % BLOCK !== 0)
      throw new Error(`no whole block: piece ${piece}, from ${begin} to ${end}`)
    return run.subarray((begin / BLOCK) * FRAME, end + HEAD * Math.ceil(end / BLOCK))
  }
}

function writeHead(out: Buffer, at: number, piece: number, begin: number, length: number): void {
  out.writeUInt32BE(9 + length, at)
  out[at + 4] = Id.piece
  out.writeUInt32BE(piece, at + 5)
  out.writeUInt32BE(begin, at + 9)
}

class SeedLink {
  private kept = Buffer.alloc(0)
  private greeted = false
  private served = 0
  private first = 0
  private last = 0
  /** Blocks asked for in a row, not yet sent. */
  private piece = -1
  private begin = 0
  private end = 0

  constructor(
    private readonly socket: net.Socket,
    private readonly frames: Frames,
  ) {
    socket.on('data', (chunk: Buffer) => this.take(chunk))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      const { served, first, last } = this
      if (served > frames.length / 2) tell({ served, ...rateOf(served, last - first) })
    })
  }

  private take(chunk: Buffer): void {
    const bytes = this.kept.length > 0 ? Buffer.concat([this.kept, chunk]) : chunk
    let at = 0
    if (!this.greeted) {
      // Of an encrypted greeting nothing is understood: the other side may come again in clear.
      if (bytes[0] !== 19) return void this.socket.destroy()
      if (bytes.length >= HANDSHAKE) {
        this.greet(bytes)
        at = HANDSHAKE
      }
    }
    this.socket.cork()
    if (this.greeted) at = eachMessage(bytes, at, begin => this.heard(bytes, begin))
    this.send()
    this.socket.uncork()
    this.kept = at < bytes.length ? Buffer.from(bytes.subarray(at)) : this.kept.subarray(0, 0)
  }

  private greet(theirs: Buffer): void {
    this.greeted = true
    const bits = bitfield(this.frames.pieceCount, () => true)
    this.socket.write(Buffer.concat([handshake(theirs.subarray(28, 48), 0), bits]))
  }

  private heard(bytes: Buffer, at: number): void {
    if (bytes[at] === Id.interested) this.socket.write(message(Id.unchoke))
    if (bytes[at] !== Id.request) return
    const piece = bytes.readUInt32BE(at + 1)
    const begin = bytes.readUInt32BE(at + 5)
    const length = bytes.readUInt32BE(at + 9)
    if (this.first === 0) this.first = performance.now()
    this.served += length
    if (piece !== this.piece || begin !== this.end) {
      this.send()
      this.piece = piece
      this.begin = begin
    }
    this.end = begin + length
  }

  /** The system has taken it. Requests may come long before: some ask for a second's worth ahead. */
  private readonly sent = (): void => {
    this.last = performance.now()
  }

  private send(): void {
    if (this.piece >= 0) this.socket.write(this.frames.slice(this.piece, this.begin, this.end), this.sent)
    this.piece = -1
  }
}

function seed(plan: LoneSeedPlan): void {
  const frames = new Frames(plan)
  const server = net.createServer({ noDelay: true }, socket => new SeedLink(socket, frames))
  server.listen(0, '127.0.0.1', () => {
    const at = server.address()
    if (at !== null && typeof at === 'object') tell({ port: at.port })
  })
}

/** One block in sixteen, as it should be. */
class Truth {
  private readonly bytes: Buffer

  constructor({ path, bytes }: LoneLeechPlan) {
    const file = fs.openSync(path, 'r')
    this.bytes = Buffer.allocUnsafe(Math.ceil(bytes / BLOCK / SAMPLE) * BLOCK)
    for (let i = 0; i * SAMPLE * BLOCK < bytes; i++) fs.readSync(file, this.bytes, i * BLOCK, BLOCK, i * SAMPLE * BLOCK)
    fs.closeSync(file)
  }

  /** Bytes that have come of the block, from `from` on within it. */
  agrees(block: number, from: number, came: Buffer): boolean {
    if (block % SAMPLE !== 0) return true
    const at = (block / SAMPLE) * BLOCK + from
    return this.bytes.compare(came, 0, came.length, at, at + came.length) === 0
  }
}

class Leech {
  private readonly socket: net.Socket
  private readonly reading = Buffer.allocUnsafeSlow(1 << 20)
  private readonly truth: Truth
  private readonly blocks: number
  private asked = 0
  private flight = 0
  private got = 0
  private bytes = 0
  private greeted = false
  private choked = true
  private began = 0
  /** Of the message that is coming: its head, and the bytes still to pass over. */
  private readonly head = Buffer.alloc(HEAD)
  private headLength = 0
  private left = HANDSHAKE
  private block = -1
  private blockAt = 0

  constructor(private readonly plan: LoneLeechPlan) {
    this.truth = new Truth(plan)
    this.blocks = Math.ceil(plan.bytes / BLOCK)
    const onread = { buffer: this.reading, callback: (length: number) => this.take(this.reading.subarray(0, length)) }
    this.socket = net.createConnection({ host: '127.0.0.1', port: plan.port, noDelay: true, onread })
    this.socket.on('error', error => this.fail(error.message))
    this.socket.on('close', () => {
      if (this.got < this.blocks) this.fail(`closed after ${this.got} of ${this.blocks} blocks`)
    })
    const infoHash = fromHex(plan.infoHash)
    if (infoHash === null) throw new Error('the plan names no info-hash')
    this.socket.write(handshake(infoHash, process.pid))
  }

  private take(bytes: Buffer): boolean {
    for (let at = 0; at < bytes.length;) at = this.left > 0 ? this.pass(bytes, at) : this.gather(bytes, at)
    if (this.got === this.blocks) this.finish()
    else if (!this.choked && this.flight <= this.plan.pipeline / 2) this.ask()
    return true
  }

  private pass(bytes: Buffer, at: number): number {
    const count = Math.min(this.left, bytes.length - at)
    if (this.block >= 0) {
      const agrees = this.truth.agrees(this.block, this.blockAt, bytes.subarray(at, at + count))
      if (!agrees) this.fail(`wrong bytes in block ${this.block}`)
      this.blockAt += count
      this.bytes += count
    }
    this.left -= count
    if (this.left > 0) return at + count
    if (!this.greeted) {
      // Not before: there are clients that lose what comes in one piece with the greeting.
      this.greeted = true
      this.socket.write(message(Id.interested))
    } else if (this.block >= 0) {
      this.block = -1
      this.got++
      this.flight--
    }
    return at + count
  }

  private gather(bytes: Buffer, from: number): number {
    let at = from
    const head = this.head
    while (at < bytes.length) {
      head[this.headLength++] = bytes[at++]!
      if (this.headLength < 4) continue
      const length = head.readUInt32BE()
      const wanted = length === 0 ? 4 : this.headLength > 4 && head[4] === Id.piece ? HEAD : 5
      if (this.headLength < wanted) continue
      this.headLength = 0
      if (length > 0) this.begin(head[4]!, length, wanted)
      break
    }
    return at
  }

  private begin(id: number, length: number, taken: number): void {
    this.left = 4 + length - taken
    if (id === Id.piece) {
      this.block = (this.head.readUInt32BE(5) * this.plan.pieceLength + this.head.readUInt32BE(9)) / BLOCK
      this.blockAt = 0
    }
    if (id > Id.unchoke) return
    this.choked = id !== Id.unchoke
    if (!this.choked && this.began === 0) this.began = performance.now()
  }

  private ask(): void {
    const { pieceLength, bytes, pipeline } = this.plan
    const count = Math.min(pipeline - this.flight, this.blocks - this.asked)
    const out = Buffer.allocUnsafe(REQUEST * count)
    for (let i = 0; i < count; i++) {
      const offset = this.asked++ * BLOCK
      out.writeUInt32BE(REQUEST - 4, i * REQUEST)
      out[i * REQUEST + 4] = Id.request
      out.writeUInt32BE(Math.floor(offset / pieceLength), i * REQUEST + 5)
      out.writeUInt32BE(offset % pieceLength, i * REQUEST + 9)
      out.writeUInt32BE(Math.min(BLOCK, bytes - offset), i * REQUEST + 13)
    }
    this.flight += count
    if (count > 0) this.socket.write(out)
  }

  private fail(why: string): void {
    if (process.exitCode !== 1) process.stderr.write(`${why}\n`)
    process.exitCode = 1
    this.socket.destroy()
  }

  private finish(): void {
    if (this.began > 0) tell({ bytes: this.bytes, ...rateOf(this.bytes, performance.now() - this.began) })
    this.began = 0
    this.socket.destroy()
  }
}

const plan = JSON.parse(process.argv[2] ?? '{}') as LonePlan
if (plan.role === 'seed') seed(plan)
else new Leech(plan)
