// A bounded cache of read extents, so that one storage job serves many requests and many peers. An extent lies within one
// piece that we have. Its memory is used again only when no write of it is pending on any link: a buffer refilled earlier
// would go out as garbage. How much is read at once, and how far ahead, follows from how many peers ask: what was read
// and nobody has had yet is given up for a peer that waits, never for one that might ask soon.
import type { NodeError } from '../base/errors.js'
import type { ReadJob, TorrentStorage } from '../contracts/storage.js'
import { BLOCK_LENGTH, type PieceGeometry } from '../protocol/geometry.js'
import type { PieceIndex } from '../protocol/ids.js'
import type { BufferArena } from './buffer-arena.js'

/** Extents are made of these, so that few peers get long ones and many get short ones. */
const LONGEST_PART = 16 * BLOCK_LENGTH
const MOST_PARTS = 4
const MOST_AHEAD = 12
const MOST_EXTENTS = 256
/** What `find` answers instead of an extent. */
export const LOADING = -1
export const UNREADABLE = -2

class Extent implements ReadJob {
  piece: PieceIndex
  begin = 0
  into: Uint8Array
  offset = 0
  /** Of the first part of it; -1: not in use. */
  key = -1
  parts = 0
  ready = false
  pins = 0
  used = 0
  /** Bytes that nobody has had. */
  fresh = 0
  readonly waiting = new Set<number>()
  done: (error: NodeError | null) => void = () => {}

  constructor(
    piece: PieceIndex,
    readonly at: number,
  ) {
    this.piece = piece
    this.into = new Uint8Array(0)
  }
}

export class ReadAhead {
  readonly partLength: number
  private readonly perPiece: number
  private readonly extents: Extent[] = []
  private readonly idle: Extent[] = []
  private readonly byPart = new Map<number, Extent>()
  /** Peers that found no memory, in the order in which they try again. */
  private readonly starving = new Set<number>()
  private released = false
  private feeding = false
  private readonly unregister: () => void
  private inUse = 0
  private clock = 0
  private closed = false

  constructor(
    private readonly geometry: PieceGeometry,
    private readonly arena: BufferArena,
    private readonly storage: TorrentStorage,
    /** Peers (by slot) that asked for an extent which is there now. */
    private readonly loaded: (waiting: Iterable<number>) => void,
    private readonly failed: (piece: PieceIndex, error: NodeError) => void,
  ) {
    const whole = Math.ceil(geometry.pieceLength / BLOCK_LENGTH) * BLOCK_LENGTH
    this.partLength = Math.min(LONGEST_PART, whole)
    this.perPiece = Math.ceil(geometry.pieceLength / this.partLength)
    this.unregister = arena.onPressure(hard => this.reclaim(hard))
  }

  /** Somebody waits for memory that others hold. */
  get starved(): boolean {
    return this.starving.size > 0
  }

  /** A peer has begun to ask, or has not asked for a while. */
  asks(): void {
    this.arena.readers++
  }

  rests(): void {
    this.arena.readers--
  }

  /** Parts that may be read for one peer beyond the one it is sent from. */
  get ahead(): number {
    return Math.max(0, Math.min(MOST_AHEAD, this.share - this.readParts))
  }

  /** The extent that holds this byte of a piece we have; else it is being read (the peer is told by `loaded`), or cannot be. */
  find(piece: PieceIndex, begin: number, peer: number): number {
    const part = Math.floor(begin / this.partLength)
    const extent = this.byPart.get(piece * this.perPiece + part) ?? this.load(piece, part, true)
    if (extent === null) {
      if (this.inUse === 0) return UNREADABLE
      this.starving.add(peer)
      return LOADING
    }
    if (!extent.ready) {
      extent.waiting.add(peer)
      return LOADING
    }
    extent.used = ++this.clock
    return extent.at
  }

  /** Reads before anyone waits for it, where there is memory that nobody misses. */
  prefetch(piece: PieceIndex, begin: number): void {
    const part = Math.floor(begin / this.partLength)
    if (!this.byPart.has(piece * this.perPiece + part)) this.load(piece, part, false)
  }

  /** How many bytes the extent holds from `begin` of the piece on. */
  room(at: number, begin: number): number {
    const extent = this.extents[at]!
    return extent.begin + extent.into.length - begin
  }

  /** Bytes of an extent from `begin` of the piece, at most `length` of them. */
  bytes(at: number, begin: number, length: number): Uint8Array {
    const extent = this.extents[at]!
    const from = begin - extent.begin
    extent.fresh -= length
    return extent.into.subarray(from, from + length)
  }

