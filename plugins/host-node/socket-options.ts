// A socket copies its options when it is made. V8 as Node 20 has it gives each such copy new shapes as long as all options
// came in one form, so that every accepted connection pays for two dozen failed look-ups and leaves three maps to the
// collector: a fifth of what it costs to accept, answer and close one. Once options came as well that have no shape, the
// copies share theirs. Nothing but time and memory hangs on that.
import { Socket } from 'node:net'
import type { SocketConstructorOpts } from 'node:net'

/** What the engine has to see before it remembers what comes. */
const ENOUGH = 50

/** Sockets that are never connected hold nothing of the system. */
export function mixSocketOptions(times = ENOUGH): void {
  for (let i = 0; i < times; i++) {
    const options: SocketConstructorOpts = { readable: true, writable: true }
    // An object that lost a property has no shape.
    delete options.readable
    new Socket(options)
  }
}
