// Content that goes to another folder: on one file system and on two, told to and by itself, killed in the middle.
import { expect } from 'chai'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { codeOf } from '../plugins/code-of.js'
import { until } from '../plugins/waiting.js'
import { CountedStorage } from './counted-storage.js'
import { RunningCli } from './run-cli.js'
import { lay, same, Workbench, type Made, type TestNode } from './workbench.js'

const PIECE = 16_384
const MiB = 1 << 20
const SIZES = { a: 10 * PIECE + 7, 'b/c': 5 * PIECE, 'b/none': 0 }
const SHM = '/dev/shm'

function elsewhere(): string | null {
  if (!fs.existsSync(SHM) || fs.statSync(SHM).dev === fs.statSync(os.tmpdir()).dev) return null
  return fs.mkdtempSync(path.join(SHM, 'shoal-it-'))
}

describe('content that is moved', () => {
  let bench: Workbench
  let abroad: string | null

  beforeEach(() => {
    bench = new Workbench()
    abroad = null
  })

  afterEach(async () => {
    await bench.close()
    if (abroad !== null) fs.rmSync(abroad, { recursive: true, force: true })
  })

  const shape = (folder: string): string[] => fs.readdirSync(folder, { recursive: true }).map(String).sort()
  const holder = (made: Made, client: object = {}): Promise<TestNode> =>
    bench.node({
      dataDir: bench.at('state'),
      client: { torrents: [{ file: made.file, into: made.origin }], ...client },
    })

  /** Opens it again and says what had to be hashed. */
  async function reopened(made: Made): Promise<{ readonly node: TestNode; readonly hashed: readonly number[] }> {
    const storage = new CountedStorage()
    const node = await bench.node({
      dataDir: bench.at('state'),
      client: { torrents: [{ file: made.file, into: made.origin }] },
      without: ['storage-file'],
      given: storage.given,
    })
    await node.event('torrent')
    return { node, hashed: storage.hashed }
  }

  async function movesTo(folder: string): Promise<void> {
    const made = bench.make('album', SIZES, PIECE)
    fs.writeFileSync(path.join(made.origin, 'album', 'b', 'mine'), 'not of the torrent')
    const times = fs.statSync(path.join(made.origin, 'album', 'a')).mtimeMs
    const node = await holder(made)
    await node.event('torrent')
    await node.api.move(made.hash, `${folder}/`)
    expect(node.api.snapshot().torrents[0]).to.include({ phase: 'running', folder, have: 16 })
    expect(same(folder, made.files)).to.equal(true)
    expect(fs.statSync(path.join(folder, 'album', 'a')).mtimeMs).to.be.closeTo(times, 1)
    expect(shape(made.origin), 'what is not of the torrent stays').to.deep.equal(['album', 'album/b', 'album/b/mine'])
    expect(shape(folder)).to.deep.equal(['album', 'album/a', 'album/b', 'album/b/c', 'album/b/none'])
    expect(fs.readdirSync(bench.at('state')).sort()).to.deep.equal([`${made.hash}.lock`, `${made.hash}.resume`])
    const phases = node.events.filter(event => event.event === 'state').map(event => event['phase'])
    expect(phases).to.deep.equal(['moving'])
    await node.stop()

    const { node: again, hashed } = await reopened(made)
    expect(again.api.snapshot().torrents[0]).to.include({ folder, have: 16 })
    expect(hashed).to.deep.equal([])
    await again.api.remove(made.hash, { deleteData: true })
    expect(shape(folder)).to.deep.equal([])
  }

  it('is found there by the next run, which hashes nothing', () => movesTo(bench.at('new', 'place')))

  it('is copied where that is another file system [needs /dev/shm beside the temporary folder]', async function () {
    abroad = elsewhere()
    if (abroad === null) return this.skip()
    await movesTo(path.join(abroad, 'place'))
  })

  it('is fetched on where it has come to', async () => {
    const made = bench.make('album', SIZES, PIECE)
    const seeder = await bench.seeder(made)
    const node = await bench.node({
      dataDir: bench.at('state'),
      client: { torrents: [{ file: made.file, into: bench.at('into') }] },
    })
    await node.event('torrent')
    await node.api.move(made.hash, bench.at('new'))
    await node.stop()
    const again = await bench.node({
      dataDir: bench.at('state'),
      client: { torrents: [{ file: made.file, into: bench.at('into') }] },
      peers: [`127.0.0.1:${seeder.port}`],
    })
    await again.event('complete')
    expect(same(bench.at('new'), made.files)).to.equal(true)
    await again.stop()
    // Whoever says anew where it is to lie is believed.
    const told = await bench.node({
      dataDir: bench.at('state'),
      client: { torrents: [{ file: made.file, into: bench.at('third') }] },
    })
    expect(await told.event('torrent')).to.include({ have: 0 })
  })

  it('goes by itself once a download is whole, and is seeded from there', async () => {
    const made = bench.make('album', SIZES, PIECE)
    const seeder = await bench.seeder(made)
    const done = bench.at('done')
    const node = await bench.node({
      dataDir: bench.at('state'),
      client: { torrents: [{ file: made.file, into: bench.at('into') }], moveTo: done },
      peers: [`127.0.0.1:${seeder.port}`],
    })
    await node.event('complete')
    await until(() => node.count('torrent') === 2)
    expect(node.api.snapshot().torrents[0]).to.include({ phase: 'running', folder: done })
    expect(same(done, made.files)).to.equal(true)
    expect(shape(bench.at('into'))).to.deep.equal([])
    await seeder.stop()
    const leecher = await bench.node({
      dataDir: bench.at('other-state'),
      client: { torrents: [{ file: made.file, into: bench.at('other') }] },
      peers: [`127.0.0.1:${node.port}`],
    })
    await leecher.event('complete')
  })

  it('overwrites nothing, and stays where it is then', async () => {
    const made = bench.make('album', SIZES, PIECE)
    const node = await holder(made)
    await node.event('torrent')
    const taken = bench.at('taken')
    lay(taken, [{ path: ['album', 'b', 'c'], bytes: new Uint8Array([1, 2, 3]) }])
    const before = shape(taken)
    expect(await codeOf(node.api.move(made.hash, taken))).to.equal('ERR_STORAGE_EXISTS')
    expect(shape(taken)).to.deep.equal(before)
    expect(fs.readFileSync(path.join(taken, 'album', 'b', 'c')).length).to.equal(3)
    expect(await codeOf(node.api.move(made.hash, 'not/absolute'))).to.equal('ERR_CLIENT_MOVE')
    fs.writeFileSync(bench.at('file'), '')
    expect(await codeOf(node.api.move(made.hash, bench.at('file')))).to.equal('ERR_STORAGE_IO')
    expect(node.api.snapshot().torrents[0]).to.include({ phase: 'running', folder: made.origin, have: 16 })
    expect(same(made.origin, made.files)).to.equal(true)
    expect(node.count('error')).to.equal(0)
    expect(fs.existsSync(bench.at('state', `${made.hash}.move`))).to.equal(false)
  })

  it('is deleted while it is on its way, and nothing of anybody else with it', async () => {
    for (const foreign of [false, true]) {
      const made = bench.make(`album-${foreign}`, SIZES, PIECE)
      const state = bench.at(`state-${foreign}`)
      const [from, to] = [path.join(made.origin, `album-${foreign}`), bench.at(`to-${foreign}`, `album-${foreign}`)]
      fs.mkdirSync(path.join(to, 'b'), { recursive: true })
      fs.mkdirSync(state)
      fs.linkSync(path.join(from, 'a'), path.join(to, 'a'))
      if (foreign) fs.writeFileSync(path.join(to, 'b', 'c'), 'his')
      const plan = { from: made.origin, to: path.dirname(to), untouched: true }
      fs.writeFileSync(path.join(state, `${made.hash}.move`), JSON.stringify(plan))
      const node = await bench.node({
        dataDir: state,
        client: { torrents: [{ file: made.file, into: made.origin, paused: true }] },
      })
      await until(() => node.api.snapshot().torrents.length === 1)
      await node.api.remove(made.hash, { deleteData: true })
      expect(fs.existsSync(from)).to.equal(false)
      if (foreign) expect(fs.readFileSync(path.join(to, 'b', 'c'), 'utf8')).to.equal('his')
      else expect(fs.existsSync(to)).to.equal(false)
      expect(fs.readdirSync(state).filter(name => name.startsWith(made.hash) && !name.endsWith('.lock'))).to.deep.equal(
        [],
      )
      await node.stop()
    }
  })

  it('is not moved where it belongs to somebody else', async () => {
    const made = bench.make('one.bin', 50_000, PIECE)
    const node = await bench.node({
      dataDir: bench.at('state'),
      client: { seeds: [{ path: path.join(made.origin, 'one.bin') }] },
    })
    const { infoHash } = await node.event('torrent')
    expect(await codeOf(node.api.move(String(infoHash), bench.at('new')))).to.equal('ERR_CLIENT_MOVE')
    expect(node.api.snapshot().torrents[0]).to.include({ phase: 'running', have: 4 })
  })

  it('is gone on with after a kill in the middle [needs /dev/shm beside the temporary folder]', async function () {
    this.timeout(60_000)
    abroad = elsewhere()
    if (abroad === null) return this.skip()
    const made = bench.make('film', { 'a.bin': 3 * MiB, 'b.bin': 48 * MiB, 'c.bin': MiB }, 256 * 1024)
    const seeder = await bench.seeder(made)
    const [into, target] = [path.join(abroad, 'into'), bench.at('target')]
    const profile = bench.at('mover.json')
    const client = { torrents: [{ file: made.file, into, moveTo: target }], listen: '127.0.0.1:0' }
    const names = ['host-node', 'transport-tcp', 'storage-file', 'selector-rarest-first', 'choke-tit-for-tat']
    const plugins = [
      ...names.map(name => ({ use: `builtin:${name}` })),
      { use: 'builtin:discovery-static', config: { peers: [`127.0.0.1:${seeder.port}`] } },
      { use: 'builtin:client', config: client },
    ]
    fs.writeFileSync(profile, JSON.stringify({ node: { dataDir: './mover-state' }, plugins }))
    fs.mkdirSync(path.join(target, 'film'), { recursive: true })
    const watcher = fs.watch(path.join(target, 'film'))
    const run = new RunningCli(['start', profile, '--json'], { cwd: bench.top })
    // The second file is the one that takes long: it has begun, under a name of its own.
    await new Promise<void>(resolve => {
      watcher.on('change', () => {
        const there = fs.readdirSync(path.join(target, 'film'))
        if (there.includes('a.bin') && there.some(name => name.startsWith('.shoal-'))) resolve()
      })
    })
    run.signal('SIGKILL')
    watcher.close()
    await run.ended
    expect(fs.existsSync(path.join(target, 'film', 'b.bin')), 'it was killed before its end').to.equal(false)
    expect(same(into, made.files), 'all is still where it was').to.equal(true)

    const again = new RunningCli(['start', profile, '--json'], { cwd: bench.top })
    const lines = await again.until(/"event":"torrent"/)
    const opened = lines
      .map(line => JSON.parse(line) as Record<string, unknown>)
      .find(row => row['event'] === 'torrent')
    expect(opened).to.include({ have: made.metainfo.geometry.pieceCount })
    expect(same(target, made.files)).to.equal(true)
    expect(shape(path.join(target, 'film'))).to.deep.equal(['a.bin', 'b.bin', 'c.bin'])
    expect(shape(into)).to.deep.equal([])
    again.signal('SIGTERM')
    expect((await again.ended).code).to.equal(0)
  })
})
