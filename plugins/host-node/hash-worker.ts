import { createHash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { messageOf, NodeError } from '../../core/base/errors.js'
import { type HashTask, RunHasher } from './hash-task.js'

/** `verify` lies in shared memory and comes as a view of it. */
export type ToHasher =
  | { readonly id: number; readonly verify: Uint8Array; readonly digest: Uint8Array }
  | { readonly id: number; readonly task: HashTask }

export type FromHasher =
  | { readonly id: number; readonly right: boolean }
  /** A run of a task; 0: no run was left. */
  | { readonly id: number; readonly hashed: number }
  | { readonly id: number; readonly fault: { readonly code: string; readonly message: string } }

const port = parentPort
if (port === null) throw new Error('hash-worker is started as a thread by hash-pool')
const answer = (message: FromHasher): void => port.postMessage(message)

port.on('message', (message: ToHasher) => {
  const { id } = message
  if ('task' in message) return step(id, new RunHasher(message.task))
  const digest = createHash('sha1').update(message.verify).digest()
  answer({ id, right: digest.equals(message.digest) })
})

/** A run a turn, so that pieces to verify need not wait for the whole task. */
function step(id: number, hasher: RunHasher): void {
  try {
    const hashed = hasher.step()
    answer({ id, hashed })
    if (hashed > 0) setImmediate(step, id, hasher)
  } catch (error) {
    hasher.close()
    const code = NodeError.is(error) ? error.code : ''
    answer({ id, fault: { code, message: messageOf(error) } })
  }
}
