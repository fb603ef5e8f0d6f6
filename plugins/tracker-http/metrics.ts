import type { HttpListener } from '../../core/contracts/host.js'
import type { Metric, MetricSource } from '../../core/contracts/metrics.js'
import type { HttpCounts } from './counts.js'

const PROTOCOL = 'http'

/** What an HTTP tracker has counted, and who is connected to it now. */
export function httpMetrics(counts: HttpCounts, listeners: readonly HttpListener[]): MetricSource {
  const metrics: Metric[] = [
    {
      name: 'announces_total',
      help: 'Announces that came, whatever became of them.',
      kind: 'counter',
      labels: ['protocol'],
      read: tell => tell(counts.announces, PROTOCOL),
    },
    {
      name: 'scrapes_total',
      help: 'Scrapes that came, whatever became of them.',
      kind: 'counter',
      labels: ['protocol'],
      read: tell => tell(counts.scrapes, PROTOCOL),
    },
    {
      name: 'failures_total',
      help: 'Requests that got an error or no answer.',
      kind: 'counter',
      labels: ['protocol', 'reason'],
      read(tell) {
        tell(counts.malformed, PROTOCOL, 'malformed')
        tell(counts.refused, PROTOCOL, 'refused')
        tell(counts.elsewhere, PROTOCOL, 'elsewhere')
      },
    },
    {
      name: 'http_connections',
      help: 'Connections to the HTTP tracker that are open.',
      kind: 'gauge',
      read(tell) {
        const known = listeners.flatMap(listener => listener.connections?.() ?? [])
        if (known.length > 0) tell(known.reduce((sum, open) => sum + open, 0))
      },
    },
  ]
  return { metrics }
}
