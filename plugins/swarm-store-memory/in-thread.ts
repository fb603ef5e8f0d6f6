// The same swarms, opened in a tracker thread.
import { MemoryStore } from './memory-store.js'
import type { ThreadPlace } from '../../core/base/portable.js'
import type { SwarmStore } from '../../core/contracts/swarm-store.js'

/** `data`: the memory. */
export function open(data: unknown, place: ThreadPlace): SwarmStore {
  if (!(data instanceof SharedArrayBuffer)) throw new TypeError('a store in a thread is opened over shared memory')
  return new MemoryStore(data, place)
}
