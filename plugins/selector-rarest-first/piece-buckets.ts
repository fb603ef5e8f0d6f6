// Pieces in one flat array, grouped into numbered buckets with gaps between them: bucket b lies at [start[b], end[b]),
// and end[b] <= start[b + 1]. A piece moves to the next bucket, up or down, by one swap and one shifted border.

export class PieceBuckets {
  /** Bucket after bucket; what lies in a gap is stale. */
  readonly order: Int32Array
  /** How many buckets there are. */
  buckets = 0
  start = new Int32Array(1)
  end = new Int32Array(1)
  /** Index in `order` of each piece, or -1. */
  private readonly place: Int32Array
  /** Bucket of each piece that has a place. */
  private readonly bucket: Int32Array
  private pieces = 0

  constructor(private readonly pieceCount: number) {
    this.order = new Int32Array(pieceCount)
    this.place = new Int32Array(pieceCount).fill(-1)
    this.bucket = new Int32Array(pieceCount)
  }

  get size(): number {
    return this.pieces
  }

  /** Files every piece anew: `bucketFor` gives its bucket, or -1 for none. Asked once a piece. */
  fill(buckets: number, bucketFor: (piece: number) => number): void {
    if (this.start.length < buckets) {
      this.start = new Int32Array(buckets * 2)
      this.end = new Int32Array(buckets * 2)
    }
    this.buckets = buckets
    const { start, end, order, place, bucket, pieceCount } = this
    end.fill(0, 0, buckets)
    for (let piece = 0; piece < pieceCount; piece++) {
      const b = (bucket[piece] = bucketFor(piece))
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

  /** False if no gap borders on the bucket: then all has to be filed anew. The piece must be in none. */
  add(piece: number, b: number): boolean {
    const above = b + 1 < this.buckets ? this.start[b + 1]! : this.pieceCount
    const below = b > 0 ? this.end[b - 1]! : 0
    if (this.end[b]! < above) this.put(piece, b, this.end[b]!++)
    else if (this.start[b]! > below) this.put(piece, b, --this.start[b]!)
    else return false
    this.pieces++
    return true
  }

  remove(piece: number): void {
    this.toLast(piece, this.bucket[piece]!)
    this.end[this.bucket[piece]!]!--
    this.place[piece] = -1
    this.pieces--
  }

  /** Like remove and add, but always possible between neighbours. */
  move(piece: number, to: number): boolean {
    const from = this.bucket[piece]!
    if (to === from) return true
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
      return this.add(piece, to)
    }
    return true
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
