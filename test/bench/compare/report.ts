// Rounds as figures and as ratios: how many times better Shoal is than each.
import type { Round, Rounds } from './measurement.js'

type Figure = 'mbPerSecond' | 'seconds' | 'cpuSecondsPerGiB' | 'residentMiB' | 'ownMiB'

export interface Summary {
  readonly runs: number
  readonly median: Readonly<Partial<Record<Figure, number>>>
  readonly least: number
  readonly most: number
}

/** Over 1 is better for the rate and for the whole command; CPU time and memory say how much Shoal takes of theirs. */
export interface Ratio {
  readonly rate: number
  readonly wholeCommand?: number
  readonly cpu?: number
  readonly memory?: number
}

export interface Result {
  readonly systems: Readonly<Record<string, Summary>>
  readonly shoalOver: Readonly<Record<string, Ratio>>
}

const FIGURES: readonly Figure[] = ['mbPerSecond', 'seconds', 'cpuSecondsPerGiB', 'residentMiB', 'ownMiB']

export function resultOf(rounds: Rounds): Result {
  const systems = Object.fromEntries([...rounds].map(([name, all]) => [name, summaryOf(all)]))
  const ours = systems['shoal']
  const others = Object.entries(systems).filter(([name]) => name !== 'shoal')
  const shoalOver = ours === undefined ? {} : Object.fromEntries(others.map(([name, one]) => [name, ratio(ours, one)]))
  return { systems, shoalOver }
}

function summaryOf(rounds: readonly Round[]): Summary {
  const rates = rounds.map(round => round.mbPerSecond)
  const median: Partial<Record<Figure, number>> = {}
  for (const figure of FIGURES) {
    const middle = medianOf(rounds.map(round => round[figure] ?? NaN))
    if (Number.isFinite(middle)) median[figure] = rounded(middle)
  }
  return { runs: rounds.length, median, least: rounded(Math.min(...rates)), most: rounded(Math.max(...rates)) }
}

function ratio({ median: ours }: Summary, { median: theirs }: Summary): Ratio {
  const of = (a: number | undefined, b: number | undefined): number | undefined =>
    a === undefined || b === undefined || b === 0 ? undefined : rounded(a / b)
  const wholeCommand = of(theirs.seconds, ours.seconds)
  const cpu = of(ours.cpuSecondsPerGiB, theirs.cpuSecondsPerGiB)
  const memory = of(ours.ownMiB, theirs.ownMiB)
  return {
    rate: of(ours.mbPerSecond, theirs.mbPerSecond) ?? NaN,
    ...(wholeCommand === undefined ? {} : { wholeCommand }),
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
  }
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[half] ?? NaN) : ((sorted[half - 1] ?? NaN) + (sorted[half] ?? NaN)) / 2
}

function rounded(value: number): number {
  return Number(value.toPrecision(4))
}

export function tableOf(what: string, { systems, shoalOver }: Result): string {
  const head = ['', 'MB/s', 'least', 'most', 'command s', 'CPU s/GiB', 'RSS MiB', 'of it own', 'runs']
  const rows = Object.entries(systems).map(([name, { median, least, most, runs }]) => [
    name,
    ...[
      median.mbPerSecond,
      least,
      most,
      median.seconds,
      median.cpuSecondsPerGiB,
      median.residentMiB,
      median.ownMiB,
    ].map(cell),
    String(runs),
  ])
  const ratioHead = ['shoal over', 'rate', 'command', 'CPU', 'memory']
  const ratios = Object.entries(shoalOver).map(([name, { rate, wholeCommand, cpu, memory }]) => [
    `  ${name}`,
    ...[rate, wholeCommand, cpu, memory].map(value => (value === undefined ? '-' : value.toFixed(2))),
  ])
  const lines = [what, ...aligned([head, ...rows])]
  return [...lines, ...(ratios.length === 0 ? [] : aligned([ratioHead, ...ratios]))].join('\n')
}

function cell(value: number | undefined): string {
  return value === undefined ? '-' : value < 10 ? value.toFixed(2) : value.toFixed(0)
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  return rows.map(([first = '', ...rest]) => `  ${first.padEnd(18)}${rest.map(text => text.padStart(11)).join('')}`)
}
