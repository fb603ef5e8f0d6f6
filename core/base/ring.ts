/** A queue of 32-bit whole numbers with a fixed power-of-two capacity: no allocation after construction. */
export class Int32Ring {
  private readonly items: Int32Array
  private readonly mask: number
  private head = 0
  private tail = 0

  constructor(capacity: number) {
    const size = 1 << Math.ceil(Math.log2(Math.max(2, capacity)))
    this.items = new Int32Array(size)
    this.mask = size - 1
  }

  get length(): number {
    return (this.tail - this.head) | 0
  }

  get capacity(): number {
    return this.items.length
  }

  /** False when full; nothing is overwritten. */
  push(value: number): boolean {
    if (this.length === this.items.length) return false
    this.items[this.tail & this.mask] = value
    this.tail = (this.tail + 1) | 0
    return true
  }

  /** The oldest item, taken out; 0 when empty (check `length`). */
  shift(): number {
    if (this.length === 0) return 0
    const value = this.items[this.head & this.mask]!
    this.head = (this.head + 1) | 0
    return value
  }

  /** The item `offset` places behind the oldest, left in. */
  peek(offset = 0): number {
    return this.items[(this.head + offset) & this.mask]!
  }

  indexOf(value: number): number {
    const count = this.length
    for (let i = 0; i < count; i++) if (this.items[(this.head + i) & this.mask] === value) return i
    return -1
  }

  /** Takes out the first such item, wherever it stands; cheapest near the front. False: there is none. */
  remove(value: number): boolean {
    const at = this.indexOf(value)
    if (at >= 0) this.removeAt(at)
    return at >= 0
  }

  /** Takes out the item `offset` places behind the oldest. */
  removeAt(offset: number): void {
    for (let i = offset; i > 0; i--)
      this.items[(this.head + i) & this.mask] = this.items[(this.head + i - 1) & this.mask]!
    this.head = (this.head + 1) | 0
  }

  clear(): void {
    this.head = this.tail
  }
}
