// Our own command line, as a program among the others.
import { fileURLToPath } from 'node:url'
import type { Place } from './places.js'
import type { Program, Surroundings } from './programs.js'

const cli = fileURLToPath(new URL('../../core/main/cli.js', import.meta.url))

export interface ShoalEvent {
  readonly event: string
  readonly [key: string]: unknown
}

/** Runs it without `--json`. */
export function plainShoal(at: Place, words: readonly string[], surroundings?: Surroundings): Program {
  return at.start(process.execPath, [cli, ...words], surroundings)
}

export class Shoal {
  private constructor(readonly program: Program) {}

  static start(at: Place, words: readonly string[], surroundings?: Surroundings): Shoal {
    return new Shoal(plainShoal(at, [...words, '--json'], surroundings))
  }

  /** The first event of that name, once it is told. */
  async event(name: string): Promise<ShoalEvent> {
    await this.program.printed(new RegExp(`^\\{"event":"${name}".*\n`, 'm'))
    return this.events().find(one => one.event === name)!
  }

  events(): readonly ShoalEvent[] {
    const lines = this.program.output.split('\n').slice(0, -1)
    return lines.filter(line => line.startsWith('{"event":')).map(line => JSON.parse(line) as ShoalEvent)
  }

  stop(): Promise<void> {
    return this.program.stop()
  }
}
