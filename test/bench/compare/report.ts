// Rounds as figures and as ratios: how many times better Shoal is than each.
import { medianOf } from '../median.js'
import type { Measurement, Round } from './measurement.js'

export interface Summary {
  readonly runs: number
  /** Medians; null: not measured. */
  readonly rate: number
  readonly seconds: number | null
  readonly cpu: number | null
  readonly residentMiB: number | null
  readonly ownMiB: number | null
  readonly least: number
  readonly most: number
  readonly more: Readonly<Record<string, number | null>>
}

/** Over 1 is better for the rate and for the whole command; CPU time and memory say how much Shoal takes of theirs. */
export interface Ratio {
  readonly rate: number | null
  readonly wholeCommand: number | null
  readonly cpu: number | null
  readonly memory: number | null
}

export interface Result {
  readonly what: string
  readonly units: Measurement['units']
  readonly systems: Readonly<Record<string, Summary>>
  readonly shoalOver: Readonly<Record<string, Ratio>>
}

export function resultOf({ what, units }: Measurement, rounds: ReadonlyMap<string, readonly Round[]>): Result {
  const systems = Object.fromEntries([...rounds].map(([name, all]) => [name, summaryOf(all)]))
  const ours = systems['shoal']
  const others = Object.entries(systems).filter(([name]) => name !== 'shoal')
  const shoalOver = ours === undefined ? {} : Object.fromEntries(others.map(([name, one]) => [name, ratio(ours, one)]))
  return { what, units, systems, shoalOver }
}

function summaryOf(rounds: readonly Round[]): Summary {
  const middle = (of: (round: Round) => number | undefined): number | null => {
    const median = medianOf(rounds.map(round => of(round) ?? NaN))
    return Number.isFinite(median) ? rounded(median) : null
  }
  const rates = rounds.map(round => round.rate)
  const names = new Set(rounds.flatMap(({ more }) => Object.keys(more ?? {})))
  return {
    runs: rounds.length,
    rate: rounded(medianOf(rates)),
    seconds: middle(round => round.seconds),
    cpu: middle(round => round.cpu),
    residentMiB: middle(round => round.memory.resident),
    ownMiB: middle(round => round.memory.own),
    least: rounded(Math.min(...rates)),
    most: rounded(Math.max(...rates)),
    more: Object.fromEntries([...names].map(name => [name, middle(round => round.more?.[name])])),
  }
}

function ratio(ours: Summary, theirs: Summary): Ratio {
  return {
    rate: over(ours.rate, theirs.rate),
    wholeCommand: over(theirs.seconds, ours.seconds),
    cpu: over(ours.cpu, theirs.cpu),
    memory: over(ours.ownMiB, theirs.ownMiB),
  }
}

function over(a: number | null, b: number | null): number | null {
  return a === null || b === null || b === 0 ? null : rounded(a / b)
}

function rounded(value: number): number {
  return Number(value.toPrecision(4))
}

export function tableOf(name: string, { what, units, systems, shoalOver }: Result): string {
  const more = [...new Set(Object.values(systems).flatMap(one => Object.keys(one.more)))]
  const timed = Object.values(systems).some(one => one.seconds !== null)
  const command = (text: string): readonly string[] => (timed ? [text] : [])
  const head = [
    '',
    units.rate,
    'least',
    'most',
    ...command('command s'),
    units.cpu,
    'RSS MiB',
    'of it own',
    ...more,
    'runs',
  ]
  const rows = Object.entries(systems).map(([name, one]) => {
    const figures = [one.cpu, one.residentMiB, one.ownMiB, ...more.map(key => one.more[key] ?? null)].map(cell)
    const rates = [one.rate, one.least, one.most].map(cell)
    return [name, ...rates, ...command(cell(one.seconds)), ...figures, String(one.runs)]
  })
  const ratioHead = ['shoal over', 'rate', '', '', ...command('command'), 'CPU', '', 'memory']
  const ratios = Object.entries(shoalOver).map(([name, { rate, wholeCommand, cpu, memory }]) => {
    const told = (value: number | null): string => value?.toFixed(2) ?? ''
    return [`  ${name}`, told(rate), '', '', ...command(told(wholeCommand)), told(cpu), '', told(memory)]
  })
  return [`${name}: ${what}`, ...aligned([head, ...rows, ...(ratios.length === 0 ? [] : [ratioHead, ...ratios])])].join(
    '\n',
  )
}

function cell(value: number | null): string {
  return value === null ? '-' : value < 10 ? value.toFixed(2) : value.toFixed(0)
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const width = (column: number): number => Math.max(11, 2 + Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows.map(([first = '', ...rest]) => {
    return `  ${first.padEnd(18)}${rest.map((text, i) => text.padStart(width(i + 1))).join('')}`
  })
}
