// The 68 bytes both sides send first (BEP 3): a name, eight bytes of flags, the info-hash, the peer id.
import type { InfoHash, PeerId } from './ids.js'
import { infoHashOf, peerIdOf } from './ids.js'

export const HANDSHAKE_LENGTH = 68

const PROTOCOL = Uint8Array.from([19, ...Array.from('BitTorrent protocol', letter => letter.charCodeAt(0))])
const RESERVED_AT = 20
/** Bit of BEP 10 in reserved byte 5, of BEP 6 in byte 7; the DHT's bit (byte 7, 0x01) is read but never set. */
const EXTENDED_AT = RESERVED_AT + 5
const EXTENDED_BIT = 0x10
const LAST_AT = RESERVED_AT + 7
const FAST_BIT = 0x04
const DHT_BIT = 0x01

export interface Handshake {
  readonly infoHash: InfoHash
  readonly peerId: PeerId
  readonly fast: boolean
  readonly extended: boolean
  readonly dht: boolean
}

/** Says that we speak BEP 6 and BEP 10. Takes 68 bytes; gives the offset behind them. */
export function writeHandshake(out: Uint8Array, at: number, infoHash: InfoHash, peerId: PeerId): number {
  out.set(PROTOCOL, at)
  out.fill(0, at + RESERVED_AT, at + 28)
  out[at + EXTENDED_AT] = EXTENDED_BIT
  out[at + LAST_AT] = FAST_BIT
  out.set(infoHash, at + 28)
  out.set(peerId, at + 48)
  return at + HANDSHAKE_LENGTH
}

/** Could these first bytes (any number of them) begin a handshake in clear? An encrypted one starts otherwise, almost surely. */
export function isPlainStart(bytes: Uint8Array, length = bytes.length): boolean {
  for (let i = 0; i < Math.min(length, PROTOCOL.length); i++) if (bytes[i] !== PROTOCOL[i]) return false
  return true
}

/** Gathers a handshake from chunks of any size. What it gives lies in memory of its own. */
export class HandshakeReader {
  private readonly bytes = new Uint8Array(HANDSHAKE_LENGTH)
  private filled = 0

  /** The offset behind what was taken, or -1: this is no handshake in clear, close the link. */
  push(chunk: Uint8Array, from = 0): number {
    const count = Math.min(HANDSHAKE_LENGTH - this.filled, chunk.length - from)
    for (let i = 0; i < count; i++) this.bytes[this.filled + i] = chunk[from + i]!
    this.filled += count
    return isPlainStart(this.bytes, this.filled) ? from + count : -1
  }

  /** The info-hash has come: enough for the accepting side to know the torrent (BEP 3 lets the peer id follow later). */
  get infoHash(): InfoHash | null {
    return this.filled < 48 ? null : infoHashOf(this.bytes.subarray(28, 48))
  }

  /** null until all 68 bytes are there. */
  get handshake(): Handshake | null {
    if (this.filled < HANDSHAKE_LENGTH) return null
    const infoHash = infoHashOf(this.bytes.subarray(28, 48))
    const peerId = peerIdOf(this.bytes.subarray(48, 68))
    if (infoHash === null || peerId === null) return null
    const last = this.bytes[LAST_AT]!
    return {
      infoHash,
      peerId,
      fast: (last & FAST_BIT) !== 0,
      extended: (this.bytes[EXTENDED_AT]! & EXTENDED_BIT) !== 0,
      dht: (last & DHT_BIT) !== 0,
    }
  }
}
