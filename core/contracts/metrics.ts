import { token } from '../base/token.js'

/** Something countable about a running node, for whoever watches it: a metrics page, a health check, a live line. */
export interface Metric {
  /** As Prometheus names it, without the project's prefix: `announces_total`, `swarms`. */
  readonly name: string
  /** One line for people. */
  readonly help: string
  /** A counter only grows; a gauge goes up and down. */
  readonly kind: 'counter' | 'gauge'
  /** Their values are of the node's own making and few: nothing that a stranger says ever becomes one. */
  readonly labels?: readonly string[]
  /**
   * Tells the present values, one for each combination of labels there is. Asked when somebody looks, about once a
   * second, on the main thread: reads what is counted anyway and computes nothing.
   */
  read(tell: (value: number, ...labels: readonly string[]) => void): void
}

/** Several sources may give a metric of one name: values with equal labels are added up. */
export interface MetricSource {
  readonly metrics: readonly Metric[]
  /** What keeps this part from its work at present, in one line for an operator; null where all is well. */
  trouble?(): string | null
}

export const MetricSources = token.many<MetricSource>('metric-sources')
