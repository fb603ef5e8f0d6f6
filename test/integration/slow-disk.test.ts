// A whole node, of which every write to the disk takes 50 ms longer: strace delays the system call.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { same, Workbench } from './workbench.js'
import { until } from '../plugins/waiting.js'

const CLI = fileURLToPath(new URL('../../core/main/cli.js', import.meta.url))
const DELAY = ['-f', '-qq', '-e', 'trace=pwrite64', '-e', 'inject=pwrite64:delay_enter=50000']
const PIECE = 65_536
const BUFFER_MIB = 2

/** It is there, and may trace here. */
function straceWorks(): boolean {
  try {
    execFileSync('strace', [...DELAY, process.execPath, '--version'], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}

describe('a disk that takes 50 ms for a write', function () {
  this.timeout(60_000)

  let bench: Workbench

  beforeEach(() => {
    bench = new Workbench()
  })

  afterEach(() => bench.close())

  it('loses nothing, asks for nothing twice, and blames nobody (skipped where strace is missing)', async function () {
    if (!straceWorks()) return this.skip()
    const made = bench.make('big.bin', 64 * PIECE, PIECE, 1)
    const seeder = await bench.node({
      dataDir: bench.at('seeder'),
      client: { torrents: [{ file: made.file, into: made.origin }] },
    })
    await until(() => seeder.api.snapshot().torrents[0]?.phase === 'running')
    const into = bench.at('into')
    const plugins = [
      ...['host-node', 'transport-tcp', 'storage-file', 'selector-rarest-first', 'choke-tit-for-tat'].map(name => ({
        use: `builtin:${name}`,
      })),
      { use: 'builtin:discovery-static', config: { peers: [`127.0.0.1:${seeder.port}`] } },
      {
        use: 'builtin:client',
        config: { listen: '127.0.0.1:0', bufferMiB: BUFFER_MIB, torrents: [{ file: made.file, into }] },
      },
    ]
    const profile = bench.at('leecher.json')
    fs.writeFileSync(profile, JSON.stringify({ node: { dataDir: bench.at('leecher') }, plugins }))
    const trace = bench.at('trace')
    const words = [...DELAY, '-o', trace, process.execPath, CLI, 'start', profile, '--json']
    const child = spawn('strace', words, { stdio: ['ignore', 'pipe', 'ignore'], detached: true })
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
    await until(() => said.includes('"event":"complete"'))
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT')
    await once(child, 'close')
    expect(same(into, made.files)).to.equal(true)
    expect(said).not.to.match(/"event":"(warning|error)"/)
    const writes = fs
      .readFileSync(trace, 'utf8')
      .split('\n')
      .filter(line => line.includes('DELAYED')).length
    expect(writes).to.be.within(64, 70)
    expect(seeder.api.snapshot().torrents[0]?.uploaded).to.be.below(1.15 * made.content.length)
  })
})
