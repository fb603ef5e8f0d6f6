// What a node makes of the state and the data it finds: what it believes, what it hashes, what it fetches.
import { expect } from 'chai'
import fs from 'node:fs'
import path from 'node:path'
import { Bitfield } from '../../core/base/bitfield.js'
import { createRandom } from '../../core/base/random.js'
import { decodeResume, encodeJournal, encodeResume } from '../../core/torrent/resume.js'
import { turn } from '../plugins/waiting.js'
import { CountedStorage } from './counted-storage.js'
import { runCli } from './run-cli.js'
import { SlowProxy } from './slow-proxy.js'
import { lay, piecesOnDisk, same, Workbench, type Made, type TestNode } from './workbench.js'

const PIECE = 16_384
const REST = { seedingMs: 0, complete: false, moved: null }
const PIECES = 40
const LENGTH = PIECES * PIECE - 5_000
const NOBODY = 65534

describe('a torrent that is opened again', () => {
  let bench: Workbench
  let made: Made
  let proxy: SlowProxy
  let seeder: TestNode
  let runs: number

  before(async () => {
    bench = new Workbench()
    made = bench.make('film.bin', LENGTH, PIECE)
    seeder = await bench.seeder(made)
    await seeder.event('torrent')
    proxy = await SlowProxy.to(seeder.port)
    runs = 0
  })

  after(async () => {
    proxy.close()
    await bench.close()
  })

  interface Place {
    readonly into: string
    readonly dataDir: string
    readonly file: string
    readonly resume: string
    readonly journal: string
  }

  function place(): Place {
    const into = bench.at(`into-${++runs}`)
    const dataDir = bench.at(`state-${runs}`)
    fs.mkdirSync(into)
    fs.mkdirSync(dataDir)
    const state = path.join(dataDir, made.hash)
    return { into, dataDir, file: path.join(into, 'film.bin'), resume: `${state}.resume`, journal: `${state}.journal` }
  }

  interface Outcome {
    readonly hashed: readonly number[]
    readonly fetched: readonly number[]
    /** Pieces there once it was open. */
    readonly had: unknown
    readonly warnings: readonly unknown[]
  }

  /** Runs until it is whole and says what that took. */
  async function complete({ into, dataDir }: Place): Promise<Outcome> {
    const storage = new CountedStorage()
    proxy.reset()
    const node = await bench.node({
      dataDir,
      client: { torrents: [{ file: made.file, into }] },
      peers: [proxy.address],
      without: ['storage-file'],
      given: storage.given,
    })
    const opened = await node.event('torrent')
    if (opened['have'] !== PIECES) await node.event('complete')
    await node.stop()
    await storage.close()
    const warnings = node.events.filter(event => event.event === 'warning').map(event => event['code'])
    return {
      hashed: storage.hashed.sort(ascending),
      fetched: [...proxy.served.keys()].sort(ascending),
      had: opened['have'],
      warnings,
    }
  }

  const all = range(0, PIECES)
  const bits = (pieces: readonly number[]): Bitfield => {
    const field = new Bitfield(PIECES)
    for (const piece of pieces) field.set(piece)
    return field
  }
  const putPieces = (file: string, pieces: readonly number[]): void => {
    const bytes = Buffer.alloc(LENGTH)
    for (const piece of pieces) bytes.set(made.content.subarray(piece * PIECE, (piece + 1) * PIECE), piece * PIECE)
    fs.writeFileSync(file, bytes)
  }
  const damage = (file: string, piece: number): void => {
    const fd = fs.openSync(file, 'r+')
    fs.writeSync(fd, Buffer.alloc(100, 77), 0, 100, piece * PIECE + 50)
    fs.closeSync(fd)
  }

  it('hashes nothing after a clean stop, whole or not', async () => {
    const at = place()
    const slow = await SlowProxy.to(seeder.port, 400_000)
    const first = await bench.node({
      dataDir: at.dataDir,
      client: { torrents: [{ file: made.file, into: at.into }] },
      peers: [slow.address],
    })
    await slow.passed(10 * PIECE)
    await first.stop()
    slow.close()
    const had = piecesOnDisk(at.file, made)
    expect(had.size).to.be.within(5, PIECES - 5)

    const second = await complete(at)
    expect(second.hashed).to.deep.equal([])
    expect(second.had).to.equal(had.size)
    expect(second.fetched).to.deep.equal(all.filter(piece => !had.has(piece)))
    const third = await complete(at)
    expect(third).to.deep.equal({ hashed: [], fetched: [], had: PIECES, warnings: [] })
    expect(same(at.into, made.files)).to.equal(true)
  })

  it('is left clean by a stop at any moment, and gone on with', async function () {
    this.timeout(30_000)
    const at = place()
    const random = createRandom(6)
    const slow = await SlowProxy.to(seeder.port, 1 << 20)
    let before: ReadonlySet<number> = new Set()
    for (let round = 0; round < 25; round++) {
      const storage = new CountedStorage()
      slow.reset()
      const node = await bench.node({
        dataDir: at.dataDir,
        client: { torrents: [{ file: made.file, into: at.into }] },
        peers: [slow.address],
        without: ['storage-file'],
        given: storage.given,
      })
      // Before it is open, between, or while blocks are coming.
      if (round === 0 || random.below(4) > 0) await slow.passed(1 + random.below(2 * PIECE))
      else for (let turns = random.below(200); turns > 0; turns--) await turn()
      await node.stop()
      await storage.close()
      const had = piecesOnDisk(at.file, made)
      const state = decodeResume(fs.readFileSync(at.resume), made.metainfo.infoHash, PIECES)
      if (typeof state === 'string') throw new Error(state)
      expect(state.clean, `round ${round}`).to.equal(true)
      expect(
        all.filter(piece => state.flushed.has(piece)),
        `round ${round}`,
      ).to.deep.equal([...had])
      expect(
        [...slow.served.keys()].filter(piece => before.has(piece)),
        `round ${round}`,
      ).to.deep.equal([])
      expect(storage.hashed, `round ${round}`).to.deep.equal([])
      expect(fs.readdirSync(at.dataDir), `round ${round}`).to.deep.equal([`${made.hash}.resume`])
      before = had
      if (had.size === PIECES) break
    }
    slow.close()
    await complete(at)
    expect(same(at.into, made.files)).to.equal(true)
  })

  it('after a kill trusts what was flushed, hashes what the journal names, fetches the rest', async () => {
    const at = place()
    putPieces(at.file, range(0, 20))
    damage(at.file, 12)
    const state = { flushed: bits(range(0, 10)), stamp: 'another', uploaded: 5, downloaded: 7, ...REST, clean: false }
    fs.writeFileSync(at.resume, encodeResume(state, made.metainfo.infoHash))
    // A torn last entry is passed over.
    fs.writeFileSync(at.journal, Buffer.concat([encodeJournal(range(8, 15)), Buffer.from([0, 0])]))
    const outcome = await complete(at)
    expect(outcome.hashed).to.deep.equal(range(10, 15))
    expect(outcome.had).to.equal(14)
    expect(outcome.fetched).to.deep.equal([12, ...range(15, PIECES)])
    expect(same(at.into, made.files)).to.equal(true)
  })

  it('believes nothing when files were taken away', async () => {
    const at = place()
    putPieces(at.file, all)
    fs.truncateSync(at.file, 20 * PIECE)
    const state = { flushed: bits(all), stamp: 'another', uploaded: 0, downloaded: 0, ...REST, clean: false }
    fs.writeFileSync(at.resume, encodeResume(state, made.metainfo.infoHash))
    const outcome = await complete(at)
    expect(outcome.hashed).to.deep.equal(range(0, 20))
    expect(outcome.fetched).to.deep.equal(range(20, PIECES))
  })

  it('checks all when a file was touched after a clean stop, and fetches only what is damaged', async () => {
    const at = place()
    await complete(at)
    damage(at.file, 5)
    damage(at.file, 39)
    const outcome = await complete(at)
    expect(outcome.hashed).to.deep.equal(all)
    expect(outcome.fetched).to.deep.equal([5, 39])
    expect(same(at.into, made.files)).to.equal(true)
  })

  it('keeps and uses right data that has no state', async () => {
    const at = place()
    lay(at.into, made.files)
    const outcome = await complete(at)
    expect(outcome).to.deep.equal({ hashed: all, fetched: [], had: PIECES, warnings: [] })
  })

  const strange: ReadonlyArray<readonly [what: string, put: (file: string) => void, fetched: readonly number[]]> = [
    ['no file', () => {}, all],
    ['an empty file', file => fs.writeFileSync(file, ''), all],
    ['zeros', file => fs.writeFileSync(file, Buffer.alloc(LENGTH)), all],
    ['noise', file => fs.writeFileSync(file, noise(LENGTH)), all],
    ['half of it', file => putPieces(file, range(0, 20)), range(20, PIECES)],
    ['a short file', file => fs.writeFileSync(file, made.content.subarray(0, 7 * PIECE + 9)), range(7, PIECES)],
    ['a long file', file => fs.writeFileSync(file, Buffer.concat([made.content, noise(90_000)])), []],
    ['a long file of noise', file => fs.writeFileSync(file, noise(LENGTH + 90_000)), all],
  ]
  for (const [what, put, expected] of strange) {
    it(`copes with ${what} in its place`, async () => {
      const at = place()
      put(at.file)
      const outcome = await complete(at)
      expect(outcome.fetched).to.deep.equal(expected)
      expect(fs.readFileSync(at.file).subarray(0, LENGTH).equals(made.content)).to.equal(true)
      if (expected.length > 0) expect(fs.statSync(at.file).size).to.equal(LENGTH)
    })
  }

  it('cuts no longer file before it writes', async () => {
    const at = place()
    fs.writeFileSync(at.file, noise(LENGTH + 90_000))
    const node = await bench.node({
      dataDir: at.dataDir,
      client: { torrents: [{ file: made.file, into: at.into }] },
    })
    await node.event('torrent')
    await node.stop()
    expect(fs.statSync(at.file).size).to.equal(LENGTH + 90_000)
  })

  it('names a folder that stands in the place of a file', async () => {
    const at = place()
    fs.mkdirSync(at.file)
    const node = await bench.node({
      dataDir: at.dataDir,
      client: { torrents: [{ file: made.file, into: at.into }] },
    })
    const error = await node.event('error')
    expect(error['code']).to.equal('ERR_STORAGE_PATH')
    expect(error['message']).to.contain(at.file)
  })

  it('names a file that may not be written', async () => {
    const at = place()
    fs.writeFileSync(at.file, noise(LENGTH), { mode: 0o444 })
    const user = process.getuid?.() === 0 ? { uid: NOBODY } : {}
    for (const folder of [bench.top, at.into]) fs.chmodSync(folder, 0o777)
    const outcome = await runCli(['get', made.file, '-o', at.into, '--peer', proxy.address], {
      cwd: bench.top,
      ...user,
    })
    expect(outcome.code, outcome.stderr).to.equal(3)
    expect(outcome.stderr).to.contain(at.file).and.to.contain('ERR_STORAGE_PERMISSION')
    expect(outcome.stderr, 'it must not hang while it stops').not.to.contain('ERR_PHASE_TIMEOUT')
  })

  const unusable: ReadonlyArray<readonly [what: string, spoil: (state: Buffer) => Buffer]> = [
    ['empty', () => Buffer.alloc(0)],
    ['cut at 64 bytes', state => state.subarray(0, 64)],
    ['cut by a byte', state => state.subarray(0, -1)],
    ['noise', state => noise(state.length)],
    ['of another torrent', state => otherTorrents(state)],
    ['of another version', state => withByte(state, 9, 3)],
  ]
  for (const [what, spoil] of unusable) {
    it(`sets a state aside that is ${what}, with one warning, and checks the data`, async () => {
      const at = place()
      lay(at.into, made.files)
      const state = { flushed: bits(all), stamp: 'x', uploaded: 0, downloaded: 0, ...REST, clean: false }
      const spoilt = spoil(Buffer.from(encodeResume(state, made.metainfo.infoHash)))
      fs.writeFileSync(at.resume, spoilt)
      const outcome = await complete(at)
      expect(outcome).to.deep.equal({ hashed: all, fetched: [], had: PIECES, warnings: ['ERR_CLIENT_STATE'] })
      expect(fs.readFileSync(`${at.resume}.bad`).equals(spoilt)).to.equal(true)
      const written = decodeResume(fs.readFileSync(at.resume), made.metainfo.infoHash, PIECES)
      expect(written).to.include({ clean: true })
    })
  }

  it('refuses a second node on the same state, and takes over what a dead one left', async () => {
    const at = place()
    const lock = path.join(at.dataDir, `${made.hash}.lock`)
    const wishes = { dataDir: at.dataDir, client: { torrents: [{ file: made.file, into: at.into }] } }
    const first = await bench.node(wishes)
    await first.event('torrent')
    const second = await bench.node(wishes)
    const error = await second.event('error')
    expect(error['code']).to.equal('ERR_FILE_LOCKED')
    expect(error['message']).to.contain(lock).and.to.contain(String(process.pid))
    await second.stop()
    expect(fs.existsSync(lock), 'the refused one must leave the lock').to.equal(true)
    await first.stop()
    expect(fs.existsSync(lock)).to.equal(false)

    for (const left of [JSON.stringify({ pid: 2 ** 22 + 1, start: '1' }), '', '{"pid":']) {
      fs.writeFileSync(lock, left)
      const heir = await bench.node(wishes)
      await heir.event('torrent')
      await heir.stop()
    }
  })

  function otherTorrents(state: Buffer): Buffer {
    const other = bench.make('other.bin', LENGTH, PIECE, 2)
    const decoded = decodeResume(state, made.metainfo.infoHash, PIECES)
    if (typeof decoded === 'string') throw new Error(decoded)
    return Buffer.from(encodeResume(decoded, other.metainfo.infoHash))
  }
})

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

function ascending(a: number, b: number): number {
  return a - b
}

function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  createRandom(99).fill(bytes)
  return bytes
}

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  bytes[at] = value
  return bytes
}
