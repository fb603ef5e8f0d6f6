import { formatEndpoint } from '../../core/base/address.js'
import type { DatagramSocket, DatagramTraffic } from '../../core/contracts/host.js'
import type { Metric, MetricSource } from '../../core/contracts/metrics.js'
import type { Counted } from '../../core/tracker/tally.js'
import type { UdpCount, UdpCounts } from './counts.js'

const PROTOCOL = 'udp'

/** What becomes of requests that are not answered with what was asked for. */
const FAILURES = [
  ['malformed', 'malformed'],
  ['badIds', 'bad_id'],
  ['badFields', 'bad_fields'],
  ['refused', 'refused'],
  ['silenced', 'silenced'],
  ['faults', 'fault'],
] as const

/** What a UDP tracker has counted, in whatever threads, and what its sockets have. */
export function udpMetrics(counts: UdpCounts, sockets: readonly DatagramSocket[]): MetricSource {
  const requests = (name: string, help: string, count: keyof typeof UdpCount): Metric => ({
    name,
    help,
    kind: 'counter',
    labels: ['protocol'],
    read: tell => tell(counts.total(count), PROTOCOL),
  })
  const plain = (name: string, help: string, count: keyof typeof UdpCount): Metric => ({
    name,
    help,
    kind: 'counter',
    read: tell => tell(counts.total(count)),
  })
  const packets = (name: string, help: string, of: (traffic: DatagramTraffic) => number | null): Metric => ({
    name,
    help,
    kind: 'counter',
    labels: ['socket', 'thread'],
    read(tell) {
      for (const socket of sockets) {
        for (const [thread, traffic] of socket.traffic().entries()) {
          const count = of(traffic)
          if (count !== null) tell(count, formatEndpoint(socket.local), String(thread))
        }
      }
    },
  })
  return {
    metrics: [
      requests('announces_total', 'Announces that came, whatever became of them.', 'announces'),
      requests('scrapes_total', 'Scrapes that came, whatever became of them.', 'scrapes'),
      {
        name: 'failures_total',
        help: 'Requests that got an error or no answer.',
        kind: 'counter',
        labels: ['protocol', 'reason'],
        read(tell) {
          const totals = counts.totals()
          for (const [count, reason] of FAILURES) tell(totals[count], PROTOCOL, reason)
        },
      },
      plain('udp_connects_total', 'Connection ids given.', 'connects'),
      plain('udp_received_bytes_total', 'Bytes of the packets that came.', 'bytesIn'),
      plain('udp_sent_bytes_total', 'Bytes of the answers.', 'bytesOut'),
      packets('packets_received_total', 'Datagrams read from a socket by a thread.', traffic => traffic.received),
      packets('packets_sent_total', 'Datagrams sent by a thread.', traffic => traffic.sent),
      packets(
        'packets_dropped_total',
        'Datagrams the system dropped, as nobody read them in time.',
        traffic => traffic.dropped,
      ),
    ],
    trouble: () => sockets.map(socket => socket.trouble?.() ?? null).find(trouble => trouble !== null) ?? null,
  }
}

/** What of it is told in the log. */
export function told(counts: UdpCounts, sockets: readonly DatagramSocket[]): readonly Counted[] {
  const remote = (count: keyof typeof UdpCount, what: string): Counted => ({
    read: () => counts.total(count),
    what,
    level: 'debug',
  })
  const dropped = (): number => {
    const rows = sockets.flatMap(socket => socket.traffic())
    return rows.reduce((sum, row) => sum + (row.dropped ?? 0), 0)
  }
  return [
    remote('malformed', 'packets that are no request'),
    remote('badIds', 'packets with wrong connection ids'),
    remote('badFields', 'announces that say what cannot be'),
    remote('refused', 'announces and scrapes refused'),
    remote('silenced', 'announces and scrapes left unanswered'),
    { read: () => counts.total('faults'), what: 'requests refused because of a fault of ours', level: 'warn' },
    { read: dropped, what: 'packets dropped by the system, as they came faster than they were read', level: 'warn' },
  ]
}
