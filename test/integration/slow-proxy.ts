// A way to a peer that passes on so many bytes a second, and counts the blocks of each piece that pass on their way back.
import net from 'node:net'
import { MessageId, PIECE_HEADER_LENGTH } from '../../core/protocol/wire-messages.js'

const HANDSHAKE = 68
const TURN_MS = 10

export class SlowProxy {
  /** Bytes of blocks passed on, by piece, since the last `reset`. */
  readonly served = new Map<number, number>()
  servedBytes = 0
  private readonly server: net.Server
  private counted: () => void = () => {}
  private readonly sockets = new Set<net.Socket>()

  private constructor(
    private readonly target: number,
    private readonly bytesPerSecond: number,
  ) {
    this.server = net.createServer(client => this.join(client))
  }

  static async to(target: number, bytesPerSecond = Infinity): Promise<SlowProxy> {
    const proxy = new SlowProxy(target, bytesPerSecond)
    await new Promise<void>(resolve => proxy.server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get address(): string {
    const at = this.server.address()
    return `127.0.0.1:${at !== null && typeof at === 'object' ? at.port : 0}`
  }

  /** Resolves when so many bytes of blocks have passed since the last `reset`. */
  async passed(bytes: number): Promise<void> {
    while (this.servedBytes < bytes) await new Promise<void>(resolve => (this.counted = resolve))
  }

  reset(): void {
    this.served.clear()
    this.servedBytes = 0
  }

  close(): void {
    this.server.close()
    for (const socket of this.sockets) socket.destroy()
  }

  private join(client: net.Socket): void {
    const origin = net.connect(this.target, '127.0.0.1')
    const waiting: Buffer[] = []
    let held = 0
    let budget = 0
    const count = new BlockCounter((piece, bytes) => {
      this.served.set(piece, (this.served.get(piece) ?? 0) + bytes)
      this.servedBytes += bytes
      this.counted()
    })
    const send = (bytes: Buffer): void => {
      count.push(bytes)
      client.write(bytes)
    }
    const turn = setInterval(() => {
      budget = Math.min(budget + (this.bytesPerSecond * TURN_MS) / 1000, this.bytesPerSecond / 10)
      while (waiting.length > 0 && budget >= 1) {
        const next = waiting[0]!
        const part = next.subarray(0, Math.floor(budget))
        if (part.length === next.length) waiting.shift()
        else waiting[0] = next.subarray(part.length)
        held -= part.length
        budget -= part.length
        send(part)
      }
      if (held < 1 << 20) origin.resume()
    }, TURN_MS)
    for (const socket of [client, origin]) {
      this.sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => {
        this.sockets.delete(socket)
        clearInterval(turn)
        client.destroy()
        origin.destroy()
      })
    }
    client.on('data', bytes => origin.write(bytes))
    origin.on('data', bytes => {
      if (this.bytesPerSecond === Infinity) return send(bytes)
      waiting.push(bytes)
      held += bytes.length
      if (held >= 1 << 20) origin.pause()
    })
  }
}

/** Reads the frames of one direction; the bytes of a block count as they pass, not when it is whole. */
class BlockCounter {
  private skip = HANDSHAKE
  private piece = -1
  private head = Buffer.alloc(0)

  constructor(private readonly passed: (piece: number, bytes: number) => void) {}

  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      if (this.skip > 0) {
        const take = Math.min(this.skip, chunk.length - at)
        if (this.piece >= 0) this.passed(this.piece, take)
        this.skip -= take
        at += take
        continue
      }
      this.piece = -1
      this.head = Buffer.concat([this.head, chunk.subarray(at, at + 1)])
      at++
      this.look()
    }
  }

  private look(): void {
    const { head } = this
    if (head.length < 4) return
    const length = head.readUInt32BE(0)
    if (length > 0 && head.length < 5) return
    const block = length > 0 && head[4] === MessageId.Piece
    if (block && head.length < PIECE_HEADER_LENGTH) return
    if (block) this.piece = head.readUInt32BE(5)
    this.skip = length + 4 - head.length
    this.head = Buffer.alloc(0)
  }
}
