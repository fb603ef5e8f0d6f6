// npm run bench [-- NAME...] [--quick] [--size MIB] [--json FILE]: for each benchmark whose name holds one of the NAMEs a
// row of a table, on standard error, and all of them in one line of JSON, on standard output or in FILE.
import fs from 'node:fs'
import { parseArgs } from 'node:util'
import { measure } from 'mitata'
import { announceBenches } from './announce.js'
import type { Bench, Facts, Trial, Wish } from './bench.js'
import { chokeBenches } from './choke.js'
import { idleTrials } from './idle.js'
import { describeMachine, machineLine } from './machine.js'
import { selectorBenches } from './selector.js'
import { slotBenches } from './slots.js'
import { transferTrials } from './transfer.js'
import { wireBenches } from './wire.js'

/** Nanoseconds of measuring that are enough for a quick look. */
const QUICK_NS = 40e6

const benches: readonly Bench[] = [
  ...wireBenches,
  ...slotBenches,
  ...selectorBenches,
  ...chokeBenches,
  ...announceBenches,
]
const trials: readonly Trial[] = [...transferTrials, ...idleTrials]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, size: { type: 'string' }, json: { type: 'string' } },
})
const wish: Wish = { quick: values.quick, mib: Number(values.size ?? (values.quick ? 64 : 512)) }
if (!Number.isInteger(wish.mib) || wish.mib < 1)
  throw new Error(`--size ${values.size}: a whole number of MiB is wanted`)

const wanted = ({ name }: { readonly name: string }): boolean =>
  positionals.length === 0 || positionals.some(part => name.includes(part))
const chosenBenches = benches.filter(bench => wanted(bench) && !(wish.quick && bench.long === true))
const chosenTrials = trials.filter(trial => wanted(trial) && (trial.only ?? process.platform) === process.platform)
if (chosenBenches.length + chosenTrials.length === 0) {
  const names = [...benches, ...trials].map(one => `  ${one.name}`)
  throw new Error(`no benchmark has a name with ${positionals.join(' or ')} in it:\n${names.join('\n')}`)
}
const width = Math.max(...[...chosenBenches, ...chosenTrials].map(one => one.name.length))

function row(name: string, ...cells: readonly string[]): void {
  process.stderr.write(`${name.padEnd(width)} ${cells.map(cell => cell.padStart(12)).join('')}\n`)
}

const time = (ns: number): string =>
  ns < 1e3
    ? `${ns.toFixed(ns < 100 ? 1 : 0)} ns`
    : ns < 1e6
      ? `${(ns / 1e3).toFixed(2)} us`
      : `${(ns / 1e6).toFixed(2)} ms`
const rounded = (value: number): number => Number(value.toPrecision(4))

function factRows(facts: Facts): void {
  for (const [name, value] of Object.entries(facts)) row(`  ${name}`, String(rounded(value)))
}

async function micro({ name, each = 1, bytes, prepare }: Bench): Promise<Facts> {
  const { run, facts } = prepare()
  const { avg, p50, p99 } = await measure(run, wish.quick ? { min_cpu_time: QUICK_NS } : {})
  const [mean, median, late] = [avg / each, p50 / each, p99 / each]
  const rate = bytes === undefined ? {} : { mbPerSecond: rounded((bytes * 1e3) / p50) }
  row(name, time(mean), time(median), time(late), rate.mbPerSecond === undefined ? '' : `${rate.mbPerSecond} MB/s`)
  const found = facts?.() ?? {}
  factRows(found)
  return { meanNs: rounded(mean), medianNs: rounded(median), p99Ns: rounded(late), ...rate, ...found }
}

const machine = describeMachine()
process.stderr.write(`${machineLine(machine)}\n`)
const results: Record<string, Facts> = {}
if (chosenBenches.length > 0) row('', 'mean', 'median', 'p99', '')
for (const bench of chosenBenches) results[bench.name] = await micro(bench)
for (const trial of chosenTrials) {
  row(trial.name)
  const facts = await trial.measure(wish)
  factRows(facts)
  results[trial.name] = facts
}
const document = { machine, quick: wish.quick, results }
if (values.json === undefined) process.stdout.write(`${JSON.stringify(document)}\n`)
else fs.writeFileSync(values.json, `${JSON.stringify(document, null, 2)}\n`)
