// Loaded into a node by `node --import`: on each SIGUSR2 the delay of its event loop since the last one, in milliseconds,
// goes to the file that LOOP_DELAY names, as a line of JSON.
import { appendFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

const file = process.env['LOOP_DELAY']
if (isMainThread && file !== undefined) {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  process.on('SIGUSR2', () => {
    // What is counted is the time between two beats that are to be a millisecond apart.
    const ms = (ns: number): number => Math.max(0, ns / 1e6 - 1)
    const line = { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) }
    appendFileSync(file, `${JSON.stringify(line)}\n`)
    delay.reset()
  })
}
