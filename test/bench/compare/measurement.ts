// One kind of work that systems are compared in: what is measured of each round, and what is better.
import type { Memory } from '../child.js'
import type { Content } from '../content.js'
import type { Scratch } from '../scratch.js'
import type { System } from './system.js'

export interface Setting {
  readonly content: Content
  readonly scratch: Scratch
  /** Those that can do it and are here. Shoal is the first. */
  readonly systems: readonly System[]
  readonly runs: number
  /** Something that a reader should know at once. */
  tell(line: string): void
}

/** One round of one system. What could not be measured is NaN. */
export interface Round {
  readonly mbPerSecond: number
  /** The whole command, from start to end. */
  readonly seconds?: number
  readonly cpuSecondsPerGiB: number
  /** MiB at most: all that was resident, mapped files among it; and without those. */
  readonly residentMiB: number
  readonly ownMiB: number
}

export type Rounds = ReadonlyMap<string, readonly Round[]>

export interface Measurement {
  readonly name: string
  /** What the rate is of. */
  readonly what: string
  able(system: System): boolean
  /** In turn: a round of each, then the next round. A round that failed is told and counts for nothing. */
  measure(setting: Setting): Promise<Rounds>
}

export class RoundBook {
  private readonly rounds = new Map<string, Round[]>()

  constructor(private readonly setting: Setting) {}

  add(
    system: System,
    round: { readonly mbPerSecond: number; readonly seconds?: number },
    cpuSeconds: number,
    memory: Memory,
  ): void {
    const all = this.rounds.get(system.name) ?? []
    this.rounds.set(system.name, all)
    this.setting.tell(`  ${system.name}: ${round.mbPerSecond.toFixed(0)} MB/s`)
    all.push({
      ...round,
      cpuSecondsPerGiB: (cpuSeconds * 2 ** 30) / this.setting.content.bytes,
      residentMiB: memory.resident,
      ownMiB: memory.own,
    })
  }

  get all(): Rounds {
    return this.rounds
  }
}
