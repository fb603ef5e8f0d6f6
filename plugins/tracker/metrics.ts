import type { Metric, MetricSource } from '../../core/contracts/metrics.js'
import type { SwarmLimits, SwarmStore } from '../../core/contracts/swarm-store.js'
import type { RefusalCounts } from '../../core/tracker/refusal-counts.js'

/** What is in the tracker's memory, what may be at most, and whom it refused. */
export function trackerMetrics(store: SwarmStore, limits: SwarmLimits, refusals: RefusalCounts): MetricSource {
  const byFamily = (name: string, help: string, count: 'peers' | 'seeders'): Metric => ({
    name,
    help,
    kind: 'gauge',
    labels: ['family'],
    read(tell) {
      const { families, peers } = store.totals()
      for (const totals of families ?? []) tell(totals[count], `ipv${totals.family}`)
      if (families === undefined && count === 'peers') tell(peers, 'any')
    },
  })
  const gauge = (name: string, help: string, value: () => number): Metric => ({
    name,
    help,
    kind: 'gauge',
    read: tell => tell(value()),
  })
  return {
    metrics: [
      gauge('swarms', 'Torrents with peers, counted once for each family.', () => store.totals().swarms),
      gauge('swarms_limit', 'Torrents there may be at most.', () => limits.maxSwarms),
      byFamily('peers', 'Peers of all torrents.', 'peers'),
      gauge('peers_limit', 'Peers there may be at most.', () => limits.maxPeers),
      byFamily('seeders', 'Peers of all torrents that have all of theirs.', 'seeders'),
      {
        name: 'announces_refused_total',
        help: 'Announces that the tracker did not take, for whatever reason but a faulty request.',
        kind: 'counter',
        labels: ['reason'],
        read(tell) {
          for (const [kind, count] of Object.entries(refusals.totals())) tell(count, kind)
        },
      },
      {
        name: 'store_busy_total',
        help: 'Calls that the store refused, as another thread kept what they needed for too long.',
        kind: 'counter',
        read(tell) {
          const { refusedBusy } = store.totals()
          if (refusedBusy !== undefined) tell(refusedBusy)
        },
      },
    ],
  }
}
