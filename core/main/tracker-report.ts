// How a tracker without a client does, told once a second: one live line on a terminal, rows with --json, else nothing.
import type { Timer } from '../base/clock.js'
import type { MetricSource } from '../contracts/metrics.js'
import { systemClock } from './host.js'
import { counted } from './quantity.js'
import { TrackerMeter, type TrackerFigures } from './tracker-figures.js'
import type { LiveLine } from './live-line.js'
import type { Shell } from './shell.js'

export class TrackerReport {
  private readonly meter: TrackerMeter
  private line: LiveLine | null = null
  private timer: Timer | undefined
  private last = ''

  constructor(
    private readonly shell: Shell,
    sources: readonly MetricSource[],
  ) {
    this.meter = new TrackerMeter(sources, systemClock.now())
  }

  begin(): void {
    if (!this.meter.serving) return
    this.line = this.shell.liveLine()
    if (this.line === null && !this.shell.json) return
    const figures = this.meter.look(systemClock.now())
    // A tracker with which nothing happens makes no rows.
    this.last = JSON.stringify(rowOf(figures))
    this.line?.draw(lineOf(figures))
    this.timer = systemClock.every(1000, () => this.tick())
  }

  end(): void {
    this.timer?.cancel()
    this.line?.end()
  }

  private tick(): void {
    const figures = this.meter.look(systemClock.now())
    this.line?.draw(lineOf(figures))
    const row = rowOf(figures)
    const text = JSON.stringify(row)
    if (text !== this.last) this.shell.record(row)
    this.last = text
  }
}

function rowOf({ announces, failures, dropped, swarms, peers, seeders }: TrackerFigures): object {
  const rates = [...announces].map(([protocol, rate]) => [protocol, Math.round(rate)])
  return {
    event: 'tracker',
    announces: Object.fromEntries(rates) as Record<string, number>,
    failures: Math.round(failures),
    dropped: Math.round(dropped),
    swarms,
    peers,
    seeders,
  }
}

/** What counts most stands first, as a narrow window cuts the line. */
export function lineOf({ announces, failures, dropped, swarms, peers, seeders }: TrackerFigures): string {
  const wires = [...announces].map(([protocol, rate]) => `${protocol.toUpperCase()} ${whole(rate)}/s`)
  const parts = [
    wires.join('  '),
    `${counted(peers, 'peer')} (${whole(seeders)} seeding)`,
    counted(swarms, 'swarm'),
    failures > 0 ? `${whole(failures)} failed/s` : '',
    dropped > 0 ? `${whole(dropped)} dropped/s` : '',
  ]
  return parts.filter(part => part !== '').join('  ')
}

/** Something is not nothing. */
function whole(value: number): string {
  return Math.ceil(value).toLocaleString('en-US')
}
