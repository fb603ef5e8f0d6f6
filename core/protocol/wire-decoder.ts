// Turns the bytes of one peer into calls, whatever chunks they come in. Nothing is allocated per message or block: block
// payload is copied from the chunk straight to where the handler wants it, fixed messages are read where they lie, and
// only a bitfield or an extension message that arrives in parts is gathered, in a buffer that grows with what has come.
import { readU32 } from '../base/bytes.js'
import { copyBytes } from '../base/copy.js'
import { MAX_FRAME_LENGTH } from './limits.js'
import { FIXED_LENGTH, MessageId, PIECE_HEADER_LENGTH, WireFault } from './wire-messages.js'

/** Called from inside `push`. Byte arrays are valid only during the call. None of these may throw. */
export interface WireHandler {
  onKeepAlive(): void
  onChoke(): void
  onUnchoke(): void
  onInterested(): void
  onNotInterested(): void
  /** The index is one the torrent has; so it is wherever a piece stands below, requests and cancels apart. */
  onHave(piece: number): void
  /** As long as the piece count needs, spare bits zero. */
  onBitfield(bits: Uint8Array): void
  /** Nothing is checked: 32 unsigned bits each. */
  onRequest(piece: number, begin: number, length: number): void
  onCancel(piece: number, begin: number, length: number): void
  onSuggest(piece: number): void
  onHaveAll(): void
  onHaveNone(): void
  onReject(piece: number, begin: number, length: number): void
  onAllowedFast(piece: number): void
  /** BEP 10: `id` 0 is the handshake. */
  onExtended(id: number, payload: Uint8Array): void
  onUnknown(id: number): void
  /**
   * The head of a block has come: where its `length` bytes go (at least that long; filled from 0), or null to have them
   * skipped. They are written as they arrive, until `onBlock` or the end of the link.
   */
  blockTarget(piece: number, begin: number, length: number): Uint8Array | null
  /** The block's last byte has come. `copied`: false where it was skipped. */
  onBlock(piece: number, begin: number, length: number, copied: boolean): void
}

const HEAD_MAX = 17
/** A gathering buffer larger than this is let go after use. */
const KEPT_BODY = 4096

const Reading = { Head: 0, Block: 1, Body: 2, Skip: 3 } as const

export class WireDecoder {
  private readonly bitfieldLength: number
  private readonly longestFrame: number
  private readonly head = new Uint8Array(HEAD_MAX)
  private headFilled = 0
  private headWanted = 4
  private reading: number = Reading.Head
  /** Payload bytes of the current message still to come. */
  private left = 0
  private id = 0
  private extensionId = 0
  private body = new Uint8Array(0)
  private bodyFilled = 0
  private target: Uint8Array | null = null
  private piece = 0
  private begin = 0
  private blockLength = 0
  private fault: WireFault = WireFault.None
  private stopped = false

  /** `fast`: both handshakes had the bit of BEP 6. */
  constructor(
    private readonly handler: WireHandler,
    private readonly pieceCount: number,
    private readonly fast: boolean,
  ) {
    this.bitfieldLength = (pieceCount + 7) >> 3
    this.longestFrame = Math.max(MAX_FRAME_LENGTH, this.bitfieldLength + 1)
  }

  /** Between messages: false where bytes of an unfinished one have come. */
  get idle(): boolean {
    return this.reading === Reading.Head && this.headFilled === 0
  }

  /** No further call to the handler; for a handler that has closed the link. */
  stop(): void {
    this.stopped = true
  }

  /** The rest of the block now arriving is skipped; `onBlock` says so. */
  abandonBlock(): void {
    this.target = null
  }

  /** Reads chunk[from..]. A fault is final: the link is to be closed, and nothing more is read. */
  push(chunk: Uint8Array, from = 0): WireFault {
    const end = chunk.length
    let at = from
    while (at < end && !this.stopped) {
      if (this.reading !== Reading.Head) at = this.readPayload(chunk, at, end)
      else if (this.headFilled === 0 && end - at >= HEAD_MAX) at += this.readHead(chunk, at, HEAD_MAX)
      else at = this.gatherHead(chunk, at, end)
    }
    return this.fault
  }

  private gatherHead(chunk: Uint8Array, from: number, end: number): number {
    let at = from
    while (at < end && this.headFilled < this.headWanted) this.head[this.headFilled++] = chunk[at++]!
    if (this.headFilled < this.headWanted) return at
    if (this.readHead(this.head, 0, this.headFilled) > 0) {
      this.headFilled = 0
      this.headWanted = 4
    }
    return at
  }

