// What the main thread does for a swarm store, and nobody else: tells it its limits, and has it forget the dead, in
// rounds of short slices. No timer: whoever builds it calls `sweep` when it says.
import { messageOf } from '../base/errors.js'
import type { Clock } from '../base/clock.js'
import type { Logger } from '../base/log.js'
import type { SwarmLimits, SwarmStore } from '../contracts/swarm-store.js'

/** Of one slice of a sweep; and from one to the next while there is more to do, and while there is not. */
const SLICE_MS = 2
const BUSY_MS = 50
const IDLE_MS = 1000
/** Rounds of sweeping in a time-out. */
const ROUNDS = 32

export class Upkeep {
  private faulty = false
  private sweeping = false
  private nextRound = 0

  constructor(
    private readonly store: SwarmStore,
    private readonly limits: SwarmLimits,
    private readonly clock: Pick<Clock, 'now'>,
    private readonly log: Logger,
  ) {
    store.limit(limits)
  }

  /** A slice of forgetting the dead. Gives when to call again, in milliseconds. */
  sweep(): number {
    const now = this.clock.now() / 1000
    if (!this.sweeping && now < this.nextRound) return IDLE_MS
    if (!this.sweeping) this.nextRound = now + this.limits.peerTimeoutSeconds / ROUNDS
    try {
      this.sweeping = this.store.sweep(now, SLICE_MS)
    } catch (error) {
      this.sweeping = false
      this.fault(error)
    }
    return this.sweeping ? BUSY_MS : IDLE_MS
  }

  private fault(error: unknown): void {
    const stack = error instanceof Error ? error.stack : undefined
    if (!this.faulty) this.log.error('the swarm store failed to forget the dead', { error: messageOf(error), stack })
    this.faulty = true
  }
}
