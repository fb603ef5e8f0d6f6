// npm run bench [-- NAME]: for each benchmark whose name holds NAME a row of a table, on standard error, and a line of
// JSON, on standard output.
import { measure } from 'mitata'
import { announceBenches } from './announce.js'
import { selectorBenches } from './selector.js'
import type { Bench } from './bench.js'

const benches: readonly Bench[] = [...announceBenches, ...selectorBenches]
const wanted = process.argv[2] ?? ''
const width = Math.max(...benches.map(bench => bench.name.length))

function row(name: string, ...cells: readonly string[]): void {
  process.stderr.write(`${name.padEnd(width)} ${cells.map(cell => cell.padStart(12)).join('')}\n`)
}

const time = (ns: number): string =>
  ns < 1e3 ? `${ns.toFixed(0)} ns` : ns < 1e6 ? `${(ns / 1e3).toFixed(2)} us` : `${(ns / 1e6).toFixed(2)} ms`

row('', 'mean', 'median', 'p99')
for (const bench of benches.filter(one => one.name.includes(wanted))) {
  const { run, facts } = bench.prepare()
  const { avg, p50, p99 } = await measure(run, {})
  const found = facts?.() ?? {}
  row(bench.name, time(avg), time(p50), time(p99))
  for (const [name, value] of Object.entries(found)) row(`  ${name}`, String(value))
  const line = { bench: bench.name, avgNs: Math.round(avg), p50Ns: Math.round(p50), p99Ns: Math.round(p99), ...found }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
