// One kind of work that systems are compared in: what is measured of each round, and what is better.
import { messageOf } from '../../../core/base/errors.js'
import type { Memory } from '../child.js'
import type { Content } from '../content.js'
import type { Scratch } from '../scratch.js'
import type { System } from './system.js'

export interface Setting {
  /** Made when it is first asked for. */
  content(): Promise<Content>
  readonly scratch: Scratch
  /** Those that can do it and are here. Shoal is the first. */
  readonly systems: readonly System[]
  readonly runs: number
  /** Of work without content: how long a round is, and how many peers are announced where that counts. */
  readonly seconds: number
  readonly peers: number
  /** A round is over. */
  done(system: System, round: Round): void
  /** Something to know of the round that is being told. */
  remark(system: System, text: string): void
  /** A round did not end well; it counts for nothing. */
  failed(system: System, why: string): void
}

/** One round of one system. What could not be measured is NaN. */
export interface Round {
  /** In the measurement's unit; more is better. */
  readonly rate: number
  /** The whole command, from start to end. */
  readonly seconds?: number
  /** CPU time for a piece of work: less is better. */
  readonly cpu: number
  readonly memory: Memory
  /** What else was seen, by name. */
  readonly more?: Readonly<Record<string, number>>
}

export interface Measurement {
  readonly name: string
  /** What the rate is of. */
  readonly what: string
  readonly units: { readonly rate: string; readonly cpu: string }
  able(system: System): boolean
  /** In turn: a round of each, then the next round. */
  measure(setting: Setting): Promise<void>
}

/** A round of each system, then the next round. */
export async function inTurn(setting: Setting, round: (system: System) => Promise<Round>): Promise<void> {
  for (let run = 0; run < setting.runs; run++) {
    for (const system of setting.systems) {
      await round(system).then(
        one => setting.done(system, one),
        (error: unknown) => setting.failed(system, messageOf(error)),
      )
    }
  }
}

/** Parts of a core from which on the load had no more to give. */
const BUSY = 0.95

export function remarkBusy(
  setting: Setting,
  system: System,
  load: { readonly cpuSeconds: number; readonly seconds: number },
): void {
  if (load.cpuSeconds < BUSY * load.seconds) return
  setting.remark(system, 'the load took all of its core: by the clock the system could do more; CPU time tells')
}

/** Of whatever answers announces. */
export const trackerUnits = { rate: 'announces/s', cpu: 'CPU us each' } as const

/** Of whatever moves or hashes content. */
export const contentUnits = { rate: 'MB/s', cpu: 'CPU s/GiB' } as const

export function perGiB(seconds: number, { bytes }: Content): number {
  return (seconds * 2 ** 30) / bytes
}