  /** Bytes of the head taken; 0: `headWanted` bytes are needed, or there is a fault. */
  private readHead(bytes: Uint8Array, at: number, available: number): number {
    const length = readU32(bytes, at)
    if (length === 0) {
      this.handler.onKeepAlive()
      return 4
    }
    if (length > this.longestFrame) return this.fail(WireFault.FrameTooLong)
    if (available < 5) return this.want(5)
    const id = bytes[at + 4]!
    if (id === MessageId.Piece) {
      if (length <= 9) return this.fail(WireFault.BadLength)
      if (length > MAX_FRAME_LENGTH) return this.fail(WireFault.FrameTooLong)
      if (available < PIECE_HEADER_LENGTH) return this.want(PIECE_HEADER_LENGTH)
      return this.beginBlock(readU32(bytes, at + 5), readU32(bytes, at + 9), length - 9)
    }
    const fixed = FIXED_LENGTH[id] ?? 0
    if (fixed !== 0) {
      if (length !== fixed) return this.fail(WireFault.BadLength)
      if (available < 4 + fixed) return this.want(4 + fixed)
      return this.dispatch(id, bytes, at + 5) ? 4 + fixed : 0
    }
    if (id === MessageId.Bitfield) {
      if (length - 1 !== this.bitfieldLength) return this.fail(WireFault.BadBitfield)
      return this.beginBody(id, length - 1, 5)
    }
    if (length > MAX_FRAME_LENGTH) return this.fail(WireFault.FrameTooLong)
    if (id === MessageId.Extended) {
      if (length < 2) return this.fail(WireFault.BadLength)
      if (available < 6) return this.want(6)
      this.extensionId = bytes[at + 5]!
      return this.beginBody(id, length - 2, 6)
    }
    this.handler.onUnknown(id)
    this.left = length - 1
    if (this.left > 0) this.reading = Reading.Skip
    return 5
  }

  private dispatch(id: number, bytes: Uint8Array, at: number): boolean {
    const handler = this.handler
    if (id >= MessageId.Suggest && !this.fast) {
      this.fail(WireFault.FastNotAgreed)
      return false
    }
    const first = id === MessageId.Port ? 0 : readU32(bytes, at)
    if (id === MessageId.Have || id === MessageId.Suggest || id === MessageId.Reject || id === MessageId.AllowedFast) {
      if (first >= this.pieceCount) {
        this.fail(WireFault.BadIndex)
        return false
      }
    }
    switch (id) {
      case MessageId.Choke:
        handler.onChoke()
        break
      case MessageId.Unchoke:
        handler.onUnchoke()
        break
      case MessageId.Interested:
        handler.onInterested()
        break
      case MessageId.NotInterested:
        handler.onNotInterested()
        break
      case MessageId.Have:
        handler.onHave(first)
        break
      case MessageId.Request:
        handler.onRequest(first, readU32(bytes, at + 4), readU32(bytes, at + 8))
        break
      case MessageId.Cancel:
        handler.onCancel(first, readU32(bytes, at + 4), readU32(bytes, at + 8))
        break
      case MessageId.Suggest:
        handler.onSuggest(first)
        break
      case MessageId.HaveAll:
        handler.onHaveAll()
        break
      case MessageId.HaveNone:
        handler.onHaveNone()
        break
      case MessageId.Reject:
        handler.onReject(first, readU32(bytes, at + 4), readU32(bytes, at + 8))
        break
      case MessageId.AllowedFast:
        handler.onAllowedFast(first)
        break
    }
    return true
  }

  private beginBlock(piece: number, begin: number, length: number): number {
    if (piece >= this.pieceCount) return this.fail(WireFault.BadIndex)
    this.piece = piece
    this.begin = begin
    this.blockLength = length
    this.left = length
    this.target = this.handler.blockTarget(piece, begin, length)
    this.reading = Reading.Block
    return PIECE_HEADER_LENGTH
  }

  private beginBody(id: number, length: number, headLength: number): number {
    this.id = id
    this.left = length
    this.bodyFilled = 0
    this.reading = Reading.Body
    if (length === 0) this.endBody(this.body.subarray(0, 0))
    return headLength
  }

  private readPayload(chunk: Uint8Array, at: number, end: number): number {
    const count = Math.min(this.left, end - at)
    if (this.reading === Reading.Body) {
      if (this.bodyFilled === 0 && count === this.left) {
        this.left = 0
        this.endBody(chunk.subarray(at, at + count))
        return at + count
      }
      this.reserve(this.bodyFilled + count)
      copyBytes(chunk, at, count, this.body, this.bodyFilled)
      this.bodyFilled += count
    } else if (this.reading === Reading.Block && this.target !== null) {
      copyBytes(chunk, at, count, this.target, this.blockLength - this.left)
    }
    this.left -= count
    if (this.left === 0) this.endPayload()
    return at + count
  }

  private endPayload(): void {
    if (this.reading === Reading.Body) {
      this.endBody(this.body.subarray(0, this.bodyFilled))
      if (this.body.length > KEPT_BODY) this.body = new Uint8Array(0)
      return
    }
    const block = this.reading === Reading.Block
    const copied = this.target !== null
    this.reading = Reading.Head
    this.target = null
    if (block) this.handler.onBlock(this.piece, this.begin, this.blockLength, copied)
  }

  private endBody(body: Uint8Array): void {
    this.reading = Reading.Head
    if (this.id === MessageId.Extended) this.handler.onExtended(this.extensionId, body)
    else if (this.spareBitsClear(body)) this.handler.onBitfield(body)
    else this.fail(WireFault.BadBitfield)
  }

  private spareBitsClear(bits: Uint8Array): boolean {
    const spare = bits.length * 8 - this.pieceCount
    return spare === 0 || (bits[bits.length - 1]! & ((1 << spare) - 1)) === 0
  }

  private reserve(size: number): void {
    if (size <= this.body.length) return
    const grown = new Uint8Array(Math.min(Math.max(size, 2 * this.body.length, 256), this.bodyFilled + this.left))
    grown.set(this.body.subarray(0, this.bodyFilled))
    this.body = grown
  }

  private want(count: number): 0 {
    this.headWanted = count
    return 0
  }

  private fail(fault: WireFault): 0 {
    this.fault = fault
    this.stopped = true
    return 0
  }
}
