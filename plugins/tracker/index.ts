import { AnnouncePolicies } from '../../core/contracts/announce-policy.js'
import { MetricSources } from '../../core/contracts/metrics.js'
import { SwarmStores } from '../../core/contracts/swarm-store.js'
import { Tracker } from '../../core/contracts/tracker.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { BoundedStore } from '../../core/tracker/bounded-store.js'
import { PrefixRate, REST_MS } from '../../core/tracker/prefix-rate.js'
import { refusalCounts } from '../../core/tracker/refusal-counts.js'
import { Upkeep } from '../../core/tracker/upkeep.js'
import { config } from './config.js'
import { trackerMetrics } from './metrics.js'
import { NodeTracker } from './node-tracker.js'
import type { Timer } from '../../core/base/clock.js'
import type { Entropy } from '../../core/base/random.js'

export default definePlugin({
  name: 'tracker',
  config,
  requires: [SwarmStores],
  optional: [AnnouncePolicies],
  provides: [Tracker, MetricSources],
  threaded: (_, links) => {
    const parts = [SwarmStores, AnnouncePolicies].flatMap(token => links.providers(token))
    return parts.every(({ threaded }) => threaded) ? [Tracker] : []
  },
  setup(ctx) {
    const { clock, entropy, log } = ctx.host
    const options = ctx.config
    const rate = options.ratePerPrefix > 0 ? rateOf(options.ratePerPrefix, entropy) : null
    const swarms = ctx.get(SwarmStores)
    // What can be opened in threads answers at once.
    const bounded = swarms.inThread === undefined ? new BoundedStore(swarms, clock) : null
    const store = { id: ctx.providers(SwarmStores).join(), part: bounded ?? swarms }
    const policies = ctx
      .all(AnnouncePolicies)
      .map((part, i) => ({ id: ctx.providers(AnnouncePolicies)[i] ?? '', part }))
    const refusals = refusalCounts()
    ctx.provide(Tracker, new NodeTracker({ options, store, policies, rate, refusals }, ctx.host))
    ctx.provide(MetricSources, trackerMetrics(store.part, options, refusals))
    const upkeep = new Upkeep(store.part, options, clock, log)
    let timer: Timer | null = null
    let resting: Timer | null = null
    const sweep = (): void => {
      timer = clock.after(upkeep.sweep(), sweep)
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
        if (rate !== null) resting = clock.every(REST_MS, () => rate.rest(clock.now()))
      },
      stop() {
        timer?.cancel()
        resting?.cancel()
        bounded?.close()
      },
    }
  },
})

function rateOf(perSecond: number, entropy: Entropy): PrefixRate {
  const secret = new Uint8Array(8)
  entropy.fill(secret)
  return new PrefixRate(PrefixRate.reserve(perSecond, secret))
}
