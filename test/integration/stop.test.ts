// How the commands end: by a signal, by two, and by what the machine or the user got wrong.
import { expect } from 'chai'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { decodeResume, type ResumeState } from '../../core/torrent/resume.js'
import { runCli, RunningCli } from './run-cli.js'
import { SlowProxy } from './slow-proxy.js'
import { TestTracker } from './test-tracker.js'
import { Workbench, type Made } from './workbench.js'

const NOBODY = 65534

describe('a command that is stopped', () => {
  let bench: Workbench
  let tracker: TestTracker

  beforeEach(async () => {
    bench = new Workbench()
    tracker = await TestTracker.open()
  })

  afterEach(async () => {
    tracker.close()
    await bench.close()
  })

  const run = (...args: string[]): RunningCli =>
    new RunningCli([...args, '--json'], { cwd: bench.top, env: { XDG_STATE_HOME: bench.at('state') } })

  const seed = (made: Made, ...more: string[]): RunningCli =>
    run('seed', path.join(made.origin, made.metainfo.name), '--port', '0', '--announce', tracker.url, ...more)

  function resumeOf(folder: string, made: Made): ResumeState {
    const { infoHash, geometry } = made.metainfo
    const state = decodeResume(fs.readFileSync(path.join(folder, `${made.hash}.resume`)), infoHash, geometry.pieceCount)
    if (typeof state === 'string') throw new Error(state)
    return state
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`seed: ends with 0 on ${signal}, tells the tracker, and leaves nothing to check again`, async () => {
      const made = bench.make('tune.bin', 300_000, 16_384)
      const seeder = seed(made)
      await seeder.until(/"event":"announce"/)
      seeder.signal(signal)
      const { code, stdout, stderr } = await seeder.ended
      expect(code, stderr).to.equal(0)
      expect(stdout.trim().split('\n').at(-1)).to.equal('{"event":"stopped"}')
      expect(tracker.events).to.deep.equal(['started', 'stopped'])
      const state = resumeOf(bench.at('state', 'shoal'), made)
      expect(state.clean).to.equal(true)
      expect(state.flushed.full).to.equal(true)
    })

    it(`get: ends with ${signal === 'SIGINT' ? 130 : 143} on ${signal} when it is not done`, async () => {
      const made = bench.make('film.bin', 4 << 20, 16_384)
      const seeder = await bench.seeder(made)
      const proxy = await SlowProxy.to(seeder.port, 1 << 20)
      const args = ['get', made.file, '-o', 'into', '--peer', proxy.address, '--announce', tracker.url] as const
      const getter = run(...args)
      await getter.until(/"event":"announce"/)
      await proxy.passed(600_000)
      getter.signal(signal)
      const { code, stdout, stderr } = await getter.ended
      proxy.close()
      expect(code, stderr).to.equal(signal === 'SIGINT' ? 130 : 143)
      expect(stdout.trim().split('\n').at(-1)).to.equal('{"event":"stopped"}')
      expect(tracker.events).to.deep.equal(['started', 'stopped'])
      const state = resumeOf(bench.at('into', '.shoal'), made)
      expect(state.clean).to.equal(true)
      expect(state.flushed.count).to.be.greaterThan(10)
      expect(fs.existsSync(bench.at('into', '.shoal', `${made.hash}.journal`))).to.equal(false)
      expect(fs.existsSync(bench.at('into', '.shoal', `${made.hash}.lock`))).to.equal(false)
      const again = run(...args)
      const rows = await again.until(/"event":"torrent"/)
      const torrent = rows
        .map(row => JSON.parse(row) as Record<string, unknown>)
        .find(row => row['event'] === 'torrent')
      expect(torrent?.['have']).to.equal(state.flushed.count)
      again.signal('SIGKILL')
      await again.ended
    })

    it(`start, track: end with 0 on ${signal}`, async () => {
      fs.mkdirSync(bench.at('share'))
      fs.writeFileSync(bench.at('share', 'a'), 'some bytes')
      const profile = bench.at('node.json')
      fs.writeFileSync(
        profile,
        JSON.stringify({
          node: { dataDir: './state' },
          extends: [path.resolve('config/loopback.json')],
          plugins: [{ id: 'client', config: { share: './share' } }],
        }),
      )
      const runs = [run('start', profile), run('track', '--http', '127.0.0.1:0', '--udp', '127.0.0.1:0')]
      await runs[0]?.until(/"event":"announce"/)
      await runs[1]?.until(/"event":"ready"/)
      for (const one of runs) {
        one.signal(signal)
        const { code, stdout, stderr } = await one.ended
        expect(code, stderr).to.equal(0)
        expect(stdout.trim().split('\n').at(-1)).to.equal('{"event":"stopped"}')
      }
    })
  }

  it('get --seed: ends with 0 once it is whole', async () => {
    const made = bench.make('tune.bin', 100_000, 16_384)
    const seeder = await bench.seeder(made)
    const getter = run('get', made.file, '-o', 'into', '--peer', `127.0.0.1:${seeder.port}`, '--seed')
    await getter.until(/"event":"complete"/)
    getter.signal('SIGINT')
    expect((await getter.ended).code).to.equal(0)
  })

  it('get --ratio, get --seed-time: end with 0 once it has been seeded enough, and at once the next time', async () => {
    const made = bench.make('tune.bin', 100_000, 16_384)
    const seeder = await bench.seeder(made)
    const getter = (...goal: string[]): RunningCli =>
      run('get', made.file, '-o', 'into', '--peer', `127.0.0.1:${seeder.port}`, ...goal)
    const lines = (await getter('--ratio', '3', '--seed-time', '0').ended).stdout.trim().split('\n')
    const told = lines.map(line => JSON.parse(line) as { event: string; phase?: string })
    expect(told.map(row => row.phase ?? row.event).filter(word => word !== 'progress')).to.deep.equal([
      'ready',
      'torrent',
      'complete',
      'finished',
      'stopped',
    ])
    const again = await getter('--seed-time', '0').ended
    expect(again.code).to.equal(0)
    expect(again.stdout).to.contain('"phase":"finished"')
    const wrong = await getter('--ratio', 'much').ended
    expect(wrong.code).to.equal(2)
  })

  it('waits a little for a tracker that does not answer, and not at all after a second signal', async () => {
    const made = bench.make('tune.bin', 100_000, 16_384)
    const patient = seed(made)
    await patient.until(/"event":"announce"/)
    tracker.silent = true
    patient.signal('SIGTERM')
    expect((await patient.ended).code).to.equal(0)

    tracker.silent = false
    const hurried = seed(made)
    await hurried.until(/"event":"announce"/)
    tracker.silent = true
    hurried.signal('SIGINT')
    // One that comes soon after the first is taken for the same press.
    const again = setInterval(() => hurried.signal('SIGINT'), 100)
    // In order it would have been 0.
    expect((await hurried.ended).code).to.equal(130)
    clearInterval(again)
  }).timeout(20_000)

  it('names the port that is in use and the option to change', async () => {
    const made = bench.make('tune.bin', 100_000, 16_384)
    const holder = net.createServer()
    await new Promise<void>(resolve => holder.listen(0, '0.0.0.0', resolve))
    const at = holder.address()
    const port = String(at !== null && typeof at === 'object' ? at.port : 0)
    const outcomes = [
      [await seed(made, '--port', port).ended, /--port|client\.listen/],
      [await run('track', '--http', `127.0.0.1:${port}`).ended, /--http|tracker-http\.listen/],
    ] as const
    holder.close()
    for (const [{ code, stderr }, option] of outcomes) {
      expect(code, stderr).to.equal(3)
      expect(stderr).to.contain(port)
      expect(stderr).to.match(option)
      expect(stderr).not.to.match(/^\s+at /m)
    }
  })

  it('says what is wrong with a source, in words, and with the right code', async () => {
    const into = ['-o', 'into'] as const
    fs.writeFileSync(bench.at('text.torrent'), 'this is no torrent')
    fs.writeFileSync(bench.at('other.torrent'), 'd3:fooi1ee')
    fs.mkdirSync(bench.at('empty'))
    const cases = [
      [['get', 'absent.torrent', ...into], 2, /absent\.torrent.*no such file/],
      [['get', 'empty', ...into], 2, /empty.*folder/],
      [['get', 'text.torrent', ...into], 2, /text\.torrent/],
      [['get', 'other.torrent', ...into], 2, /other\.torrent/],
      [['seed', 'absent'], 2, /absent.*no such file/],
      [['seed', 'empty', '--port', '0'], 2, /empty/],
      [['start', 'absent.json'], 2, /absent\.json/],
    ] as const
    const outcomes = await Promise.all(cases.map(([args]) => run(...args).ended))
    for (const [i, { code, stderr, stdout }] of outcomes.entries()) {
      const [args, expected, words] = cases[i]!
      expect(code, `${args.join(' ')}: ${stderr}`).to.equal(expected)
      expect(stderr, args.join(' ')).to.match(words)
      expect(stderr, args.join(' ')).not.to.match(/^\s+at /m)
      expect(
        stdout
          .trim()
          .split('\n')
          .map(line => (JSON.parse(line) as { event: string }).event),
      ).to.include('error')
    }
  }).timeout(20_000)

  it('says what it may not read or write', async function () {
    const user = process.getuid?.() === 0 ? { uid: NOBODY } : {}
    const made = bench.make('tune.bin', 100_000, 16_384)
    fs.chmodSync(bench.top, 0o755)
    const sealed = bench.at('sealed')
    fs.mkdirSync(sealed, { mode: 0o555 })
    fs.mkdirSync(bench.at('open'))
    fs.chmodSync(bench.at('open'), 0o777)
    fs.copyFileSync(made.file, bench.at('secret.torrent'))
    fs.chmodSync(bench.at('secret.torrent'), 0)
    const options = { cwd: bench.top, ...user }
    const outcomes = await Promise.all([
      runCli(['get', made.file, '-o', sealed], options),
      runCli(['get', bench.at('secret.torrent'), '-o', bench.at('open')], options),
    ])
    for (const [i, { code, stderr }] of outcomes.entries()) {
      expect(code, stderr).to.equal(3)
      expect(stderr).to.contain(i === 0 ? 'sealed' : 'secret.torrent')
      expect(stderr).to.match(/not permitted|permission/i)
    }
  })
})
