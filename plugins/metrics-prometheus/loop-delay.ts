// How late the event loop is: a timer says when it should have run and when it did. What is remembered is ten seconds,
// whoever asks and however often.
import type { Clock, Timer } from '../../core/base/clock.js'
import type { Metric, MetricSource } from '../../core/contracts/metrics.js'

const STEP_MS = 50
const WINDOW_MS = 10_000
const QUANTILES = [0.5, 0.9, 0.99, 1] as const

interface Look {
  readonly at: number
  readonly lateMs: number
}

export class LoopDelay implements MetricSource {
  private readonly looks: Look[] = []
  private timer: Timer | null = null
  private worst = 0

  constructor(
    private readonly clock: Clock,
    private readonly lateMs: number,
  ) {}

  readonly metrics: readonly Metric[] = [
    {
      name: 'event_loop_delay_seconds',
      help: 'How late the event loop was within the last ten seconds; the quantile 1 is the worst.',
      kind: 'gauge',
      labels: ['quantile'],
      read: tell => {
        const sorted = this.sorted()
        for (const quantile of QUANTILES) tell(rankOf(sorted, quantile) / 1000, String(quantile))
      },
    },
    {
      name: 'event_loop_delay_worst_seconds',
      help: 'How late the event loop was at most since the node started.',
      kind: 'gauge',
      read: tell => tell(this.worst / 1000),
    },
  ]

  start(): void {
    const due = this.clock.now() + STEP_MS
    this.timer = this.clock.after(STEP_MS, () => {
      this.note(due)
      this.start()
    })
  }

  stop(): void {
    this.timer?.cancel()
  }

  trouble(): string | null {
    const late = Math.round(this.quantile(1))
    if (late <= this.lateMs) return null
    return `the event loop was late by ${late} ms within the last ten seconds: the machine has too much to do, or a plugin takes too long`
  }

  /** In milliseconds. */
  quantile(quantile: number): number {
    return rankOf(this.sorted(), quantile)
  }

  private note(due: number): void {
    const at = this.clock.now()
    const lateMs = Math.max(0, at - due)
    this.looks.push({ at, lateMs })
    this.worst = Math.max(this.worst, lateMs)
    this.forget(at)
  }

  private forget(now: number): void {
    while ((this.looks[0]?.at ?? now) < now - WINDOW_MS) this.looks.shift()
  }

  private sorted(): readonly number[] {
    this.forget(this.clock.now())
    return this.looks.map(look => look.lateMs).sort((a, b) => a - b)
  }
}

function rankOf(sorted: readonly number[], quantile: number): number {
  return sorted[Math.ceil(sorted.length * quantile) - 1] ?? 0
}