  pin(at: number): void {
    this.extents[at]!.pins++
  }

  unpin(at: number): void {
    const extent = this.extents[at]!
    if (--extent.pins > 0) return
    this.released = true
    if (this.closed || !this.listed(extent)) this.drop(extent)
  }

  /** Somebody may try again, if there was memory given back. Called where no extent is in hand. */
  feed(): void {
    if (!this.released || this.feeding || this.starving.size === 0) return
    this.feeding = true
    this.released = false
    for (const peer of this.starving) {
      this.starving.delete(peer)
      this.loaded([peer])
      break
    }
    this.feeding = false
  }

  /** A piece has left Have: what was read of it must not be sent. */
  forget(piece: PieceIndex): void {
    for (let part = 0; part < this.perPiece; part++) {
      const extent = this.byPart.get(piece * this.perPiece + part)
      if (extent === undefined) continue
      this.unlist(extent)
      if (extent.ready && extent.pins === 0) this.drop(extent)
    }
  }

  close(): void {
    this.closed = true
    this.unregister()
    for (const extent of this.extents) if (extent.key >= 0 && extent.ready && extent.pins === 0) this.drop(extent)
  }

  /** Parts of the memory for one of those who ask. */
  private get share(): number {
    return Math.floor(this.arena.extentBytes / Math.max(1, this.arena.readers) / this.partLength)
  }

  private get readParts(): number {
    return Math.max(1, Math.min(MOST_PARTS, this.share >> 1))
  }

  private load(piece: PieceIndex, part: number, needed: boolean): Extent | null {
    if (this.closed) return null
    const key = piece * this.perPiece + part
    const most = Math.min(this.readParts, this.perPiece - part)
    let parts = 1
    while (parts < most && !this.byPart.has(key + parts)) parts++
    const begin = part * this.partLength
    const length = Math.min(parts * this.partLength, this.geometry.lengthOf(piece) - begin)
    const offset = this.memory(length, needed)
    if (offset < 0) return null
    const extent = this.idle.pop() ?? this.another(piece)
    this.inUse++
    extent.piece = piece
    extent.begin = begin
    extent.offset = offset
    extent.into = this.arena.view(offset, length)
    extent.key = key
    extent.parts = parts
    extent.ready = false
    extent.fresh = length
    extent.used = ++this.clock
    extent.done = error => this.finish(extent, error)
    for (let i = 0; i < parts; i++) this.byPart.set(key + i, extent)
    this.storage.read(extent)
    return extent
  }

  private finish(extent: Extent, error: NodeError | null): void {
    extent.ready = true
    const waiting = [...extent.waiting]
    extent.waiting.clear()
    if (error !== null || this.closed || !this.listed(extent)) this.drop(extent)
    if (error !== null && !this.closed) this.failed(extent.piece, error)
    this.released = true
    this.loaded(waiting)
    this.feed()
  }

  private memory(length: number, needed: boolean): number {
    while (this.inUse >= MOST_EXTENTS) if (!this.reclaim(needed)) return -1
    return this.arena.alloc(length, 'extent', needed)
  }

  private another(piece: PieceIndex): Extent {
    const extent = new Extent(piece, this.extents.length)
    this.extents.push(extent)
    return extent
  }

  /** Gives up the extent that was used least recently, if any is in nobody's hands; `hard`: also what nobody has had yet. */
  private reclaim(hard: boolean): boolean {
    let oldest: Extent | null = null
    for (const extent of this.extents) {
      if (extent.key < 0 || !extent.ready || extent.pins > 0) continue
      if (oldest === null || before(extent, oldest)) oldest = extent
    }
    if (oldest === null || (oldest.fresh > 0 && !hard)) return false
    this.drop(oldest)
    return true
  }

  /** Can be found; an extent that was forgotten lives on unlisted while a link still sends from it. */
  private listed(extent: Extent): boolean {
    return this.byPart.get(extent.key) === extent
  }

  private unlist(extent: Extent): void {
    for (let i = 0; i < extent.parts; i++) this.byPart.delete(extent.key + i)
  }

  private drop(extent: Extent): void {
    if (this.listed(extent)) this.unlist(extent)
    this.arena.free(extent.offset, extent.into.length, 'extent')
    extent.key = -1
    this.inUse--
    this.idle.push(extent)
  }
}

/** What somebody has had goes first, then what was used longest ago. */
function before(one: Extent, other: Extent): boolean {
  const had = one.fresh <= 0
  return had === other.fresh <= 0 ? one.used < other.used : had
}
