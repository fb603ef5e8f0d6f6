// One kind of work that systems are compared in: what is measured of each round, and what is better.
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
  /** A round is over. */
  done(system: System, round: Round): void
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

/** Of whatever moves or hashes content. */
export const contentUnits = { rate: 'MB/s', cpu: 'CPU s/GiB' } as const

export function perGiB(seconds: number, { bytes }: Content): number {
  return (seconds * 2 ** 30) / bytes
}
