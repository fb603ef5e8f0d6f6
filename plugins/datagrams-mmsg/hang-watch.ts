// Notices a thread that hangs in what it was given: one that is well comes round ten times a second, whether or not
// anybody says anything. Looks are counted, and not time: a process that was stopped for an hour finds no thread hanging.
import { WAIT_MS } from './udp-socket.js'

export const LOOK_MS = 10 * WAIT_MS
/** Longer than 64 datagrams that all wait for one lock of a dead thread. */
const MOST_LOOKS = 20

export class HangWatch {
  private turns = NaN
  private still = 0

  /** The rounds that a thread has made, every LOOK_MS. True: it has made none for too long. */
  look(turns: number): boolean {
    this.still = turns === this.turns ? this.still + 1 : 0
    this.turns = turns
    return this.still >= MOST_LOOKS
  }
}
