import { AnnouncePolicies } from '../../core/contracts/announce-policy.js'
import { SwarmStores } from '../../core/contracts/swarm-store.js'
import { Tracker } from '../../core/contracts/tracker.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { BoundedStore } from '../../core/tracker/bounded-store.js'
import { PrefixRate } from '../../core/tracker/prefix-rate.js'
import { TrackerCore } from '../../core/tracker/tracker-core.js'
import { config } from './config.js'
import type { Timer } from '../../core/base/clock.js'

export default definePlugin({
  name: 'tracker',
  config,
  requires: [SwarmStores],
  optional: [AnnouncePolicies],
  provides: [Tracker],
  setup(ctx) {
    const { clock, random, entropy, log } = ctx.host
    const options = ctx.config
    let rate: PrefixRate | null = null
    if (options.ratePerPrefix > 0) {
      const secret = new Uint8Array(8)
      entropy.fill(secret)
      rate = new PrefixRate(PrefixRate.reserve(options.ratePerPrefix, secret))
    }
    const store = ctx.get(SwarmStores)
    // What can be opened in threads answers at once.
    const bounded = store.inThread === undefined ? new BoundedStore(store, clock) : null
    const core = new TrackerCore(bounded ?? store, ctx.all(AnnouncePolicies), options, clock, random, log, rate)
    ctx.provide(Tracker, core)
    let timer: Timer | null = null
    const sweep = (): void => {
      timer = clock.after(core.sweep(), sweep)
    }
    return {
      start() {
        if (options.peerTimeoutSeconds <= options.intervalSeconds) {
          const { peerTimeoutSeconds, intervalSeconds } = options
          log.warn('peerTimeoutSeconds is not above intervalSeconds: peers are forgotten between two announces', {
            peerTimeoutSeconds,
            intervalSeconds,
          })
        }
        sweep()
      },
      stop() {
        timer?.cancel()
        bounded?.close()
      },
    }
  },
})
