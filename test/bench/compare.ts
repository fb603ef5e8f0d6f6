// npm run bench:compare [-- download|seed|create|udp|http|memory|all] [--runs N] [--only NAME,NAME] [--size MIB] [--seconds N] [--peers N]
//   [--json FILE]
// Shoal and the programs that others run, in turn, on the same work, in one run. A table on standard error, and a line of
// JSON on standard output or in FILE. Everything stays on loopback and in one folder of scratch, and ends by itself.
import fs from 'node:fs'
import os from 'node:os'
import { parseArgs } from 'node:util'
import { messageOf } from '../../core/base/errors.js'
import { finish } from './at-end.js'
import { create } from './compare/create.js'
import { download } from './compare/download.js'
import { httpMeasurements } from './compare/http.js'
import type { Measurement, Round } from './compare/measurement.js'
import { memory } from './compare/memory.js'
import { type Result, resultOf, tableOf } from './compare/report.js'
import { seed } from './compare/seed.js'
import { systems } from './compare/systems.js'
import { udp, udpDgram } from './compare/udp.js'
import { type Content, makeContent } from './content.js'
import { describeMachine, machineLine } from './machine.js'
import { Scratch } from './scratch.js'

const measurements: readonly Measurement[] = [download, seed, create, udp, udpDgram, ...httpMeasurements, memory]
const usage = `bench:compare [${measurements.map(one => one.name).join('|')}|all] [--runs N] [--only NAME,NAME] [--size MIB] [--piece KIB] [--seconds N] [--peers N] [--json FILE] [--scratch DIR]`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    size: { type: 'string' },
    piece: { type: 'string', default: '1024' },
    seconds: { type: 'string', default: '4' },
    peers: { type: 'string', default: '1000000' },
    json: { type: 'string' },
    scratch: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const MIB = 1 << 20

function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}

function count(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} ${text}: a whole number from 1 on is wanted`)
  return value
}

/** Those that are named, or all; with Shoal, without which there is no ratio. */
function chosen(): readonly (typeof systems)[number][] {
  const names = values.only === '' ? null : values.only.split(',')
  const unknown = names?.filter(name => !systems.some(system => system.name === name)) ?? []
  if (unknown.length > 0)
    throw new Error(`no system is called ${unknown.join(', ')}: ${systems.map(one => one.name).join(', ')}`)
  return systems.filter(({ name }) => names === null || names.includes(name) || name === 'shoal')
}

async function main(): Promise<void> {
  if (values.help) return tell(usage)
  const all = positionals.length === 0 || positionals.includes('all')
  // "http" means all whose names begin so.
  const called = (name: string, word: string): boolean => name === word || name.startsWith(`${word}-`)
  const unknown = positionals.filter(word => word !== 'all' && !measurements.some(({ name }) => called(name, word)))
  if (unknown.length > 0) throw new Error(`nothing is called ${unknown.join(', ')}: ${usage}`)
  const wanted = measurements.filter(({ name }) => all || positionals.some(word => called(name, word)))
  const mib = values.size === undefined ? usualMib() : count('size', values.size)
  const pieceKiB = count('piece', values.piece)
  const runs = count('runs', values.runs)
  const seconds = count('seconds', values.seconds)
  const peers = count('peers', values.peers)
  const named = chosen()
  const machine = describeMachine()
  tell(machineLine(machine))
  const scratch = new Scratch(3 * mib * MIB, values.scratch)
  tell(`${mib} MiB in pieces of ${pieceKiB} KiB in ${scratch.path}; ${runs} runs of each, in turn`)
  let made: Promise<Content> | null = null
  const content = (): Promise<Content> => (made ??= makeContent(scratch.path, mib, pieceKiB * 1024))
  const results: Record<string, Result> = {}
  const missing: Record<string, string> = {}
  for (const measurement of wanted) {
    const { name, units } = measurement
    const able = named.filter(system => measurement.able(system))
    for (const system of able) if (system.missing !== null) missing[system.name] = system.missing
    const here = able.filter(system => system.missing === null)
    const rounds = new Map<string, Round[]>()
    await measurement.measure({
      content,
      scratch,
      systems: here,
      runs,
      seconds,
      peers,
      done(system, round) {
        tell(`  ${name}, ${system.name}: ${round.rate.toFixed(0)} ${units.rate}`)
        rounds.set(system.name, [...(rounds.get(system.name) ?? []), round])
      },
      remark: (system, text) => tell(`  ${name}, ${system.name}: ${text}`),
      failed(system, why) {
        tell(`  ${name}, ${system.name}: a round failed: ${why}`)
        process.exitCode = 1
      },
    })
    results[name] = resultOf(measurement, rounds)
    tell(`\n${tableOf(name, results[name])}\n`)
  }
  for (const [name, why] of Object.entries(missing)) tell(`left out: ${name}: ${why}`)
  scratch.remove()
  const versions = Object.fromEntries(named.filter(one => one.missing === null).map(one => [one.name, one.version]))
  const document = { machine, sizeMiB: mib, pieceKiB, runs, seconds, peers, versions, missing, results }
  if (values.json === undefined) process.stdout.write(`${JSON.stringify(document)}\n`)
  else fs.writeFileSync(values.json, `${JSON.stringify(document, null, 2)}\n`)
}

/** A GiB, where there is room for it, what comes of it, and a peer that holds it. */
function usualMib(): number {
  return os.totalmem() > 8 * 2 ** 30 ? 1024 : 256
}

await main().catch((error: unknown) => {
  tell(messageOf(error))
  process.exitCode = 1
  finish()
})
