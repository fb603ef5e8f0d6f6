// The one piece of memory in which everything lies that openers of a store share, and where in it what lies. All of it
// is zero at first; the system gives pages as they are touched.
import { ownErrors } from './errors.js'

export type Memory = ArrayBuffer | SharedArrayBuffer

/** Blocks are 64 << order bytes, up to 2 MiB: what is taken from the untouched rest at a time. */
export const MAX_ORDER = 15
export const WHOLE = 64 << MAX_ORDER

// Words of the head. The allocator's: its lock, a bit for each order that has a free block, the first word never used,
// the first free block of each order.
export const ALLOCATOR_LOCK = 0
export const ORDERS = 1
export const TOP = 2
export const FREE = 16
/** Secrets of the hashes: two words for endpoints, two for info-hashes. */
export const KEYS = 32
export const MAX_SWARMS = 36
export const MAX_PEERS = 37
export const MAX_PER_ADDRESS = 38
/** In 64-bit floats from the beginning. */
export const TICK_SECONDS = 20
/** Calls refused because a lock could not be had in time. */
export const BUSY = 48
/** Not 0: somebody left something to be mended. */
export const TO_MEND = 49
/** What is there: over both families swarms and peers; then swarms, peers, seeders for each. */
export const CENSUS = 64

// A table's words: lock, block and order, slots in use.
export const TABLE_LOCK = 0
export const TABLE_BLOCK = 1
export const TABLE_USED = 2
export const TABLE_BITS = 9
export const TABLES = 1 << TABLE_BITS
const TABLE_WORDS = 4
const FIRST_TABLE = 96
/** Bytes: the map of blocks, one for each 64. */
export const MAP = (FIRST_TABLE + 2 * TABLES * TABLE_WORDS) * 4

export function tableWord(family: 4 | 6, table: number): number {
  return FIRST_TABLE + ((family === 4 ? 0 : TABLES) + table) * TABLE_WORDS
}

/** The first byte that blocks are cut from. */
export function firstByte(memory: Memory): number {
  return Math.ceil((MAP + (memory.byteLength >> 6)) / WHOLE) * WHOLE
}

/** The largest piece of memory up to `bytes` that the system grants. */
export function reserve(bytes: number, shared: boolean): Memory {
  for (let size = bytes; ; size /= 2) {
    const length = Math.max(2, Math.floor(size / WHOLE)) * WHOLE
    try {
      const memory = shared ? new SharedArrayBuffer(length) : new ArrayBuffer(length)
      new Int32Array(memory)[TOP] = firstByte(memory) >> 2
      return memory
    } catch (error) {
      if (error instanceof RangeError && size >= 4 * WHOLE) continue
      const message = `the system grants no ${bytes >> 20} MiB for swarms: lower memoryMiB`
      throw ownErrors.make('ERR_STORE_MEMORY', message, { cause: error })
    }
  }
}
