// Asks a key set, from a thread of its own, for keys that are always there and for keys that never are; counts rounds in
// flags[1] until flags[0] is set.
import { parentPort, workerData } from 'node:worker_threads'
import { KeySet } from '../../../core/base/key-set.js'

const { memory, kept, strange, flags } = workerData as {
  memory: SharedArrayBuffer
  kept: Uint8Array[]
  strange: Uint8Array[]
  flags: Int32Array
}
const set = new KeySet(memory)
let missing = 0
let strangers = 0
while (Atomics.load(flags, 0) === 0) {
  for (const one of kept) if (!set.has(one)) missing++
  for (const one of strange) if (set.has(one)) strangers++
  Atomics.add(flags, 1, 1)
}
parentPort?.postMessage({ missing, strangers })
