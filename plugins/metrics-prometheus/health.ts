// Whether the node does its work, in words.
import type { Clock } from '../../core/base/clock.js'
import type { MetricSource } from '../../core/contracts/metrics.js'
import type { LoopDelay } from './loop-delay.js'

interface HealthReport {
  readonly ok: boolean
  readonly state: 'starting' | 'ready' | 'draining'
  /** What is wrong, a line each. */
  readonly wrong: readonly string[]
  readonly uptimeSeconds: number
  readonly loopDelayMs: { readonly median: number; readonly p99: number; readonly worst: number }
}

export class Health {
  state: HealthReport['state'] = 'starting'
  private readonly since: number

  constructor(
    private readonly sources: readonly MetricSource[],
    private readonly clock: Clock,
    private readonly loop: LoopDelay,
  ) {
    this.since = clock.now()
  }

  report(): HealthReport {
    const { state, loop } = this
    const wrong = this.sources.flatMap(source => troubleOf(source) ?? [])
    if (state === 'starting') wrong.unshift('the node has not finished starting')
    if (state === 'draining') wrong.unshift('the node is being stopped')
    return {
      ok: wrong.length === 0,
      state,
      wrong,
      uptimeSeconds: Math.round((this.clock.now() - this.since) / 1000),
      loopDelayMs: {
        median: tenths(loop.quantile(0.5)),
        p99: tenths(loop.quantile(0.99)),
        worst: tenths(loop.quantile(1)),
      },
    }
  }
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10
}

function troubleOf(source: MetricSource): string | null {
  try {
    return source.trouble?.() ?? null
  } catch {
    return 'a part of the node cannot say how it is; report it to the author of that part'
  }
}
