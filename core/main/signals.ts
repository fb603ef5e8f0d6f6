// SIGINT, SIGTERM, and SIGHUP when a terminal closes: the first asks for an orderly stop, the next ends the process at once.
import { systemClock } from './host.js'

export const EXIT_BY: Readonly<Partial<Record<NodeJS.Signals, number>>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const

/** One press of Ctrl-C can arrive twice: from the terminal, and passed on by the npm that started us. */
const ECHO_MS = 300

export class Signals {
  readonly received: Promise<NodeJS.Signals>
  private readonly listener: (signal: NodeJS.Signals) => void

  constructor() {
    let first: number | undefined
    let receive: (signal: NodeJS.Signals) => void = () => {}
    this.received = new Promise(resolve => {
      receive = resolve
    })
    this.listener = signal => {
      const now = systemClock.now()
      if (first !== undefined && now - first > ECHO_MS) process.exit(EXIT_BY[signal] ?? 130)
      first ??= now
      receive(signal)
    }
    for (const signal of SIGNALS) process.on(signal, this.listener)
  }

  release(): void {
    for (const signal of SIGNALS) process.off(signal, this.listener)
  }
}
