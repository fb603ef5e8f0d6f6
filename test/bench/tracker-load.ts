// What a tracker does under loads that say more than its speed: node dist/test/bench/tracker-load.js [CASE...] [--seconds N]
// [--size MIB] [--io auto|dgram|mmsg] [--threads N] [--system NAME] [--json FILE]. Each case ends by itself. A table on
// standard error, JSON on standard output or in FILE.
import fs from 'node:fs'
import { parseArgs } from 'node:util'
import { messageOf } from '../../core/base/errors.js'
import { finish } from './at-end.js'
import { systems } from './compare/systems.js'
import { type Figures, trackerCases } from './load/tracker-cases.js'
import { describeMachine, machineLine } from './machine.js'
import { Scratch } from './scratch.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string' },
    size: { type: 'string', default: '64' },
    io: { type: 'string' },
    threads: { type: 'string' },
    system: { type: 'string', default: 'shoal' },
    json: { type: 'string' },
  },
})

function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}

function count(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} ${text}: a whole number from 1 on is wanted`)
  return value
}

async function main(): Promise<void> {
  const system = systems.find(({ name, track }) => name === values.system && track !== undefined)
  if (system === undefined) throw new Error(`no tracker is called ${values.system}`)
  if (system.missing !== null) throw new Error(system.missing)
  const unknown = positionals.filter(word => !trackerCases.some(({ name }) => name === word))
  if (unknown.length > 0)
    throw new Error(`no case is called ${unknown.join(', ')}: ${trackerCases.map(({ name }) => name).join(', ')}`)
  const machine = describeMachine()
  tell(machineLine(machine))
  const mib = count('size', values.size)
  const scratch = new Scratch(2 * mib * 2 ** 20)
  const job = {
    ...(values.io === undefined ? {} : { io: values.io }),
    ...(values.threads === undefined ? {} : { threads: count('threads', values.threads) }),
  }
  const results: Record<string, Figures> = {}
  for (const { name, what, usualSeconds, shoalAlone = false, run } of trackerCases) {
    if (positionals.length > 0 ? !positionals.includes(name) : shoalAlone && system.name !== 'shoal') continue
    const seconds = values.seconds === undefined ? usualSeconds : count('seconds', values.seconds)
    tell(`\n${name}: ${what}; ${system.name}, ${seconds} s`)
    const figures = await run({ system, scratch, seconds, mib, job })
    results[name] = figures
    for (const [key, value] of Object.entries(figures))
      tell(`  ${key.padEnd(28)}${String(Number(value.toPrecision(4)))}`)
  }
  scratch.remove()
  const document = { machine, system: system.name, ...job, results }
  if (values.json === undefined) process.stdout.write(`${JSON.stringify(document)}\n`)
  else fs.writeFileSync(values.json, `${JSON.stringify(document, null, 2)}\n`)
}

await main().catch((error: unknown) => {
  tell(messageOf(error))
  process.exitCode = 1
  finish()
})
