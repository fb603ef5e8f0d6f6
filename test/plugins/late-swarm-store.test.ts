import { createRandom } from '../../core/base/random.js'
import { LateSwarmStore, ManualClock, register, swarmStoreCases } from '../conformance/index.js'
import type { Timer } from '../../core/base/clock.js'

/** Time that passes whenever somebody waits for it. */
class FlyingClock extends ManualClock {
  private flight = Promise.resolve()

  override after(ms: number, run: () => void): Timer {
    const timer = super.after(ms, run)
    this.flight = this.flight.then(() => this.advance(ms))
    return timer
  }
}

register(
  'a swarm store that answers late, in any order: contract',
  swarmStoreCases(() => new LateSwarmStore({ clock: new FlyingClock(), random: createRandom(1), mostMs: 20 })),
)
