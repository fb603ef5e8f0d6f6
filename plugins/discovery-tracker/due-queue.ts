// Items in the order in which they fall due: a binary heap in which each knows its place, so that one of thousands is
// moved or taken out without looking at the others.

export interface Due {
  /** Milliseconds; Infinity: not before it is filed anew. */
  dueAt: number
  /** Where it lies in its queue, or -1. Kept by the queue. */
  place: number
}

export class DueQueue<T extends Due> {
  private readonly heap: T[] = []

  /** Files it, or moves it to where it belongs now. */
  put(item: T, dueAt: number): void {
    item.dueAt = dueAt
    if (item.place < 0) item.place = this.heap.push(item) - 1
    this.rise(item)
    this.sink(item)
  }

  remove(item: T): void {
    if (item.place < 0) return
    const last = this.heap.pop()
    if (last !== undefined && last !== item) {
      this.lay(last, item.place)
      this.rise(last)
      this.sink(last)
    }
    item.place = -1
  }

  /** The one that has been due for longest, left where it is; null where none is due. */
  first(now: number): T | null {
    const first = this.heap[0]
    return first !== undefined && first.dueAt <= now ? first : null
  }

  private rise(item: T): void {
    while (item.place > 0) {
      const above = this.heap[(item.place - 1) >> 1]!
      if (above.dueAt <= item.dueAt) return
      this.swap(above, item)
    }
  }

  private sink(item: T): void {
    for (;;) {
      const left = this.heap[2 * item.place + 1]
      const right = this.heap[2 * item.place + 2]
      const below = left !== undefined && right !== undefined && right.dueAt < left.dueAt ? right : left
      if (below === undefined || below.dueAt >= item.dueAt) return
      this.swap(item, below)
    }
  }

  private swap(above: T, below: T): void {
    const place = above.place
    this.lay(above, below.place)
    this.lay(below, place)
  }

  private lay(item: T, place: number): void {
    this.heap[place] = item
    item.place = place
  }
}
