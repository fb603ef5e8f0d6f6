// The buffer that a reply's peers are written to, in units of 16, 32 and 64 bits. Servers give the same few buffers again
// and again, mostly in turn and mostly parts of one piece of memory, of which there is one view of each kind: a view for
// each of them would cost more in what must be at hand than it saves.

interface Views {
  readonly units: Uint16Array
  readonly words: Int32Array
  readonly longs: BigInt64Array
}

interface Part {
  readonly out: Uint8Array
  /** Of all the memory in which `out` lies. */
  readonly views: Views
  /** Where `out` begins, in units of 16 bits. */
  readonly begin: number
  /** The views are of memory written to first, since `out` begins within a unit. */
  readonly between: boolean
}

const MOST = 256
const nothing = new Uint8Array(0)

export class ReplyViews implements Views {
  units: Uint16Array
  words: Int32Array
  longs: BigInt64Array
  begin = 0
  private part: Part
  private turn = 0
  private readonly parts: Part[]

  constructor() {
    this.part = { out: nothing, views: viewsOf(nothing.buffer), begin: 0, between: false }
    this.parts = [this.part]
    this.units = this.part.views.units
    this.words = this.part.views.words
    this.longs = this.part.views.longs
  }

  at(out: Uint8Array): void {
    if (out === this.part.out) return
    this.turn = this.turn + 1 < this.parts.length ? this.turn + 1 : 0
    if (this.parts[this.turn]!.out !== out) this.turn = this.find(out)
    this.part = this.parts[this.turn]!
    this.begin = this.part.begin
    const { views } = this.part
    this.units = views.units
    this.words = views.words
    this.longs = views.longs
  }

  /** So many bytes were written. */
  done(bytes: number): void {
    const { out, between } = this.part
    if (between) out.set(new Uint8Array(this.units.buffer, 0, bytes))
  }

  private find(out: Uint8Array): number {
    const found = this.parts.findIndex(one => one.out === out)
    if (found >= 0) return found
    const at = this.parts.length < MOST ? this.parts.length : this.turn
    this.parts[at] = this.partOf(out)
    return at
  }

  private partOf(out: Uint8Array): Part {
    const { buffer, byteOffset, length } = out
    if ((byteOffset & 1) !== 0) return { out, views: viewsOf(new ArrayBuffer(length)), begin: 0, between: true }
    const known = this.parts.find(one => one.views.units.buffer === buffer)
    return { out, views: known?.views ?? viewsOf(buffer), begin: byteOffset >> 1, between: false }
  }
}

function viewsOf(memory: ArrayBufferLike): Views {
  const { byteLength } = memory
  return {
    units: new Uint16Array(memory, 0, byteLength >> 1),
    words: new Int32Array(memory, 0, byteLength >> 2),
    longs: new BigInt64Array(memory, 0, Math.floor(byteLength / 8)),
  }
}
