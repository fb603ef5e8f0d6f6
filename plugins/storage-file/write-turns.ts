// The system lets one thread at a time write to a file, and the next burns CPU while it waits. So threads take turns,
// and sleep.

/** Files share turns where there are more of them: that costs a wait, and nothing else. */
const TURNS = 64
/** A turn is a favour: who has waited this long, for a slow disk or for a thread that died, goes on without. */
const PATIENCE_MS = 20

const FREE = 0
const TAKEN = 1

export class WriteTurns {
  /** Shared by all threads of a pool. */
  constructor(private readonly turns = new Int32Array(new SharedArrayBuffer(TURNS * 4))) {}

  /** The same turns, for another thread. */
  get shared(): Int32Array<SharedArrayBuffer> {
    return this.turns
  }

  take(file: number): void {
    const at = file % TURNS
    while (Atomics.compareExchange(this.turns, at, FREE, TAKEN) !== FREE) {
      if (Atomics.wait(this.turns, at, TAKEN, PATIENCE_MS) === 'timed-out') return
    }
  }

  give(file: number): void {
    const at = file % TURNS
    Atomics.store(this.turns, at, FREE)
    Atomics.notify(this.turns, at, 1)
  }
}
