// A disk that fills up in the middle of a download, and later has room again. Needs root, for a small disk of its own.
import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { runCli, RunningCli } from './run-cli.js'
import { piecesOnDisk, same, Workbench } from './workbench.js'

const MiB = 1 << 20
/** Clock ticks a second in /proc. */
const HERTZ = 100

describe('a disk that is full [needs the right to mount]', () => {
  let bench: Workbench
  let into: string

  beforeEach(function () {
    bench = new Workbench()
    into = bench.at('into')
    fs.mkdirSync(into)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'shoal-test', into], { stdio: 'pipe' })
    } catch {
      this.skip()
    }
  })

  afterEach(async () => {
    try {
      execFileSync('umount', [into], { stdio: 'pipe' })
    } catch {
      // It was never mounted.
    }
    await bench.close()
  })

  it('is told of once, costs nothing, and the download completes once there is room (needs root to mount)', async () => {
    const made = bench.make('film.bin', 8 * MiB, 64 * 1024)
    const seeder = await bench.seeder(made)
    await seeder.event('torrent')
    const args = ['get', made.file, '-o', into, '--peer', `127.0.0.1:${seeder.port}`, '--json']
    const getter = new RunningCli(args, { cwd: bench.top })
    await getter.until(/"code":"ERR_STORAGE_FULL"/)
    const began = cpuSeconds(getter.pid)
    await new Promise(resolve => setTimeout(resolve, 3_000))
    // One that never rests takes most of the three.
    expect(cpuSeconds(getter.pid) - began, 'seconds of CPU in three').to.be.lessThan(1)
    execFileSync('mount', ['-o', 'remount,size=32m', into], { stdio: 'pipe' })
    const { code, stdout, stderr } = await getter.ended
    expect(code, stderr).to.equal(0)
    expect(same(into, made.files)).to.equal(true)
    const rows = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, unknown>)
    const warnings = rows.filter(row => row['event'] === 'warning').map(row => row['code'])
    expect(warnings.filter(warning => warning === 'ERR_STORAGE_FULL')).to.have.length(1)
    expect(warnings.filter(warning => warning === 'ERR_CLIENT_STATE').length, 'warnings of the state').to.be.at.most(1)
    for (const name of fs.readdirSync(`${into}/.shoal`))
      expect(fs.statSync(`${into}/.shoal/${name}`).size, name).to.be.greaterThan(0)
  }).timeout(60_000)

  it('does not keep a command from ending, nor from going on another time (needs root to mount)', async () => {
    const made = bench.make('film.bin', 8 * MiB, 64 * 1024)
    const seeder = await bench.seeder(made)
    await seeder.event('torrent')
    const args = ['get', made.file, '-o', into, '--peer', `127.0.0.1:${seeder.port}`, '--json']
    const getter = new RunningCli(args, { cwd: bench.top })
    await getter.until(/"code":"ERR_STORAGE_FULL"/)
    getter.signal('SIGINT')
    const stopped = await getter.ended
    expect(stopped.code, stopped.stderr).to.equal(130)
    const right = piecesOnDisk(`${into}/film.bin`, made).size
    execFileSync('mount', ['-o', 'remount,size=32m', into], { stdio: 'pipe' })
    const again = await runCli(args, { cwd: bench.top })
    expect(again.code, again.stderr).to.equal(0)
    expect(again.stdout).to.match(new RegExp(`"have":${right},"bytesLeft":`))
    expect(same(into, made.files)).to.equal(true)
  }).timeout(20_000)
})

function cpuSeconds(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / HERTZ
}
