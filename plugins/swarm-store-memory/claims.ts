// Which blocks belong to something, for a recount of everything: no byte may belong to two, nor lie where none can.
import { MAX_ORDER, TOP } from './memory.js'
import type { Arena } from './arena.js'

export class Claims {
  /** A byte for each 64, from the first that blocks are cut from: not 0 where it belongs to something. */
  readonly used: Uint8Array
  bytes = 0
  private readonly base: number
  private readonly top: number
  private readonly blocks: number[] = []

  constructor(arena: Arena) {
    this.base = arena.first >> 2
    this.top = arena.i32[TOP]!
    this.used = new Uint8Array((this.top - this.base) >> 4)
  }

  /** False: no such block can be, or part of it belongs to something else. */
  claim(block: number, order: number): boolean {
    const words = 16 << order
    if (order > MAX_ORDER || block < this.base || block + words > this.top) return false
    if (((block - this.base) & (words - 1)) !== 0) return false
    const from = (block - this.base) >> 4
    const to = from + (1 << order)
    for (let unit = from; unit < to; unit++) if (this.used[unit] !== 0) return false
    this.used.fill(1, from, to)
    this.blocks.push(block, order)
    this.bytes += 64 << order
    return true
  }

  /** How many claims were made: where `giveBack` goes back to. */
  get made(): number {
    return this.blocks.length
  }

  giveBack(made: number): void {
    for (let i = made; i < this.blocks.length; i += 2) {
      const from = (this.blocks[i]! - this.base) >> 4
      const order = this.blocks[i + 1]!
      this.used.fill(0, from, from + (1 << order))
      this.bytes -= 64 << order
    }
    this.blocks.length = made
  }
}
