// The peer wire without a socket: bytes to calls, and calls to bytes.
import { BLOCK_LENGTH } from '../../core/protocol/geometry.js'
import { WireDecoder, type WireHandler } from '../../core/protocol/wire-decoder.js'
import { PIECE_HEADER_LENGTH } from '../../core/protocol/wire-messages.js'
import { MESSAGE_MAX, writeHave, writePieceHeader, writeRequest } from '../../core/protocol/wire-writer.js'
import type { Bench } from './bench.js'

const PIECES = 1000
/** What one read of a socket gives. */
const CHUNK = 65_536

/** Blocks are wanted, each in its place in memory that is shared with a worker; the rest is passed over. */
class Taker implements WireHandler {
  private readonly memory = new Uint8Array(new SharedArrayBuffer(64 << 20)).fill(1)
  private at = 0
  heard = 0

  onKeepAlive(): void {}
  onChoke(): void {}
  onUnchoke(): void {}
  onInterested(): void {}
  onNotInterested(): void {}
  onBitfield(): void {}
  onCancel(): void {}
  onSuggest(): void {}
  onHaveAll(): void {}
  onHaveNone(): void {}
  onReject(): void {}
  onAllowedFast(): void {}
  onExtended(): void {}
  onUnknown(): void {}

  onHave(): void {
    this.heard++
  }

  onRequest(): void {
    this.heard++
  }

  blockTarget(_piece: number, _begin: number, length: number): Uint8Array {
    this.at = (this.at + BLOCK_LENGTH) % this.memory.length
    return this.memory.subarray(this.at, this.at + length)
  }

  onBlock(): void {
    this.heard++
  }
}

/** A stream of `count` messages, cut as it comes from a socket. */
function decoding(what: string, count: number, length: number, write: (out: Uint8Array, at: number) => void): Bench {
  return {
    name: `wire: decode ${what}`,
    each: count,
    bytes: count * length,
    prepare() {
      const stream = Buffer.alloc(count * length, 0x5a)
      for (let i = 0; i < count; i++) write(stream, i * length)
      const chunks: Uint8Array[] = []
      for (let at = 0; at < stream.length; at += CHUNK) chunks.push(stream.subarray(at, at + CHUNK))
      const taker = new Taker()
      const decoder = new WireDecoder(taker, PIECES, true)
      return {
        run() {
          const before = taker.heard
          for (const chunk of chunks) decoder.push(chunk)
          if (taker.heard !== before + count) throw new Error(`${taker.heard - before} of ${count} messages were heard`)
        },
      }
    },
  }
}

function encoding(what: string, length: number, write: (out: Uint8Array, at: number, n: number) => number): Bench {
  const count = 1024
  return {
    name: `wire: encode ${what}`,
    each: count,
    bytes: count * length,
    prepare() {
      const out = new Uint8Array(count * MESSAGE_MAX)
      return {
        run() {
          let at = 0
          for (let i = 0; i < count; i++) at = write(out, at, i)
        },
      }
    },
  }
}

export const wireBenches: readonly Bench[] = [
  decoding('blocks of 16 KiB', 256, PIECE_HEADER_LENGTH + BLOCK_LENGTH, (out, at) => {
    writePieceHeader(out, at, 7, BLOCK_LENGTH, BLOCK_LENGTH)
  }),
  decoding('requests', 4096, 17, (out, at) => void writeRequest(out, at, 7, BLOCK_LENGTH, BLOCK_LENGTH)),
  decoding('haves', 4096, 9, (out, at) => void writeHave(out, at, 7)),
  encoding('heads of blocks', PIECE_HEADER_LENGTH, (out, at, n) => writePieceHeader(out, at, n, 0, BLOCK_LENGTH)),
  encoding('requests', 17, (out, at, n) => writeRequest(out, at, n, 0, BLOCK_LENGTH)),
  encoding('haves', 9, (out, at, n) => writeHave(out, at, n)),
]
