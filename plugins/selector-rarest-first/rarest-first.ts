// Rarest first: Wanted pieces in buckets by priority, then by how many peers have them; a pick takes a random piece of
// the first bucket that holds one of the peer's. The buckets follow the engine's calls one by one and are filed anew,
// at the next pick, only when much changed at once.
import { bitsView, nextCommon } from '../../core/base/common-bits.js'
import { NONE, PieceState } from '../../core/contracts/piece-selector.js'
import type { PieceSelector, PeerView, SwarmView, U8 } from '../../core/contracts/piece-selector.js'
import type { PieceIndex } from '../../core/protocol/ids.js'
import type { RarestFirstOptions } from './config.js'
import { PieceBuckets } from './piece-buckets.js'

const PRIORITIES = 8
/** Buckets above the highest count seen, so that it may grow for a while. */
const HEADROOM = 16
/** Pieces looked at one by one before the whole bit field is intersected. */
const PROBES = 128
/** Common pieces weighed against each other before looking one by one is cheaper after all. */
const WEIGHED = 1024
const UNDECIDED = -2

export class RarestFirst implements PieceSelector {
  private readonly buckets: PieceBuckets
  private readonly wanted: Uint8Array
  private readonly wantedView: DataView
  /** First bucket of each priority, the highest in use beginning at 0; -1 where no piece has it. */
  private readonly rows = new Int32Array(PRIORITIES)
  private width = 0
  private stale = true
  /** No bucket before this one has a piece. */
  private first = 0
  /** By peer slot: no bucket before this one has a piece of that peer. Only peers that were asked for have an entry. */
  private lacks: Int32Array = new Int32Array(64)
  private haveCount = 0

  constructor(
    private readonly view: SwarmView,
    private readonly options: RarestFirstOptions,
  ) {
    const { pieceCount } = view.geometry
    this.buckets = new PieceBuckets(pieceCount)
    this.wanted = new Uint8Array((pieceCount + 7) >> 3)
    this.wantedView = bitsView(this.wanted)
  }

  pick(peer: PeerView): PieceIndex | typeof NONE {
    if (this.stale) this.refile()
    if (this.buckets.size === 0) return NONE
    const lot = this.view.random.u32()
    let piece: number = UNDECIDED
    if (this.haveCount < this.options.randomFirstPieces) piece = this.anyPiece(peer, lot)
    if (piece === UNDECIDED) piece = peer.seed ? this.rarest(lot) : this.rarestOf(peer, lot)
    return piece === NONE ? NONE : this.view.geometry.piece(piece)
  }

  onAvailability(piece: PieceIndex, count: number): void {
    const from = this.stale ? -1 : this.buckets.bucketOf(piece)
    if (from < 0) return
    if (count >= this.width) this.stale = true
    else {
      const to = from - (from % this.width) + count
      this.buckets.move(piece, to)
      this.filed(to)
    }
  }

  onState(piece: PieceIndex, state: number): void {
    if (state === PieceState.Have) this.haveCount++
    if (this.stale) return
    const isIn = this.buckets.bucketOf(piece) >= 0
    if (state !== PieceState.Wanted) {
      if (isIn) this.take(piece)
    } else if (!isIn) this.add(piece)
  }

  onRebuild(): void {
    this.stale = true
  }

  private take(piece: number): void {
    this.buckets.remove(piece)
    this.wanted[piece >> 3]! &= ~(0x80 >> (piece & 7))
  }

  private add(piece: number): void {
    const priority = this.view.priority[piece] ?? 0
    const count = this.view.availability[piece] ?? 0
    if (priority === 0) return
    const row = this.rows[priority]!
    if (row < 0 || count >= this.width) this.stale = true
    else {
      const bucket = row + count
      this.buckets.add(piece, bucket)
      this.filed(bucket)
      this.wanted[piece >> 3]! |= 0x80 >> (piece & 7)
    }
  }

  /** A piece came into the bucket: what was known of the buckets up to it holds no more. */
  private filed(bucket: number): void {
    if (bucket < this.first) this.first = bucket
    const { lacks } = this
    for (let slot = 0; slot < lacks.length; slot++) if (lacks[slot]! > bucket) lacks[slot] = bucket
  }

