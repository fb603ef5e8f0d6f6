import type { Logger } from './log.js'
import type { Random } from './random.js'

/**
 * Something that can be opened again in another thread. A closure cannot move there, so it is named by the module that
 * builds it, whose `open(data, place)` gives a T or a promise of one, and by data that can be cloned: plain values, other
 * Portables, and SharedArrayBuffers, which are what both sides share. All of it can itself be cloned.
 */
export interface Portable<T> {
  /** A file: URL. */
  readonly module: string
  readonly data: unknown
  readonly opens?: T
}

/** What `open` gets to know of the thread it runs in. */
export interface ThreadPlace {
  /** From 1, the least that no other living thread of the node has, so that arrays can go by it. The main thread is 0. */
  readonly number: number
  /** The node's monotonic time, as it was when the thread last looked: once for each go of work. */
  readonly clock: { now(): number }
  /** This thread's own stream. */
  readonly random: Random
  /** Speaks on the main thread, with the owner's name. */
  readonly log: Logger
  /** Opens what came along in `data`. */
  open<T>(portable: Portable<T>): Promise<T>
}
