// The buffer that a reply's peers are written to, in units of 16, 32 and 64 bits. Servers give the same few buffers again
// and again, mostly in turn, so views of each are made once.

interface Views {
  readonly out: Uint8Array
  readonly units: Uint16Array
  readonly words: Int32Array
  /** From the first place on at which 64 bits can be written, which is unit number `lead`. */
  readonly longs: BigInt64Array
  readonly lead: number
  /** They are of a buffer written to first, since `out` does not begin at a whole word. */
  readonly between: boolean
}

const MOST = 256

export class ReplyViews {
  units: Uint16Array
  words: Int32Array
  longs: BigInt64Array
  lead = 0
  private out: Uint8Array
  private between = false
  private turn = 0
  private readonly known: Views[]

  constructor() {
    const views = viewsOf(new Uint8Array(0))
    this.known = [views]
    this.out = views.out
    this.units = views.units
    this.words = views.words
    this.longs = views.longs
  }

  at(out: Uint8Array): void {
    if (out === this.out) return
    this.out = out
    this.turn = this.turn + 1 < this.known.length ? this.turn + 1 : 0
    if (this.known[this.turn]?.out !== out) this.turn = this.find(out)
    const views = this.known[this.turn]
    if (views === undefined) return
    this.units = views.units
    this.words = views.words
    this.longs = views.longs
    this.lead = views.lead
    this.between = views.between
  }

  /** So many bytes were written. */
  done(bytes: number): void {
    if (this.between) this.out.set(new Uint8Array(this.units.buffer, 0, bytes))
  }

  private find(out: Uint8Array): number {
    const found = this.known.findIndex(one => one.out === out)
    if (found >= 0) return found
    const at = this.known.length < MOST ? this.known.length : this.turn
    this.known[at] = viewsOf(out)
    return at
  }
}

function viewsOf(out: Uint8Array): Views {
  if ((out.byteOffset & 3) !== 0) return { ...viewsOf(new Uint8Array(out.length)), out, between: true }
  const { buffer, byteOffset, length } = out
  const skipped = -byteOffset & 7
  const rest = Math.max(0, length - skipped) >> 3
  return {
    out,
    units: new Uint16Array(buffer, byteOffset, length >> 1),
    words: new Int32Array(buffer, byteOffset, length >> 2),
    longs: rest === 0 ? new BigInt64Array(0) : new BigInt64Array(buffer, byteOffset + skipped, rest),
    lead: skipped >> 1,
    between: false,
  }
}
