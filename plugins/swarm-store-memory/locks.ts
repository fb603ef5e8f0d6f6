// Locks in words of the shared memory. A word holds 0, or one more than the number of the thread that has it, so that
// what a dead thread held can be found. Nobody waits for ever: a lock that is not had in time is a call refused.
import { BUSY, TO_MEND } from './memory.js'
import type { Memory } from './memory.js'

/** The value of a lock whose holder went away in the middle of its work: only mending frees it. */
export const BROKEN = -1

/** Looks before the first sleep: a holder that runs is done within a microsecond or two. */
const SPINS = 200
/** Sleeps: first short ones, then of a millisecond, since the holder waits for a processor itself. */
const SHORT_SLEEPS = 20
const SHORT_MS = 0.1
const LONG_MS = 1
export const MOST_SLEEPS = 250
/** For a lock that is taken while another is held. */
export const FEWER_SLEEPS = 100

export class Locks {
  /** A lock was not had since somebody last asked. */
  private failed = false
  private readonly i32: Int32Array
  private readonly shared: boolean
  private readonly mine: number

  constructor(memory: Memory, holder: number) {
    this.i32 = new Int32Array(memory)
    this.shared = memory instanceof SharedArrayBuffer
    this.mine = heldBy(holder)
  }

  /** False: it was not to be had in time. */
  take(word: number, sleeps = MOST_SLEEPS): boolean {
    return Atomics.compareExchange(this.i32, word, 0, this.mine) === 0 || this.wait(word, sleeps)
  }

  release(word: number): void {
    Atomics.store(this.i32, word, 0)
  }

  /** Leaves it to whoever mends. */
  break(word: number): void {
    Atomics.store(this.i32, word, BROKEN)
    Atomics.store(this.i32, TO_MEND, 1)
  }

  /** Takes it from a holder that is gone; false: it has another. */
  inherit(word: number, from: number): boolean {
    return Atomics.compareExchange(this.i32, word, from, this.mine) === from
  }

  /** Was a lock not had since this was last asked? */
  gaveUp(): boolean {
    const { failed } = this
    this.failed = false
    return failed
  }

  private wait(word: number, sleeps: number): boolean {
    const { i32, mine } = this
    for (let i = 0; i < SPINS; i++) {
      if (Atomics.load(i32, word) === 0 && Atomics.compareExchange(i32, word, 0, mine) === 0) return true
    }
    // Private memory has one opener: what it finds locked stays so.
    for (let i = 0; this.shared && i < sleeps; i++) {
      const seen = Atomics.load(i32, word)
      // The main thread may be the one who waits, and it alone mends.
      if (seen === BROKEN) break
      if (seen !== 0) Atomics.wait(i32, word, seen, i < SHORT_SLEEPS ? SHORT_MS : LONG_MS)
      if (Atomics.compareExchange(i32, word, 0, mine) === 0) return true
    }
    Atomics.add(i32, BUSY, 1)
    this.failed = true
    return false
  }
}

/** The value of a lock that this thread holds. */
export function heldBy(thread: number): number {
  return thread + 1
}
