// What is wanted of a torrent's files: fetched, and nothing else; changed while it runs; kept for the next run.
import { expect } from 'chai'
import fs from 'node:fs'
import path from 'node:path'
import { SlowProxy } from './slow-proxy.js'
import { same, Workbench, type Made, type TestNode } from './workbench.js'

const KiB = 1024
const PIECE = 64 * KiB

/** Pieces: a 0-15, b 15-31, c 31-33, d within 33, e 33-41. */
const SIZES = {
  'a.mkv': 1_000_000,
  'sub/b.mkv': 1_050_000,
  'c.srt': 150_000,
  none: 0,
  'd.nfo': 1_000,
  'e.bin': 500_000,
}

describe('files of a torrent', function () {
  this.timeout(30_000)
  let bench: Workbench
  let made: Made
  let seeder: TestNode
  let runs = 0

  before(async () => {
    bench = new Workbench()
    made = bench.make('album', SIZES, PIECE)
    seeder = await bench.seeder(made)
    await seeder.event('torrent')
  })

  after(() => bench.close())

  interface Place {
    readonly into: string
    readonly dataDir: string
  }

  function place(): Place {
    return { into: bench.at(`into-${++runs}`), dataDir: bench.at(`state-${runs}`) }
  }

  function getter(
    at: Place,
    wishes: object = {},
    client: object = {},
    peer = `127.0.0.1:${seeder.port}`,
  ): Promise<TestNode> {
    return bench.node({
      dataDir: at.dataDir,
      client: { torrents: [{ file: made.file, into: at.into, ...wishes }], ...client },
      peers: [peer],
    })
  }

  const bytesOf = (name: string): Uint8Array =>
    made.files.find(file => file.path.join('/') === `album/${name}`)?.bytes ?? new Uint8Array(0)
  const right = (at: Place, ...names: string[]): boolean =>
    same(
      at.into,
      names.map(name => ({ path: ['album', ...name.split('/')], bytes: bytesOf(name) })),
    )
  /** Every file below, with the bytes it takes on the disk. */
  function onDisk(at: Place, below = ''): Record<string, number> {
    const found: Record<string, number> = {}
    for (const entry of fs.readdirSync(path.join(at.into, 'album', below), { withFileTypes: true })) {
      const name = path.join(below, entry.name)
      if (entry.isDirectory()) Object.assign(found, onDisk(at, name))
      else found[name] = fs.statSync(path.join(at.into, 'album', name)).blocks * 512
    }
    return found
  }

  it('are fetched as asked for, and of the others only what shared pieces bring lies on the disk', async () => {
    const at = place()
    const node = await getter(at, { files: ['sub/*'] })
    const complete = await node.event('complete')
    expect(complete['bytes']).to.equal(17 * PIECE)
    expect(right(at, 'sub/b.mkv')).to.equal(true)
    const room = onDisk(at)
    expect(Object.keys(room).sort(), 'no file that no piece touches').to.deep.equal(['a.mkv', 'c.srt', 'sub/b.mkv'])
    // A piece, and what the file system rounds up.
    expect(room['a.mkv']).to.be.below(2 * PIECE)
    expect(room['c.srt']).to.be.below(2 * PIECE)
    const [snapshot] = node.api.snapshot().torrents
    expect(snapshot).to.include({ wanted: 17, bytesWanted: 17 * PIECE, bytesLeft: 0, have: 17, phase: 'running' })
    expect(await node.api.files(made.hash)).to.deep.equal([
      { path: 'album/a.mkv', length: 1_000_000, priority: 0, bytesDone: 1_000_000 - 15 * PIECE },
      { path: 'album/sub/b.mkv', length: 1_050_000, priority: 4, bytesDone: 1_050_000 },
      { path: 'album/c.srt', length: 150_000, priority: 0, bytesDone: 32 * PIECE - 2_050_000 },
      { path: 'album/none', length: 0, priority: 0, bytesDone: 0 },
      { path: 'album/d.nfo', length: 1_000, priority: 0, bytesDone: 0 },
      { path: 'album/e.bin', length: 500_000, priority: 0, bytesDone: 0 },
    ])
    await node.stop()
  })

  it('are known after a restart without a hash, also where most of them are not there', async () => {
    const at = place()
    const wishes = { files: [3, 'none'] }
    const first = await getter(at, wishes)
    await first.event('complete')
    expect(Object.keys(onDisk(at)).sort()).to.deep.equal(['c.srt', 'd.nfo', 'e.bin', 'none', 'sub/b.mkv'])
    await first.stop()
    const again = await getter(at, wishes)
    expect(await again.event('torrent')).to.include({ bytesLeft: 0, have: 3 })
    expect(again.count('complete')).to.equal(0)
    expect(right(at, 'c.srt', 'none')).to.equal(true)
    await again.stop()
  })

  it('are chosen while it runs, also when all that was wanted is here; the choice outlives the node', async () => {
    const at = place()
    const wishes = { files: ['d.nfo'] }
    const node = await getter(at, wishes)
    await node.event('complete')
    await node.api.prioritize(made.hash, { 'c.srt': 'high', none: 'normal', 'd.nfo': 'skip' })
    await until(() => node.count('complete') === 2)
    expect(right(at, 'c.srt', 'none', 'd.nfo'), 'what was there stays').to.equal(true)
    expect((await node.api.files(made.hash)).map(file => file.priority)).to.deep.equal([0, 0, 6, 4, 0, 0])
    await node.stop()
    const again = await getter(at, wishes)
    expect(await again.event('torrent')).to.include({ bytesLeft: 0, have: 3 })
    expect((await again.api.files(made.hash)).map(file => file.priority)).to.deep.equal([0, 0, 6, 4, 0, 0])
    await again.api.prioritize(made.hash, { '*': 4 })
    await again.event('complete')
    expect(same(at.into, made.files)).to.equal(true)
    await again.stop()
    const other = await getter(at, { files: ['a.mkv'] })
    await other.event('torrent')
    const asked = (await other.api.files(made.hash)).map(file => file.priority)
    expect(asked, 'the profile asks for something else by now').to.deep.equal([4, 0, 0, 0, 0, 0])
    await other.stop()
  })

  it('are chosen while it is paused, too, and when the choice is taken back nothing is remembered', async () => {
    const at = place()
    const node = await getter(at, { files: [] })
    await node.event('torrent')
    expect(fs.readdirSync(at.into), 'nothing was wanted').to.deep.equal([])
    await node.api.pause(made.hash)
    await node.api.prioritize(made.hash, { 'd.nfo': 'high' })
    const state = path.join(at.dataDir, `${made.hash}.files`)
    expect([fs.existsSync(state), node.api.snapshot().torrents[0]?.bytesLeft]).to.deep.equal([true, PIECE])
    await node.api.resume(made.hash)
    await node.event('complete')
    expect(right(at, 'd.nfo')).to.equal(true)
    await node.api.prioritize(made.hash, { 'd.nfo': 0 })
    expect(fs.existsSync(state)).to.equal(false)
    await node.api.setFirstAndLast(made.hash, true)
    expect(fs.existsSync(state)).to.equal(true)
    await node.api.remove(made.hash, { deleteData: true })
    expect([fs.readdirSync(at.into), fs.existsSync(state)]).to.deep.equal([[], false])
    await node.stop()
  })

  it('have their place in the queue: what is whole by what is wanted seeds, and downloads again when more is', async () => {
    const at = place()
    const wishes = { files: ['c.srt'] }
    const node = await getter(at, { ...wishes, seedGoal: { ratio: 0 } })
    await node.event('complete')
    await until(() => node.api.snapshot().torrents[0]?.phase === 'finished')
    await node.stop()
    const again = await getter(at, { ...wishes, seedGoal: { ratio: 0 } })
    await until(() => again.api.snapshot().torrents[0]?.phase === 'finished')
    expect(again.api.snapshot().torrents[0]).to.include({ wanted: 3, bytesLeft: 0, have: 3 })
    expect((await again.api.files(made.hash))[2]).to.include({ priority: 4, bytesDone: 150_000 })
    await again.api.prioritize(made.hash, { 'e.bin': 'low' })
    await again.event('complete')
    expect(right(at, 'c.srt', 'e.bin')).to.equal(true)
    await until(() => again.api.snapshot().torrents[0]?.phase === 'finished')
    await again.stop()
    const other = await getter(at, { files: ['c.srt', 'd.nfo', 'a.mkv'], seedGoal: { ratio: 0 } })
    await other.event('complete')
    expect(right(at, 'a.mkv'), 'what the profile asks for now is looked at before the goal').to.equal(true)
    await other.stop()
  })

  it('move to another folder as far as they are there, and what is chosen afterwards comes there', async () => {
    const at = place()
    const moveTo = bench.at(`moved-${runs}`)
    const wishes = { files: ['c.srt'], moveTo }
    const node = await getter(at, wishes)
    await node.event('complete')
    await until(() => node.api.snapshot().torrents[0]?.folder === moveTo)
    await until(() => node.api.snapshot().torrents[0]?.phase === 'running')
    await node.api.prioritize(made.hash, { none: 'normal', 'd.nfo': 'low' })
    await until(() => node.api.snapshot().torrents[0]?.bytesLeft === 0)
    const there = { into: moveTo, dataDir: at.dataDir }
    expect(Object.keys(onDisk(there)).sort()).to.deep.equal(['c.srt', 'd.nfo', 'e.bin', 'none', 'sub/b.mkv'])
    expect(right(there, 'c.srt', 'd.nfo', 'none')).to.equal(true)
    expect(fs.existsSync(path.join(at.into, 'album'))).to.equal(false)
    await node.stop()
  })

  it('are given up in the middle, and leave the torrent complete', async () => {
    const at = place()
    const slow = await SlowProxy.to(seeder.port, 512 * KiB)
    const node = await getter(at, {}, {}, slow.address)
    await slow.passed(100 * KiB)
    await node.api.prioritize(made.hash, { '**': 'skip', 'c.srt': 'normal' })
    await node.event('complete')
    expect(right(at, 'c.srt')).to.equal(true)
    const [snapshot] = node.api.snapshot().torrents
    expect(snapshot?.have).to.be.below(made.metainfo.geometry.pieceCount / 2)
    await node.stop()
    slow.close()
  })

  it('come in the order of priority, first and last pieces before all', async () => {
    const at = place()
    const slow = await SlowProxy.to(seeder.port, 2048 * KiB)
    const wishes = { priorities: { 'e.bin': 'high', 'a.mkv': 'low' }, firstAndLast: true }
    const node = await getter(at, wishes, { selector: 'rarest-first' }, slow.address)
    await node.event('complete')
    const order = [...slow.served.keys()]
    const edges = new Set([0, 15, 31, 33, 41])
    // Asked for at the very first, while others may be under way by the word of the peer (BEP 6) only once.
    const late = [...edges].map(piece => order.indexOf(piece))
    expect(Math.max(...late)).to.be.below(10)
    const place7 = (piece: number): number => order.indexOf(piece)
    expect(Math.max(...[34, 35, 36, 37, 38, 39, 40].map(place7))).to.be.below(Math.min(...[4, 5, 6, 7, 8].map(place7)))
    expect(same(at.into, made.files)).to.equal(true)
    await node.stop()
    slow.close()
  })

  it('are named by patterns that fit nothing only for all torrents at once', async () => {
    const at = place()
    const node = await getter(at, {}, { priorities: { '*.nfo': 'skip', '*.exe': 'skip' }, firstAndLast: true })
    await node.event('complete')
    expect((await node.api.files(made.hash)).map(file => file.priority)).to.deep.equal([4, 4, 4, 4, 0, 4])
    const refused = async (work: Promise<unknown>): Promise<unknown> =>
      work.then(
        () => null,
        (error: unknown) => error,
      )
    const wrong = await refused(node.api.prioritize(made.hash, { 'b.mk': 'low' }))
    expect(wrong).to.include({ code: 'ERR_CLIENT_FILES', blame: 'operator' })
    expect(wrong)
      .to.have.property('message')
      .that.includes('album: no file is called "b.mk"; there are 6 files, numbered 1 to 6: ')
    expect(wrong).to.have.property('message').that.includes('2 album/sub/b.mkv')
    expect(await refused(node.api.prioritize(made.hash, { 1: 9 }))).to.include({ code: 'ERR_CLIENT_FILES' })
    expect((await node.api.files(made.hash)).map(file => file.priority)).to.deep.equal([4, 4, 4, 4, 0, 4])
    await node.stop()
    const absent = await getter(place(), { files: ['*.exe'] })
    expect(await absent.event('error')).to.include({ code: 'ERR_CLIENT_FILES', blame: 'operator' })
    await absent.stop()
  })

  it('are asked for of a torrent that is added, numbers before patterns', async () => {
    const at = place()
    const node = await bench.node({ dataDir: at.dataDir, client: {}, peers: [`127.0.0.1:${seeder.port}`] })
    await node.api.add(
      { torrent: made.torrent },
      { into: at.into, files: ['3-5'], priorities: { 3: 'high', '*': 'low', '1-': 2 } },
    )
    await node.event('complete')
    expect((await node.api.files(made.hash)).map(file => file.priority)).to.deep.equal([0, 0, 2, 2, 2, 0])
    expect(right(at, 'c.srt', 'none', 'd.nfo')).to.equal(true)
    await node.stop()
  })

  for (const [what, spoil] of [
    ['empty', () => new Uint8Array(0)],
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 9)],
    ['no choice at all', () => Buffer.from('{"wishes":[4]}')],
    [
      'of another torrent',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, bytes.length - 30), Buffer.alloc(30, 1)]),
    ],
    ['of more files', (bytes: Buffer) => Buffer.from(bytes.toString('latin1').replaceAll('6:', '7:\u0004'), 'latin1')],
  ] as const) {
    it(`are wanted as the profile says where a kept choice is ${what}; it is set aside with one warning`, async () => {
      const at = place()
      const first = await getter(at, { files: ['d.nfo'] })
      await first.event('complete')
      await first.api.prioritize(made.hash, { 'a.mkv': 'low' })
      await first.stop()
      const state = path.join(at.dataDir, `${made.hash}.files`)
      fs.writeFileSync(state, spoil(fs.readFileSync(state)))
      const node = await getter(at, { files: ['d.nfo'] })
      await node.event('torrent')
      expect(node.count('warning', 'ERR_CLIENT_STATE')).to.equal(1)
      expect(fs.existsSync(`${state}.bad`)).to.equal(true)
      expect((await node.api.files(made.hash)).map(file => file.priority)).to.deep.equal([0, 0, 0, 0, 4, 0])
      await node.stop()
    })
  }

  it('are few of ten thousand: only what is needed is made', async () => {
    const many = bench.make(
      'many',
      Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`d${i % 50}/${i}`, 1 + (i % 400)])),
      16 * KiB,
    )
    const source = await bench.seeder(many, 'many')
    await source.event('torrent')
    const into = bench.at('few')
    const node = await bench.node({
      dataDir: bench.at('few-state'),
      client: { torrents: [{ file: many.file, into, files: ['1', '5000', '10000'] }] },
      peers: [`127.0.0.1:${source.port}`],
    })
    await node.event('complete')
    expect(node.api.snapshot().torrents[0]?.have).to.equal(3)
    const made = fs.readdirSync(path.join(into, 'many'), { recursive: true, withFileTypes: true })
    const files = made.filter(entry => entry.isFile()).length
    // Three pieces, each of some eighty files.
    expect(files).to.be.within(100, 1_000)
    expect(
      same(
        into,
        [0, 4999, 9999].map(i => many.files[i]!),
      ),
    ).to.equal(true)
    await Promise.all([node.stop(), source.stop()])
  })

  async function until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise(resolve => setImmediate(resolve))
  }
})
