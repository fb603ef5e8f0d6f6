// A bar for commands that hash: on a terminal only, and only once there is something to wait for.
import type { SingleBar } from 'cli-progress'
import { systemClock } from './host.js'
import { rate, size, span } from './quantity.js'
import type { Shell } from './shell.js'
import { EXIT_BY } from './signals.js'

const FORMAT = '[{bar}] {percentage}%  {done} of {whole}  {rate}  {left}'
/** Work that is over sooner is not worth a bar, nor the loading of one. */
const PATIENCE_MS = 300
const STEP_MS = 100
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

export class HashProgress {
  private done = 0
  private bar: SingleBar | null = null
  private loading = false
  private ended = false
  private last: number
  private readonly began = systemClock.now()

  constructor(
    private readonly shell: Shell,
    private readonly total: number,
  ) {
    this.last = this.began + PATIENCE_MS - STEP_MS
  }

  /** More bytes are done. */
  readonly add = (bytes: number): void => {
    this.done += bytes
    if (!this.shell.terminal || this.shell.quiet) return
    const now = systemClock.now()
    if (now - this.last < STEP_MS) return
    this.last = now
    if (this.bar !== null) this.bar.update(this.done, this.payload(now))
    else if (!this.loading) void this.draw()
  }

  end(): void {
    this.ended = true
    this.bar?.update(this.done, this.payload(systemClock.now()))
    this.bar?.stop()
    for (const signal of SIGNALS) process.off(signal, this.interrupted)
  }

  /** A bar hides the cursor; left to itself, the library would bring it back and go on. */
  private readonly interrupted = (signal: NodeJS.Signals): void => {
    this.bar?.stop()
    process.exit(EXIT_BY[signal] ?? 130)
  }

  private async draw(): Promise<void> {
    this.loading = true
    const { default: progress } = await import('cli-progress')
    if (this.ended) return
    const options = {
      format: FORMAT,
      hideCursor: true,
      clearOnComplete: true,
      gracefulExit: false,
      stream: process.stdout,
    }
    this.bar = new progress.SingleBar(options, progress.Presets.legacy)
    for (const signal of SIGNALS) process.on(signal, this.interrupted)
    this.bar.start(this.total, this.done, this.payload(systemClock.now()))
  }

  private payload(now: number): Record<string, string> {
    const perSecond = (this.done * 1000) / Math.max(1, now - this.began)
    const left = `${span((this.total - this.done) / perSecond)} left`
    return { done: size(this.done), whole: size(this.total), rate: rate(perSecond), left }
  }
}
