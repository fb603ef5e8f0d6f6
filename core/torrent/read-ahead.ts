// A bounded cache of read extents, so that one storage job serves many requests. An extent lies within one piece that
// we have. Its memory is used again only when no write of it is pending on any link: a buffer refilled earlier would go
// out as garbage.
import type { NodeError } from '../base/errors.js'
import type { ReadJob, TorrentStorage } from '../contracts/storage.js'
import { BLOCK_LENGTH, type PieceGeometry } from '../protocol/geometry.js'
import type { PieceIndex } from '../protocol/ids.js'
import type { BufferArena } from './buffer-arena.js'

const LONGEST_EXTENT = 1 << 20
const MOST_EXTENTS = 256
/** What `find` answers instead of an extent. */
export const LOADING = -1
export const UNREADABLE = -2

class Extent implements ReadJob {
  piece: PieceIndex
  begin = 0
  into: Uint8Array
  offset = 0
  key = -1
  ready = false
  pins = 0
  used = 0
  readonly waiting = new Set<number>()
  done: (error: NodeError | null) => void = () => {}

  constructor(piece: PieceIndex, into: Uint8Array) {
    this.piece = piece
    this.into = into
  }
}

export class ReadAhead {
  readonly extentLength: number
  private readonly perPiece: number
  private readonly extents: Extent[] = []
  private readonly byKey = new Map<number, number>()
  private readonly unregister: () => void
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
    const blocks = Math.ceil(Math.min(LONGEST_EXTENT, geometry.pieceLength) / BLOCK_LENGTH)
    this.extentLength = geometry.pieceLength <= LONGEST_EXTENT ? geometry.pieceLength : blocks * BLOCK_LENGTH
    this.perPiece = Math.ceil(geometry.pieceLength / this.extentLength)
    this.unregister = arena.onPressure(() => this.reclaim())
  }

  /** The extent that holds this byte of a piece we have; else it is being read (the peer is told by `loaded`), or cannot be. */
  find(piece: PieceIndex, begin: number, peer: number): number {
    const part = Math.floor(begin / this.extentLength)
    const key = piece * this.perPiece + part
    const known = this.byKey.get(key)
    const at = known ?? this.load(piece, part, key)
    const extent = this.extents[at]
    if (extent === undefined) return this.extents.every(one => one.key < 0) ? UNREADABLE : LOADING
    if (!extent.ready) {
      extent.waiting.add(peer)
      return LOADING
    }
    extent.used = ++this.clock
    return at
  }

  /** Reads before anyone waits for it. */
  prefetch(piece: PieceIndex, begin: number): void {
    const part = Math.floor(begin / this.extentLength)
    const key = piece * this.perPiece + part
    if (!this.byKey.has(key)) this.load(piece, part, key)
  }

  /** Bytes of an extent from `begin` of the piece, at most `length` of them. */
  bytes(at: number, begin: number, length: number): Uint8Array {
    const extent = this.extents[at]!
    const from = begin - extent.begin
    return extent.into.subarray(from, from + length)
  }

  pin(at: number): void {
    this.extents[at]!.pins++
  }

  unpin(at: number): void {
    const extent = this.extents[at]!
    if (--extent.pins === 0 && (this.closed || !this.listed(extent))) this.drop(extent)
  }

  /** A piece has left Have: what was read of it must not be sent. */
  forget(piece: PieceIndex): void {
    for (let part = 0; part < this.perPiece; part++) {
      const at = this.byKey.get(piece * this.perPiece + part)
      if (at !== undefined) this.unlist(this.extents[at]!)
    }
  }

  close(): void {
    this.closed = true
    this.unregister()
    for (const extent of this.extents) if (extent.key >= 0 && extent.ready && extent.pins === 0) this.drop(extent)
  }

  private load(piece: PieceIndex, part: number, key: number): number {
    if (this.closed) return -1
    const begin = part * this.extentLength
    const length = Math.min(this.extentLength, this.geometry.lengthOf(piece) - begin)
    const offset = this.room(length)
    if (offset < 0) return -1
    const at = this.vacancy(piece)
    const extent = this.extents[at]!
    extent.piece = piece
    extent.begin = begin
    extent.offset = offset
    extent.into = this.arena.view(offset, length)
    extent.key = key
    extent.ready = false
    extent.used = ++this.clock
    extent.done = error => this.finish(extent, error)
    this.byKey.set(key, at)
    this.storage.read(extent)
    return at
  }

  private finish(extent: Extent, error: NodeError | null): void {
    extent.ready = true
    const waiting = [...extent.waiting]
    extent.waiting.clear()
    if (error !== null || this.closed || !this.listed(extent)) this.drop(extent)
    if (error !== null && !this.closed) this.failed(extent.piece, error)
    this.loaded(waiting)
  }

  private room(length: number): number {
    while (this.byKey.size >= MOST_EXTENTS) if (!this.reclaim()) return -1
    return this.arena.alloc(length, 'extent')
  }

  private vacancy(piece: PieceIndex): number {
    const free = this.extents.findIndex(extent => extent.key < 0)
    return free >= 0 ? free : this.extents.push(new Extent(piece, new Uint8Array(0))) - 1
  }

  /** Gives up the extent that was used least recently, if any is in nobody's hands. */
  private reclaim(): boolean {
    let oldest: Extent | null = null
    for (const extent of this.extents) {
      if (extent.key >= 0 && extent.ready && extent.pins === 0 && (oldest === null || extent.used < oldest.used))
        oldest = extent
    }
    if (oldest === null) return false
    this.drop(oldest)
    return true
  }

  /** Can be found; an extent that was forgotten lives on unlisted while a link still sends from it. */
  private listed(extent: Extent): boolean {
    const at = this.byKey.get(extent.key)
    return at !== undefined && this.extents[at] === extent
  }

  private unlist(extent: Extent): void {
    this.byKey.delete(extent.key)
    if (extent.ready && extent.pins === 0) this.drop(extent)
  }

  private drop(extent: Extent): void {
    if (this.listed(extent)) this.byKey.delete(extent.key)
    this.arena.free(extent.offset, extent.into.length, 'extent')
    extent.key = -1
  }
}
