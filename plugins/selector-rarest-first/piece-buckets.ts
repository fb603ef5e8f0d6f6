// Pieces in one flat array, grouped into numbered buckets with gaps between them: bucket b lies at [start[b], end[b]),
// and end[b] <= start[b + 1]. A piece moves to the next bucket, up or down, by one swap and one shifted border.
// There is always a gap for a piece that is in no bucket, since there is a place for every piece.

export class PieceBuckets {
  /** Bucket after bucket; what lies in a gap is stale. */
  readonly order: Int32Array
  /** How many buckets there are. */
  buckets = 0
  start = new Int32Array(1)
  end = new Int32Array(1)
  /** Index in `order` of each piece, or -1. */
  private readonly place: Int32Array
  /** Bucket of each piece that has a place; written from outside only to be filed by `fill`. */
  readonly bucket: Int32Array
  private pieces = 0

  constructor(private readonly pieceCount: number) {
    this.order = new Int32Array(pieceCount)
    this.place = new Int32Array(pieceCount).fill(-1)
    this.bucket = new Int32Array(pieceCount)
  }

  get size(): number {
    return this.pieces
  }

  /** Files every piece anew, in the bucket that stands for it in `bucket`, or nowhere for -1. */
  fill(buckets: number): void {
    if (this.start.length < buckets) {
      this.start = new Int32Array(buckets * 2)
      this.end = new Int32Array(buckets * 2)
    }
    this.buckets = buckets
    const { start, end, order, place, bucket, pieceCount } = this
    end.fill(0, 0, buckets)
    for (let piece = 0; piece < pieceCount; piece++) {
      const b = bucket[piece]!
      if (b >= 0) end[b]!++
    }
    let at = 0
    for (let b = 0; b < buckets; b++) {
      const count = end[b]!
      start[b] = end[b] = at
      at += count
    }
    this.pieces = at
    for (let piece = 0; piece < pieceCount; piece++) {
      const b = bucket[piece]!
      if (b < 0) place[piece] = -1
      else order[(place[piece] = end[b]!++)] = piece
    }
  }

  /** The piece's bucket, or -1 if it is in none. */
  bucketOf(piece: number): number {
    return this.place[piece]! < 0 ? -1 : this.bucket[piece]!
  }

  /** Is what lies at this index of `order` filed there, or left over in a gap? */
  holds(at: number): boolean {
    return this.place[this.order[at]!] === at
  }

  /** The piece must be in no bucket. */
  add(piece: number, b: number): void {
    if (this.end[b] === this.above(b)) this.makeRoom(b)
    this.put(piece, b, this.end[b]!++)
    this.pieces++
  }

  remove(piece: number): void {
    this.toLast(piece, this.bucket[piece]!)
    this.end[this.bucket[piece]!]!--
    this.place[piece] = -1
    this.pieces--
  }

  move(piece: number, to: number): void {
    const from = this.bucket[piece]!
    if (to === from) return
    if (to === from + 1) {
      this.toLast(piece, from)
      this.end[from]!--
      this.put(piece, to, --this.start[to]!)
    } else if (to === from - 1) {
      this.swap(piece, this.start[from]!)
      this.start[from]!++
      this.put(piece, to, this.end[to]!++)
    } else {
      this.remove(piece)
      this.add(piece, to)
    }
  }

  /** Where the next bucket begins. */
  private above(b: number): number {
    return b + 1 < this.buckets ? this.start[b + 1]! : this.pieceCount
  }

  /** Brings the nearest gap to the end of the bucket, one piece of each bucket between going to its other end. */
  private makeRoom(b: number): void {
    const { start, end, buckets } = this
    let from = b + 1
    while (from < buckets && end[from] === this.above(from)) from++
    if (from < buckets) {
      for (let k = from; k > b; k--) this.shift(k, start[k]!++, end[k]!++)
      return
    }
    from = b
    while (from > 0 && end[from - 1] === start[from]) from--
    for (let k = from; k <= b; k++) this.shift(k, --end[k]!, --start[k]!)
  }

  private shift(b: number, from: number, to: number): void {
    if (from !== to) this.put(this.order[from]!, b, to)
  }

  private toLast(piece: number, b: number): void {
    this.swap(piece, this.end[b]! - 1)
  }

  private swap(piece: number, at: number): void {
    const other = this.order[at]!
    const was = this.place[piece]!
    this.order[was] = other
    this.place[other] = was
    this.order[at] = piece
    this.place[piece] = at
  }

  private put(piece: number, b: number, at: number): void {
    this.order[at] = piece
    this.place[piece] = at
    this.bucket[piece] = b
  }
}
