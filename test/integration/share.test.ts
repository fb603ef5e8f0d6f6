// A shared folder over several runs, and the one info-hash that every way of making a torrent gives.
import { expect } from 'chai'
import fs from 'node:fs'
import path from 'node:path'
import { parseMetainfo } from '../../core/protocol/metainfo.js'
import { toHex } from '../../core/base/bytes.js'
import { CountedStorage } from './counted-storage.js'
import { runCli, RunningCli } from './run-cli.js'
import { same, Workbench } from './workbench.js'
import { until } from '../plugins/waiting.js'

/** Whole seconds, so that they can be set again exactly. */
const LONG_AGO = new Date('2020-02-02T02:02:02Z')

describe('a shared folder', () => {
  let bench: Workbench
  let share: string

  beforeEach(() => {
    bench = new Workbench()
    share = bench.at('share')
    put('my film.bin', 'a'.repeat(50_000))
    put('album/two words/one.txt', 'b'.repeat(20_000))
    put('album/none', '')
    put('album/.hidden', 'not shared')
    put('.hidden', 'not shared')
  })

  afterEach(() => bench.close())

  function put(name: string, text: string, time = LONG_AGO): void {
    const at = path.join(share, name)
    fs.mkdirSync(path.dirname(at), { recursive: true })
    fs.writeFileSync(at, text)
    fs.utimesSync(at, time, time)
  }

  interface Shared {
    readonly hash: string
    readonly file: string
    readonly have: boolean
  }

  /** One run: what was shared, by name. */
  async function run(warnings = 0): Promise<ReadonlyMap<string, Shared>> {
    const storage = new CountedStorage()
    const node = await bench.node({
      dataDir: bench.at('state'),
      client: { share },
      without: ['storage-file'],
      given: storage.given,
    })
    await until(() => node.api.snapshot().opening === 0)
    const shared = node.api
      .snapshot()
      .torrents.map(
        torrent =>
          [
            torrent.name,
            { hash: torrent.infoHash, file: torrent.file ?? '', have: torrent.have === torrent.pieces },
          ] as const,
      )
    expect(node.count('warning')).to.equal(warnings)
    if (warnings > 0)
      expect(await node.event('warning')).to.include({ plugin: 'client', code: 'ERR_CLIENT_NO_TORRENT' })
    expect(node.count('error')).to.equal(0)
    await node.stop()
    await storage.close()
    expect(storage.hashed, 'what was hashed to make the torrent is not hashed again').to.deep.equal([])
    return new Map(shared)
  }

  it('is not hashed again while sizes and times are the same, and is when they change', async () => {
    const first = await run()
    expect([...first.keys()]).to.deep.equal(['album', 'my film.bin'])
    expect([...first.values()].every(entry => entry.have)).to.equal(true)
    // Other bytes of the same size and time: who hashed them would come to another info-hash.
    put('my film.bin', 'c'.repeat(50_000))
    expect(await run()).to.deep.equal(first)
    put('my film.bin', 'c'.repeat(50_000), new Date())
    const third = await run()
    expect(third.get('album')).to.deep.equal(first.get('album'))
    expect(third.get('my film.bin')?.hash).not.to.equal(first.get('my film.bin')?.hash)
    expect(third.get('my film.bin')?.have).to.equal(true)
    put('album/more', 'new')
    const fourth = await run()
    expect(fourth.get('album')?.hash).not.to.equal(first.get('album')?.hash)
    expect(fourth.get('my film.bin')).to.deep.equal(third.get('my film.bin'))
  })

  it('hashes again what its kept .torrent cannot be read for', async () => {
    const first = await run()
    for (const { file } of first.values()) fs.writeFileSync(file, 'no torrent any more')
    expect(await run()).to.deep.equal(first)
    for (const { file } of first.values()) fs.rmSync(file)
    expect(await run()).to.deep.equal(first)
  })

  it('writes .torrent files whose paths need no quotes, each its own', async () => {
    put('my_film.bin', 'another')
    put("it's; $(odd) & long", 'odd')
    put('\u00e9t\u00e9', 'summer')
    const shared = await run()
    expect(shared.size).to.equal(5)
    const files = [...shared.values()].map(entry => entry.file)
    expect(new Set(files).size).to.equal(5)
    for (const [name, { file, hash }] of shared) {
      expect(fs.statSync(file).mode & 0o777).to.equal(0o666 & ~process.umask())
      expect(path.relative(bench.top, file)).to.match(/^[A-Za-z0-9._/-]+\.torrent$/)
      const metainfo = parseMetainfo(fs.readFileSync(file))
      expect(metainfo.name).to.equal(name)
      expect(toHex(metainfo.infoHash)).to.equal(hash)
    }
  })

  it('shares the rest when one entry cannot be', async () => {
    fs.mkdirSync(path.join(share, 'empty'))
    const shared = await run(1)
    expect([...shared.keys()]).to.deep.equal(['album', 'my film.bin'])
  })

  it('gives the info-hash that create and seed give', async () => {
    const shared = await run()
    for (const [name, { hash }] of shared) {
      const content = path.join(share, name)
      const created = await runCli(['create', content, '-o', bench.at('made.torrent'), '--json'], { cwd: bench.top })
      expect(created.code, created.stderr).to.equal(0)
      expect(toHex(parseMetainfo(fs.readFileSync(bench.at('made.torrent'))).infoHash)).to.equal(hash)
      fs.rmSync(bench.at('made.torrent'))
      const options = { cwd: bench.top, env: { XDG_STATE_HOME: bench.at('seed-state') } }
      const seed = new RunningCli(['seed', content, '--port', '0', '--json'], options)
      const rows = await seed.until(/"event":"torrent"/)
      seed.signal('SIGTERM')
      await seed.ended
      expect(rows.join('\n')).to.contain(`"infoHash":"${hash}"`)
    }
  }).timeout(20_000)

  it('prints the command that fetches what is shared, and that works', async () => {
    const profile = bench.at('node.json')
    fs.writeFileSync(
      profile,
      JSON.stringify({
        node: { dataDir: './state' },
        extends: [path.resolve('config/loopback.json')],
        plugins: [{ id: 'client', config: { share: './share' } }],
      }),
    )
    const options = { cwd: bench.top }
    const node = new RunningCli(['start', profile], options)
    const lines = await node.until(/^npx shoal get /)
    const told = lines.filter(line => line !== '').map(line => line.trim())
    const first = told.findIndex(line => line.startsWith('magnet:'))
    const urls = told.slice(0, 2).sort()
    expect(urls[0]).to.match(/^http:\/\/127\.0\.0\.1:\d+\/announce$/)
    expect(urls[1]).to.match(/^udp:\/\/127\.0\.0\.1:\d+/)
    expect(first).to.be.greaterThan(1)
    const command = told.at(-1) ?? ''
    const words = command.split(' ')
    expect(words).to.have.length(4)
    expect(fs.existsSync(path.resolve(bench.top, words[3] ?? ''))).to.equal(true)
    const got = await runCli([...words.slice(2), '-o', 'got'], options)
    expect(got.code, got.stderr).to.equal(0)
    node.signal('SIGINT')
    expect((await node.ended).code).to.equal(0)
    const files = [
      { path: ['album', 'two words', 'one.txt'], bytes: fs.readFileSync(path.join(share, 'album/two words/one.txt')) },
    ]
    expect(same(bench.at('got'), files)).to.equal(true)
  }).timeout(20_000)
})
