// The benchmarks run to their end on their own, say where and what they measured, and leave nothing behind. How fast
// anything was is not asked.
import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import type { Facts } from '../bench/bench.js'
import type { Machine } from '../bench/machine.js'
import type { Result } from '../bench/compare/report.js'
import type { UdpLoadReport } from '../bench/udp-load.js'

const run = promisify(execFile)
const program = (name: string): string => fileURLToPath(new URL(`../bench/${name}.js`, import.meta.url))

interface BenchDocument {
  readonly machine: Machine
  readonly results: Readonly<Record<string, Facts>>
}

interface CompareDocument {
  readonly machine: Machine
  readonly sizeMiB: number
  readonly missing: Readonly<Record<string, string>>
  readonly results: Readonly<Record<string, Result>>
}

describe('benchmarks', function () {
  this.timeout(60_000)
  let folder = ''

  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shoal-bench-test-'))
  })

  after(() => fs.rmSync(folder, { recursive: true }))

  function positive(facts: Readonly<Record<string, number>> | undefined, ...names: readonly string[]): void {
    for (const name of names) expect(facts?.[name], name).to.be.above(0)
  }

  it('npm run bench: parts and whole transfers, with the machine, in a table and in JSON', async () => {
    const words = ['wire', 'slot', 'choke', 'transfer', '--quick', '--size', '8']
    const flags = ['--allow-natives-syntax', '--expose-gc']
    const { stdout, stderr } = await run(process.execPath, [...flags, program('run'), ...words], { cwd: folder })
    const { machine, results } = JSON.parse(stdout) as BenchDocument
    expect(machine.node).to.equal(process.version)
    expect(machine.cores).to.be.above(0)
    expect(machine).to.include.keys('date', 'cpu', 'memoryGiB', 'os', 'load')
    positive(results['wire: decode blocks of 16 KiB'], 'medianNs', 'p99Ns', 'mbPerSecond')
    positive(results['wire: encode requests'], 'medianNs', 'mbPerSecond')
    positive(results['choke: a round of 200 peers, seeding'], 'medianNs', 'unchoked')
    positive(results['transfer: from one node to another, download and upload'], 'mbPerSecond', 'commandSeconds')
    for (const name of Object.keys(results)) expect(stderr).to.include(name)
  })

  it('npm run bench: names what there is when nothing has the name', async () => {
    const flags = ['--allow-natives-syntax', '--expose-gc']
    const failed = await run(process.execPath, [...flags, program('run'), 'nonsense']).catch((error: Error) => error)
    expect(failed).to.be.instanceOf(Error).with.property('message').that.includes('wire: decode blocks')
  })

  it('npm run bench:compare: each kind of work on content, with Shoal alone', async () => {
    const scratch = path.join(folder, 'scratch')
    const file = path.join(folder, 'compare.json')
    fs.mkdirSync(scratch)
    const words = [
      'download',
      'seed',
      'create',
      '--only',
      'shoal',
      '--size',
      '8',
      '--runs',
      '1',
      '--json',
      file,
      '--scratch',
      scratch,
    ]
    const { stdout, stderr } = await run(process.execPath, [program('compare'), ...words], { cwd: folder })
    expect(stdout).to.equal('')
    const { machine, sizeMiB, results } = JSON.parse(fs.readFileSync(file, 'utf8')) as CompareDocument
    expect({ node: machine.node, sizeMiB }).to.deep.equal({ node: process.version, sizeMiB: 8 })
    expect(results).to.have.all.keys('download', 'seed', 'create')
    for (const [name, { systems, shoalOver }] of Object.entries(results)) {
      expect(systems['shoal']?.runs, `${name}: ${stderr}`).to.equal(1)
      expect(shoalOver).to.deep.equal({})
      expect(systems['shoal']?.rate).to.be.above(0)
      if (process.platform !== 'linux') continue
      expect(systems['shoal']?.cpu).to.be.above(0)
      expect(systems['shoal']?.residentMiB).to.be.above(10)
    }
    expect(fs.readdirSync(scratch), 'left behind').to.deep.equal([])
  })

  it('npm run bench:compare: trackers, with Shoal alone', async () => {
    const words = ['udp', 'http', 'memory', '--only', 'shoal', '--seconds', '1', '--peers', '3000', '--runs', '1']
    const { stdout, stderr } = await run(process.execPath, [program('compare'), ...words, '--scratch', folder])
    const { results } = JSON.parse(stdout) as CompareDocument
    const http = ['http-keep-alive', 'http-close', 'http-pipelined']
    expect(results).to.have.all.keys('udp', 'udp-dgram', ...http, 'memory')
    for (const [name, { systems }] of Object.entries(results)) {
      const { runs = 0, rate = 0, more = {} } = systems['shoal'] ?? {}
      expect({ name, runs }, stderr).to.deep.equal({ name, runs: 1 })
      if (name === 'memory') expect(more['peers'], stderr).to.be.within(2700, 10_000)
      else expect(rate, name).to.be.above(0)
      if (name !== 'memory') expect(more['peers a reply'], name).to.be.within(0.1, 50)
    }
  })

  it('tracker-load: half of what can be answered, more than that, beside seeding', async function () {
    this.timeout(120_000)
    const cases = ['half-load', 'while-seeding', 'overload', 'threads']
    const words = [...cases, '--seconds', '1', '--size', '8']
    const { stdout, stderr } = await run(process.execPath, [program('tracker-load'), ...words], { cwd: folder })
    const { results } = JSON.parse(stdout) as BenchDocument
    expect(results, stderr).to.have.all.keys(cases)
    positive(results['half-load'], 'peakPerSecond', 'answeredPerSecond', 'p50Ms', 'p99Ms')
    positive(results['overload'], 'goodputOverPeak', 'timesPeakOffered')
    positive(results['while-seeding'], 'answeredPerSecond', 'seedingMbPerSecond')
    positive(results['threads'], '1: answeredPerSecond', '2: answeredPerSecond')
    for (const name of ['half-load', 'overload', 'while-seeding']) expect(results[name]?.['wrong'], name).to.equal(0)
  })

  it('the load of a UDP tracker tells wrong answers and refusals from right ones', async () => {
    const server = createSocket('udp4')
    let asked = 0
    server.on('message', (bytes, { port, address }) => {
      const head = Buffer.alloc(26)
      bytes.copy(head, 4, 12, 16)
      if (bytes.length === 16) head.writeBigUInt64BE(77n, 8)
      else head.writeUInt32BE(1)
      if (bytes.length === 16) return server.send(head.subarray(0, 16), port, address)
      // In turn: a right answer, a broken list of peers, a failure, and another's transaction.
      const kind = asked++ % 4
      if (kind === 2) head.writeUInt32BE(3)
      if (kind === 3) head.writeUInt32BE(0xffffffff, 4)
      return server.send(kind === 1 ? head.subarray(0, 23) : head, port, address)
    })
    await new Promise<void>(resolve => server.bind(0, '127.0.0.1', resolve))
    const plan = { port: server.address().port, seconds: 10, most: 40, sources: 1, window: 8 }
    const { stdout } = await run(process.execPath, [program('udp-load'), JSON.stringify(plan)])
    server.close()
    const report = JSON.parse(stdout) as UdpLoadReport
    expect(report.answered).to.be.within(40, 60)
    expect(report.peersPerReply).to.equal(1)
    expect(report.refused).to.be.within(35, 65)
    expect(report.wrong).to.be.within(70, 130)
    expect(report.p99Ms).to.be.above(0)
  })

  it('npm run bench:compare: tells what is missing and which package has it', async function () {
    if (process.platform === 'win32') this.skip()
    const bin = path.join(folder, 'bin')
    fs.mkdirSync(bin)
    fs.symlinkSync('/bin/sh', path.join(bin, 'sh'))
    const words = ['create', '--only', 'mktorrent,create-torrent', '--size', '1', '--runs', '1', '--scratch', folder]
    const env = { PATH: bin, SHOAL_PEERS: folder, HOME: folder }
    const { stdout, stderr } = await run(process.execPath, [program('compare'), ...words], { cwd: folder, env })
    const { missing, results } = JSON.parse(stdout) as CompareDocument
    expect(missing['mktorrent']).to.include('install mktorrent')
    expect(missing['create-torrent']).to.include('npm install create-torrent')
    expect(Object.keys(results['create']?.systems ?? {})).to.deep.equal(['shoal'])
    expect(stderr).to.include('left out: mktorrent')
  })
})