  private refile(): void {
    const { state, priority, availability, geometry } = this.view
    const { rows, wanted } = this
    const { pieceCount } = geometry
    const { bucket } = this.buckets
    let most = 0
    let bits = 0
    this.haveCount = 0
    rows.fill(-1)
    for (let piece = 0; piece < pieceCount; piece++) {
      const wish = state[piece] === PieceState.Wanted ? priority[piece]! : 0
      if (wish > 0) {
        const count = availability[piece]!
        if (count > most) most = count
        bucket[piece] = count
        rows[wish] = 0
        bits |= 0x80 >> (piece & 7)
      } else {
        if (state[piece] === PieceState.Have) this.haveCount++
        bucket[piece] = -1
      }
      if ((piece & 7) === 7 || piece === pieceCount - 1) {
        wanted[piece >> 3] = bits
        bits = 0
      }
    }
    this.width = most + HEADROOM
    let row = 0
    for (let p = PRIORITIES - 1; p > 0; p--) if (rows[p] === 0) rows[p] = this.width * row++
    if (row > 1)
      for (let piece = 0; piece < pieceCount; piece++) {
        if (bucket[piece]! >= 0) bucket[piece]! += rows[priority[piece]!]!
      }
    this.buckets.fill(row * this.width)
    this.first = 0
    this.lacks.fill(0)
    this.stale = false
  }

  /** For a seed: a random piece of the first bucket that has any. */
  private rarest(lot: number): number {
    const { start, end, order } = this.buckets
    while (start[this.first] === end[this.first]) this.first++
    const from = start[this.first]!
    return order[from + (lot % (end[this.first]! - from))]!
  }

  /** The same among what the peer has: probing at first, then by intersecting the bits, then probing to the end. */
  private rarestOf(peer: PeerView, lot: number): number {
    const { slot, have } = peer
    if (slot >= this.lacks.length) this.lacks = grown(this.lacks, slot + 1)
    if (this.lacks[slot]! < this.first) this.lacks[slot] = this.first
    let piece = this.probe(slot, have, lot, PROBES)
    if (piece === UNDECIDED) piece = this.weigh(slot, have)
    if (piece === UNDECIDED) piece = this.probe(slot, have, lot, Infinity)
    return piece
  }

  private probe(slot: number, have: U8, lot: number, most: number): number {
    const { start, end, order, buckets } = this.buckets
    let left = most
    for (let bucket = this.lacks[slot]!; bucket < buckets; bucket++) {
      const from = start[bucket]!
      const size = end[bucket]! - from
      if (size > 0) {
        let at = lot % size
        for (let k = Math.min(size, left); k > 0; k--) {
          const piece = order[from + at]!
          if ((have[piece >> 3]! & (0x80 >> (piece & 7))) !== 0) return piece
          if (++at === size) at = 0
        }
        if (size >= left) return UNDECIDED
        left -= size
      }
      this.lacks[slot] = bucket + 1
    }
    return NONE
  }

  private weigh(slot: number, have: U8): number {
    const { wantedView, buckets, view } = this
    const theirs = bitsView(have)
    const { pieceCount } = view.geometry
    let best: number = NONE
    let bestBucket = buckets.buckets
    let ties = 0
    let weighed = 0
    for (let piece = nextCommon(wantedView, theirs, 0, pieceCount); piece !== -1;) {
      if (++weighed > WEIGHED) return UNDECIDED
      const bucket = buckets.bucketOf(piece)
      if (bucket < bestBucket) {
        best = piece
        bestBucket = bucket
        ties = 1
      } else if (bucket === bestBucket && view.random.below(++ties) === 0) best = piece
      piece = nextCommon(wantedView, theirs, piece + 1, pieceCount)
    }
    this.lacks[slot] = bestBucket
    return best
  }

  /** While there is little to trade, any piece of the highest priority will do, and a random one is soonest complete. */
  private anyPiece(peer: PeerView, lot: number): number {
    const { start, order, buckets } = this.buckets
    for (let low = 0; low < buckets; low += this.width) {
      const from = start[low]!
      const to = low + this.width < buckets ? start[low + this.width]! : order.length
      const size = to - from
      let at = size > 0 ? lot % size : 0
      for (let k = Math.min(size, WEIGHED); k > 0; k--) {
        if (this.buckets.holds(from + at) && peer.has(order[from + at]!)) return order[from + at]!
        if (++at === size) at = 0
      }
      if (size > WEIGHED) return UNDECIDED
    }
    return UNDECIDED
  }
}

function grown(old: Int32Array, least: number): Int32Array {
  const more = new Int32Array(Math.max(least, old.length * 2))
  more.set(old)
  return more
}
