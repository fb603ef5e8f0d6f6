// Counters that several threads keep at once: each has a row of its own and adds to it plainly, nobody waits for
// anybody, and whoever shows them adds the rows up. A row outlives its thread; the next with that number goes on in it.

/** Doubles, since a 32-bit counter of packets is full within the day. Rows begin on lines of their own in any cache. */
const WORDS_A_LINE = 16
/** Threads are numbered from below, so more rows than threads there can be are no more memory: pages come by use. */
const ROWS = 1024

export class ThreadCounts<K extends string> {
  /** To be handed to another thread, where the same names open it again. */
  readonly memory: SharedArrayBuffer
  private readonly words: Float64Array
  private readonly width: number

  /** `places`: each name with its place in a row, from 0. */
  constructor(
    private readonly places: Readonly<Record<K, number>>,
    memory?: SharedArrayBuffer,
  ) {
    this.width = Math.ceil(Object.keys(places).length / WORDS_A_LINE) * WORDS_A_LINE
    this.memory = memory ?? new SharedArrayBuffer(8 * ROWS * this.width)
    this.words = new Float64Array(this.memory)
  }

  /** What thread `number` adds to, and nobody else; 0 is the main thread. */
  row(number: number): Float64Array {
    const at = (number % ROWS) * this.width
    return this.words.subarray(at, at + this.width)
  }

  total(name: K): number {
    let sum = 0
    for (let at = this.places[name]; at < this.words.length; at += this.width) sum += this.words[at]!
    return sum
  }

  totals(): Record<K, number> {
    const names = Object.keys(this.places) as K[]
    return Object.fromEntries(names.map(name => [name, this.total(name)])) as Record<K, number>
  }
}
