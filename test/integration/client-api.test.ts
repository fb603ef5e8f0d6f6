// What a program may order a node to do, over real sockets and files.
import { expect } from 'chai'
import fs from 'node:fs'
import path from 'node:path'
import { NodeError } from '../../core/base/errors.js'
import type { TorrentSnapshot } from '../../core/contracts/node-api.js'
import { createRandom } from '../../core/base/random.js'
import { piecesOnDisk, same, Workbench, type Made, type TestNode } from './workbench.js'
import { SlowProxy } from './slow-proxy.js'
import { turn, until } from '../plugins/waiting.js'

const MiB = 1 << 20

describe('NodeApi', () => {
  let bench: Workbench

  beforeEach(() => {
    bench = new Workbench()
  })

  afterEach(() => bench.close())

  const leecher = (name: string, peers: readonly string[], client: object = {}): Promise<TestNode> =>
    bench.node({ dataDir: bench.at(`${name}-state`), client: { ...client }, peers })

  async function seederOf(...made: readonly Made[]): Promise<{ readonly node: TestNode; readonly at: string }> {
    const node = await bench.node({
      dataDir: bench.at('seeder-state'),
      client: { torrents: made.map(one => ({ file: one.file, into: one.origin })) },
    })
    for (const one of made)
      await until(() => node.api.snapshot().torrents.some(t => t.infoHash === one.hash && t.phase === 'running'))
    return { node, at: `127.0.0.1:${node.port}` }
  }

  it('adds a torrent by its bytes, another by its path, and works on both at once', async () => {
    const one = bench.make('one.bin', 700_000, 16_384, 1)
    const two = bench.make('two', { a: 300_000, 'b/c': 400_001 }, 32_768, 2)
    const seeder = await seederOf(one, two)
    const node = await leecher('leecher', [seeder.at])
    const into = bench.at('into')
    const hashes = await Promise.all([
      node.api.add({ torrent: one.torrent }, { into }),
      node.api.add({ path: two.file }, { into }),
    ])
    expect(hashes).to.deep.equal([one.hash, two.hash])
    await until(() => node.count('complete') === 2)
    expect(same(into, one.files) && same(into, two.files)).to.equal(true)
    for (const made of [one, two]) {
      const told = node.events.filter(event => event['infoHash'] === made.hash).map(event => event.event)
      expect(told).to.deep.equal(['torrent', 'complete'])
    }
    // They stand in the order they were opened in, which is either.
    const [first, second] = [one, two].map(made => listed(node, made))
    expect(first).to.include({ name: 'one.bin', phase: 'running', files: 1 })
    expect(first).to.include({ have: 43, pieces: 43, bytes: 700_000, bytesDone: 700_000, downloaded: 700_000 })
    expect(second).to.include({ name: 'two', files: 2, file: two.file })
    expect(listed(seeder.node, one)?.uploaded).to.be.at.least(700_000)
  })

  it('refuses what it has already, what is unknown, what is no torrent, and one of version 2 alone', async () => {
    const made = bench.make('one.bin', 100_000, 16_384)
    const node = await leecher('leecher', [])
    await node.api.add({ torrent: made.torrent }, { into: bench.at('into') })
    expect(await codeOf(node.api.add({ torrent: made.torrent }))).to.equal('ERR_CLIENT_TWICE')
    expect(await codeOf(node.api.add({ path: made.file }))).to.equal('ERR_CLIENT_TWICE')
    expect(await codeOf(node.api.add({ path: bench.at('absent') }))).to.equal('ERR_CLIENT_NO_TORRENT')
    expect(await codeOf(node.api.add({ torrent: new TextEncoder().encode('nonsense') }))).to.match(
      /^ERR_(METAINFO|BENCODE)/,
    )
    expect(await codeOf(node.api.add({ torrent: new TextEncoder().encode(VERSION_2) }))).to.equal(
      'ERR_METAINFO_V2_ONLY',
    )
    for (const order of [node.api.pause, node.api.resume, node.api.remove]) {
      expect(await codeOf(order.call(node.api, 'f'.repeat(40)))).to.equal('ERR_CLIENT_UNKNOWN')
      expect(await codeOf(order.call(node.api, 'no hash'))).to.equal('ERR_CLIENT_UNKNOWN')
    }
    expect(node.api.snapshot().torrents).to.have.length(1)
  })

  it('pauses and goes on where it was, with its peers', async () => {
    const made = bench.make('film.bin', 2 * MiB, 16_384)
    const seeder = await seederOf(made)
    const proxy = await SlowProxy.to(seeder.node.port, MiB)
    const into = bench.at('into')
    const node = await leecher('leecher', [proxy.address], { torrents: [{ file: made.file, into }] })
    await proxy.passed(MiB / 2)
    await node.api.pause(made.hash)
    await node.api.pause(made.hash)
    const paused = node.api.snapshot().torrents[0]
    expect(paused).to.include({ phase: 'paused', peers: 0, down: 0 })
    const had = piecesOnDisk(path.join(into, 'film.bin'), made)
    expect(had.size).to.be.within(10, 120)
    expect(paused).to.include({ have: had.size, bytesDone: had.size * 16_384 })
    expect(paused?.downloaded).to.be.within(16_384, had.size * 16_384)
    proxy.reset()
    await node.api.resume(made.hash)
    await node.api.resume(made.hash)
    expect(node.events.at(-1)).to.include({ event: 'torrent', have: had.size })
    await node.event('complete')
    expect([...proxy.served.keys()].filter(piece => had.has(piece))).to.deep.equal([])
    expect(same(into, made.files)).to.equal(true)
    proxy.close()
  })

  it('adds a torrent that waits until it is told to go on', async () => {
    const made = bench.make('one.bin', 100_000, 16_384)
    const seeder = await seederOf(made)
    const node = await leecher('leecher', [seeder.at])
    await node.api.add({ torrent: made.torrent }, { into: bench.at('into'), paused: true })
    expect(node.api.snapshot().torrents[0]).to.include({ phase: 'paused', have: 0 })
    expect(node.events, 'it is not at work').to.deep.equal([
      { event: 'state', infoHash: made.hash, name: 'one.bin', phase: 'paused' },
    ])
    await node.api.resume(made.hash)
    await node.event('complete')
  })

  it('forgets a torrent, and deletes its content only if asked', async () => {
    const made = bench.make('two', { a: 30_000, 'b/c': 40_000, 'b/d': 0 }, 16_384)
    const seeder = await seederOf(made)
    const node = await leecher('leecher', [seeder.at])
    const into = bench.at('into')
    const state = bench.at('leecher-state')
    await node.api.add({ torrent: made.torrent }, { into })
    await node.event('complete')
    fs.writeFileSync(path.join(into, 'two', 'b', 'mine'), 'not of the torrent')
    await node.api.remove(made.hash)
    expect(node.api.snapshot().torrents).to.deep.equal([])
    expect(same(into, made.files)).to.equal(true)
    expect(fs.readdirSync(state)).to.deep.equal([])
    expect(await codeOf(node.api.resume(made.hash))).to.equal('ERR_CLIENT_UNKNOWN')

    await node.api.add({ torrent: made.torrent }, { into })
    expect(node.api.snapshot().torrents[0]).to.include({ have: 5 })
    await node.api.remove(made.hash, { deleteData: true })
    expect(fs.readdirSync(into, { recursive: true }).map(String).sort()).to.deep.equal(['two', 'two/b', 'two/b/mine'])
    expect(fs.readdirSync(state)).to.deep.equal([])
  })

  it('removes a torrent in the middle of its download', async () => {
    const made = bench.make('film.bin', 2 * MiB, 16_384)
    const seeder = await seederOf(made)
    const proxy = await SlowProxy.to(seeder.node.port, MiB)
    const into = bench.at('into')
    const node = await leecher('leecher', [proxy.address], { torrents: [{ file: made.file, into }] })
    await proxy.passed(MiB / 4)
    await node.api.remove(made.hash, { deleteData: true })
    expect(fs.readdirSync(into)).to.deep.equal([])
    expect(fs.readdirSync(bench.at('leecher-state'))).to.deep.equal([])
    expect(node.count('error')).to.equal(0)
    proxy.close()
  })

  it('takes orders in any order, also while others are carried out', async () => {
    const random = createRandom(8)
    const all = [1, 2, 3].map(seed => bench.make(`film-${seed}.bin`, 40 * 16_384, 16_384, seed))
    const seeder = await seederOf(...all)
    const proxy = await SlowProxy.to(seeder.node.port, 2 * MiB)
    const node = await leecher('leecher', [proxy.address])
    const into = bench.at('into')
    const refusals = new Set<string>()
    const orders: Promise<void>[] = []
    const order = (work: Promise<unknown>): void => {
      orders.push(
        work.then(
          () => {},
          (error: unknown) => void refusals.add(NodeError.is(error) ? error.code : String(error)),
        ),
      )
    }
    for (let step = 0; step < 120; step++) {
      const made = all[random.below(3)]
      if (made === undefined) continue
      const what = random.below(8)
      if (what < 3) order(node.api.add({ torrent: made.torrent }, { into, paused: what === 0 }))
      else if (what < 5) order(node.api.pause(made.hash))
      else if (what < 7) order(node.api.resume(made.hash))
      else order(node.api.remove(made.hash, { deleteData: random.below(2) === 0 }))
      for (let turns = random.below(30); turns > 0; turns--) await turn()
    }
    await Promise.all(orders)
    expect([...refusals].filter(code => code !== 'ERR_CLIENT_TWICE' && code !== 'ERR_CLIENT_UNKNOWN')).to.deep.equal([])
    for (const made of all) {
      const known = node.api.snapshot().torrents.some(torrent => torrent.infoHash === made.hash)
      await (known ? node.api.resume(made.hash) : node.api.add({ torrent: made.torrent }, { into }))
    }
    await until(() => node.api.snapshot().torrents.filter(torrent => torrent.have === torrent.pieces).length === 3)
    for (const made of all) expect(same(into, made.files), made.metainfo.name).to.equal(true)
    expect(node.events.filter(event => event.event === 'error' || event.event === 'warning')).to.deep.equal([])
    await node.stop()
    expect(fs.readdirSync(bench.at('leecher-state')).sort()).to.deep.equal(
      all.map(made => `${made.hash}.resume`).sort(),
    )
    proxy.close()
  }).timeout(30_000)

  it('closes many torrents at once without a word of the runtime about leaks', async () => {
    const all = Array.from({ length: 24 }, (_, i) => bench.make(`${i}.bin`, 20_000, 16_384, i))
    const warned: string[] = []
    const listen = (warning: Error): void => void warned.push(warning.message)
    process.on('warning', listen)
    const { node } = await seederOf(...all)
    await node.stop()
    await turn()
    process.off('warning', listen)
    expect(warned).to.deep.equal([])
  })

  it('downloads files of all sizes: none, one byte, across pieces, and a short last piece', async () => {
    const sizes = { 'a/none': 0, b: 1, c: 16_384, 'd/e/f': 50_001, none: 0, g: 2, h: 70_000, z: 0 }
    const made = bench.make('album', sizes, 16_384)
    const seeder = await seederOf(made)
    const into = bench.at('into')
    const node = await leecher('leecher', [seeder.at], { torrents: [{ file: made.file, into }] })
    await node.event('complete')
    expect(same(into, made.files)).to.equal(true)
  })

  for (const pieceLength of [16_384, 65_536, MiB, 4 * MiB, 16 * MiB]) {
    it(`downloads pieces of ${pieceLength / 1024} KiB`, async () => {
      const made = bench.make('film.bin', Math.max(pieceLength * 2, MiB) + 12_345, pieceLength)
      const seeder = await seederOf(made)
      const into = bench.at('into')
      const node = await leecher('leecher', [seeder.at], { torrents: [{ file: made.file, into }] })
      await node.event('complete')
      expect(same(into, made.files)).to.equal(true)
    })
  }

  it('names the option when a piece does not fit the buffer, and what is enough is enough', async () => {
    const made = bench.make('film.bin', 9 * MiB, 4 * MiB)
    const seeder = await seederOf(made)
    const into = bench.at('into')
    const small = await leecher('small', [seeder.at], { torrents: [{ file: made.file, into }], bufferMiB: 7 })
    const error = await small.event('error')
    expect(error).to.include({ code: 'ERR_TORRENT_BUFFER', infoHash: made.hash })
    const enough = Number(/client\.bufferMiB to (\d+)/.exec(String(error['message']))?.[1])
    expect(small.api.snapshot().torrents[0]).to.include({ phase: 'failed' })
    const large = await leecher('large', [seeder.at], { torrents: [{ file: made.file, into }], bufferMiB: enough })
    await large.event('complete')
    expect(same(into, made.files)).to.equal(true)
  })

  it('takes the next free port where it may, and refuses a port in use where it may not', async () => {
    const first = await leecher('first', [], { listen: '127.0.0.1:0' })
    const listen = `127.0.0.1:${first.port}`
    const second = await leecher('second', [], { listen, morePorts: 8 })
    expect(second.port).to.be.within(first.port + 1, first.port + 8)
    expect(await codeOf(leecher('third', [], { listen }))).to.equal('ERR_TRANSPORT_LISTEN')
  })

  it('tries a failed torrent again when it is added again', async () => {
    const made = bench.make('one.bin', 100_000, 16_384)
    const seeder = await seederOf(made)
    const into = bench.at('into')
    fs.mkdirSync(path.join(into, 'one.bin'), { recursive: true })
    const node = await leecher('leecher', [seeder.at])
    expect(await codeOf(node.api.add({ torrent: made.torrent }, { into }))).to.equal('ERR_STORAGE_PATH')
    expect(node.api.snapshot().torrents[0]).to.deep.include({ phase: 'failed', peers: 0 })
    fs.rmdirSync(path.join(into, 'one.bin'))
    await node.api.add({ torrent: made.torrent }, { into })
    await node.event('complete')
    expect(same(into, made.files)).to.equal(true)
  })
})

const VERSION_2 =
  'd4:infod9:file treed1:ad0:d6:lengthi3e11:pieces root32:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxeee12:meta versioni2e4:name1:a12:piece lengthi16384eee'

const listed = (node: TestNode, { hash }: Made): TorrentSnapshot | undefined =>
  node.api.snapshot().torrents.find(torrent => torrent.infoHash === hash)

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  )
  return NodeError.is(error) ? error.code : `no NodeError: ${String(error)}`
}
