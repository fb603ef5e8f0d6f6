// Virtual time: what will happen, ordered by time and, at equal times, by who asked first. Nothing else orders events.

export interface Happening {
  readonly time: number
  /** Cancelling what has happened does nothing. */
  cancel(): void
}

class Entry implements Happening {
  constructor(
    readonly time: number,
    readonly sequence: number,
    public run: (() => void) | null,
  ) {}

  cancel(): void {
    this.run = null
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence)
}

export class Timeline {
  /** Milliseconds since the world began. */
  now = 0
  /** How many events have happened: equal numbers mean one turn of every node's event loop. */
  turn = 0
  private sequence = 0
  private readonly heap: Entry[] = []

  /** A time that has passed means now, after all that is to happen now already. */
  at(time: number, run: () => void): Happening {
    const entry = new Entry(Math.max(time, this.now), this.sequence++, run)
    this.push(entry)
    return entry
  }

  after(ms: number, run: () => void): Happening {
    return this.at(this.now + ms, run)
  }

  /** When the next event is due; Infinity where nothing is to come. */
  next(): number {
    while (this.heap[0] !== undefined && this.heap[0].run === null) this.pop()
    return this.heap[0]?.time ?? Infinity
  }

  /** Moves time to the next event and runs it; false where there is none. */
  step(): boolean {
    if (this.next() === Infinity) return false
    const entry = this.pop()
    const run = entry?.run
    if (entry === undefined || !run) return false
    entry.run = null
    this.now = entry.time
    this.turn++
    run()
    return true
  }

  private push(entry: Entry): void {
    const { heap } = this
    let i = heap.push(entry) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      const above = heap[parent]
      if (above === undefined || before(above, entry)) break
      heap[i] = above
      i = parent
    }
    heap[i] = entry
  }

  private pop(): Entry | undefined {
    const { heap } = this
    const top = heap[0]
    const last = heap.pop()
    if (last === undefined || last === top) return top
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      let below = heap[child]
      if (below === undefined) break
      const other = heap[child + 1]
      if (other !== undefined && before(other, below)) {
        below = other
        child++
      }
      if (before(last, below)) break
      heap[i] = below
      i = child
    }
    heap[i] = last
    return top
  }
}
