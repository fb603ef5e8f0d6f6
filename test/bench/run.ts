// npm run bench [-- NAME]: a line of JSON for each benchmark whose name holds NAME.
import { measure } from 'mitata'
import { announceBenches } from './announce.js'

const wanted = process.argv[2] ?? ''

for (const bench of announceBenches.filter(one => one.name.includes(wanted))) {
  const { run, facts } = bench.prepare()
  const { avg, p50, p99 } = await measure(run, {})
  const line = {
    bench: bench.name,
    avgNs: Math.round(avg),
    p50Ns: Math.round(p50),
    p99Ns: Math.round(p99),
    ...facts?.(),
  }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
