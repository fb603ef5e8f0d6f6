// What a node's tracker does now, from the metrics of whoever serves it: rates between two looks, and how much there is.
import type { MetricSource } from '../contracts/metrics.js'

export interface TrackerFigures {
  /** A second, by protocol. */
  readonly announces: ReadonlyMap<string, number>
  readonly failures: number
  /** Packets that the system dropped, a second. */
  readonly dropped: number
  readonly swarms: number
  readonly peers: number
  readonly seeders: number
}

export class TrackerMeter {
  private before: { readonly at: number; readonly totals: ReadonlyMap<string, number> }

  constructor(
    private readonly sources: readonly MetricSource[],
    now: number,
  ) {
    this.before = { at: now, totals: this.totals() }
  }

  /** Whether this node has anything that answers announces. */
  get serving(): boolean {
    return this.sources.some(source => source.metrics.some(metric => metric.name === 'announces_total'))
  }

  /** `now`: monotonic milliseconds. Rates are those since the last look. */
  look(now: number): TrackerFigures {
    const { before } = this
    const totals = this.totals()
    const seconds = Math.max(0.001, (now - before.at) / 1000)
    this.before = { at: now, totals }
    const rate = (key: string): number => ((totals.get(key) ?? 0) - (before.totals.get(key) ?? 0)) / seconds
    const announces = new Map<string, number>()
    for (const key of totals.keys()) {
      const protocol = /^announces_total (.+)$/.exec(key)?.[1]
      if (protocol !== undefined) announces.set(protocol, rate(key))
    }
    return {
      announces,
      failures: rate('failures_total'),
      dropped: rate('packets_dropped_total'),
      swarms: totals.get('swarms') ?? 0,
      peers: totals.get('peers') ?? 0,
      seeders: totals.get('seeders') ?? 0,
    }
  }

  /** Over all labels, and besides that announces by protocol. */
  private totals(): ReadonlyMap<string, number> {
    const totals = new Map<string, number>()
    const add = (key: string, value: number): void => void totals.set(key, (totals.get(key) ?? 0) + value)
    for (const metric of this.sources.flatMap(source => source.metrics)) {
      const at = metric.name === 'announces_total' ? (metric.labels ?? []).indexOf('protocol') : -1
      try {
        metric.read((value, ...labels) => {
          add(metric.name, value)
          if (at >= 0) add(`${metric.name} ${labels[at]}`, value)
        })
      } catch {
        // A figure is missing; the node, and what else it counts, is none the worse.
      }
    }
    return totals
  }
}
