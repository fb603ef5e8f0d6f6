// Writes messages into a buffer of the caller's, from an offset, and gives the offset behind them. Room is the caller's
// to provide; MESSAGE_MAX is enough for every message but bitfields and extension payloads.
import { writeU32 } from '../base/bytes.js'
import { MessageId } from './wire-messages.js'

/** The longest of the fixed messages. */
export const MESSAGE_MAX = 17

function writeHead(out: Uint8Array, at: number, length: number, id: number): number {
  writeU32(out, at, length)
  out[at + 4] = id
  return at + 5
}

export function writeKeepAlive(out: Uint8Array, at: number): number {
  writeU32(out, at, 0)
  return at + 4
}

export function writeChoke(out: Uint8Array, at: number): number {
  return writeHead(out, at, 1, MessageId.Choke)
}

export function writeUnchoke(out: Uint8Array, at: number): number {
  return writeHead(out, at, 1, MessageId.Unchoke)
}

export function writeInterested(out: Uint8Array, at: number): number {
  return writeHead(out, at, 1, MessageId.Interested)
}

export function writeNotInterested(out: Uint8Array, at: number): number {
  return writeHead(out, at, 1, MessageId.NotInterested)
}

export function writeHaveAll(out: Uint8Array, at: number): number {
  return writeHead(out, at, 1, MessageId.HaveAll)
}

export function writeHaveNone(out: Uint8Array, at: number): number {
  return writeHead(out, at, 1, MessageId.HaveNone)
}

function writeIndex(out: Uint8Array, at: number, id: number, piece: number): number {
  const next = writeHead(out, at, 5, id)
  writeU32(out, next, piece)
  return next + 4
}

export function writeHave(out: Uint8Array, at: number, piece: number): number {
  return writeIndex(out, at, MessageId.Have, piece)
}

export function writeSuggest(out: Uint8Array, at: number, piece: number): number {
  return writeIndex(out, at, MessageId.Suggest, piece)
}

export function writeAllowedFast(out: Uint8Array, at: number, piece: number): number {
  return writeIndex(out, at, MessageId.AllowedFast, piece)
}

function writeRange(out: Uint8Array, at: number, id: number, piece: number, begin: number, length: number): number {
  const next = writeHead(out, at, 13, id)
  writeU32(out, next, piece)
  writeU32(out, next + 4, begin)
  writeU32(out, next + 8, length)
  return next + 12
}

export function writeRequest(out: Uint8Array, at: number, piece: number, begin: number, length: number): number {
  return writeRange(out, at, MessageId.Request, piece, begin, length)
}

export function writeCancel(out: Uint8Array, at: number, piece: number, begin: number, length: number): number {
  return writeRange(out, at, MessageId.Cancel, piece, begin, length)
}

export function writeReject(out: Uint8Array, at: number, piece: number, begin: number, length: number): number {
  return writeRange(out, at, MessageId.Reject, piece, begin, length)
}

/** The 13 bytes before a block of `length` bytes, which follow in a buffer of their own. */
export function writePieceHeader(out: Uint8Array, at: number, piece: number, begin: number, length: number): number {
  const next = writeHead(out, at, 9 + length, MessageId.Piece)
  writeU32(out, next, piece)
  writeU32(out, next + 4, begin)
  return next + 8
}

/** Takes 5 bytes and those of the bitfield. */
export function writeBitfield(out: Uint8Array, at: number, bits: Uint8Array): number {
  const next = writeHead(out, at, 1 + bits.length, MessageId.Bitfield)
  out.set(bits, next)
  return next + bits.length
}

/** Takes 6 bytes and those of the payload; `id` as the receiver numbered the extension, 0 for the handshake (BEP 10). */
export function writeExtended(out: Uint8Array, at: number, id: number, payload: Uint8Array): number {
  const next = writeHead(out, at, 2 + payload.length, MessageId.Extended)
  out[next] = id
  out.set(payload, next + 1)
  return next + 1 + payload.length
}
