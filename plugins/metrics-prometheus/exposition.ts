// Sources of metrics as Prometheus reads them. Nothing is kept between two readings: what the sources count is read when
// somebody asks, into a registry that is this node's alone.
import Counter from 'prom-client/lib/counter.js'
import Gauge from 'prom-client/lib/gauge.js'
import Registry from 'prom-client/lib/registry.js'
import type { Metric, MetricSource } from '../../core/contracts/metrics.js'

const PREFIX = 'shoal_'

/** Hears of a metric that cannot be shown, or not wholly. */
export type Complaint = (name: string, why: unknown) => void

/** One metric of the page, and those of the sources that are added up in it. */
interface Shown {
  readonly metrics: Metric[]
  readonly labels: readonly string[]
  readonly as: { reset(): void; inc(labels: Record<string, string>, value: number): void }
}

export class Exposition {
  private readonly registry = new Registry()
  private readonly shown = new Map<string, Shown>()
  private reading: Promise<string | null> | null = null

  constructor(
    sources: readonly MetricSource[],
    private readonly complain: Complaint,
  ) {
    for (const metric of sources.flatMap(source => source.metrics)) {
      const shown = this.shown.get(metric.name)
      if (shown === undefined) this.show(metric)
      else if (alike(shown.metrics[0], metric)) shown.metrics.push(metric)
      else complain(metric.name, 'two sources give it with different kinds or labels; the first is shown')
    }
  }

  /** All that is counted now, in the text format; null where that fails. Who asks meanwhile is told the same. */
  text(): Promise<string | null> {
    this.reading ??= this.read().finally(() => (this.reading = null))
    return this.reading
  }

  private show(metric: Metric): void {
    const { name, help, kind, labels = [] } = metric
    const shape = { name: PREFIX + name, help, labelNames: labels, registers: [this.registry] }
    try {
      this.shown.set(name, {
        metrics: [metric],
        labels,
        as: kind === 'counter' ? new Counter(shape) : new Gauge(shape),
      })
    } catch (error) {
      this.complain(name, error)
    }
  }

  private async read(): Promise<string | null> {
    try {
      for (const shown of this.shown.values()) this.fill(shown)
      return await this.registry.metrics()
    } catch (error) {
      this.complain('all of them', error)
      return null
    }
  }

  /** A source that throws costs its own values, not the page. */
  private fill({ metrics, labels, as }: Shown): void {
    as.reset()
    for (const metric of metrics) {
      try {
        metric.read((value, ...values) => {
          if (!Number.isFinite(value)) return
          as.inc(Object.fromEntries(labels.map((label, i) => [label, values[i] ?? ''])), value)
        })
      } catch (error) {
        this.complain(metric.name, error)
      }
    }
  }
}

function alike(first: Metric | undefined, other: Metric): boolean {
  return first?.kind === other.kind && (first.labels ?? []).join() === (other.labels ?? []).join()
}
