import fs from 'node:fs'
import os from 'node:os'
import { rmdir } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { silentLogger } from '../../core/base/log.js'
import { Outcome } from '../../plugins/storage-file/disk-fault.js'
import { FileLayout } from '../../plugins/storage-file/file-layout.js'
import { FileStorageFactory } from '../../plugins/storage-file/file-storage-factory.js'
import plugin from '../../plugins/storage-file/index.js'
import { IoPool } from '../../plugins/storage-file/io-pool.js'
import { Storages } from '../../core/contracts/storage.js'
import { register } from '../conformance/case.js'
import { loadPlugin } from '../conformance/load-plugin.js'
import { bitsSet, readBytes, shared, StorageContent } from '../conformance/storage-content.js'
import { storageCases } from '../conformance/storage.js'
import { errorOf, FileBed } from './storage-file-bed.js'

for (const workers of [0, 2]) {
  register(
    `storage-file: contract, ${workers === 0 ? 'on the main thread' : 'in threads'}`,
    storageCases(() => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shoal-storage-'))
      const pool = new IoPool({ workers, openFiles: 16 }, silentLogger)
      return Promise.resolve({
        factory: new FileStorageFactory(pool, undefined),
        folder,
        persistent: true,
        breakWrites(content) {
          const at = path.join(folder, ...content.files.at(-1)!.path)
          fs.mkdirSync(at, { recursive: true })
          return Promise.resolve(() => rmdir(at))
        },
        async close() {
          await pool.close()
          fs.rmSync(folder, { recursive: true, force: true })
        },
      })
    }),
  )
}

describe('storage-file: layout', () => {
  const lengths = fc.array(fc.record({ length: fc.nat(50), padding: fc.boolean() }), { minLength: 1, maxLength: 30 })

  it('cuts any range into stretches that follow one another and lie in their files', () => {
    fc.assert(
      fc.property(lengths, fc.nat(1500), fc.nat(200), (files, offset, wanted) => {
        const layout = new FileLayout(files, 16)
        const length = Math.min(wanted, Math.max(0, layout.totalLength - offset))
        let done = 0
        for (const span of layout.spans(offset, length)) {
          const before = files.slice(0, span.file).reduce((sum, file) => sum + file.length, 0)
          expect(span.from).to.equal(done)
          expect(before + span.at).to.equal(offset + done)
          expect(span.length).to.be.greaterThan(0)
          expect(span.at + span.length).to.be.at.most(files[span.file]!.length)
          done += span.length
        }
        expect(done).to.equal(length)
      }),
      { seed: 1, numRuns: 500 },
    )
  })

  it('finds present exactly the pieces all of whose stored bytes are below the sizes', () => {
    const sized = fc.array(fc.record({ length: fc.nat(50), padding: fc.boolean(), size: fc.nat(60) }), { minLength: 1 })
    fc.assert(
      fc.property(sized, fc.integer({ min: 1, max: 40 }), (files, pieceLength) => {
        const layout = new FileLayout(files, pieceLength)
        const bits = layout.presentPieces(files.map(file => file.size))
        const count = Math.ceil(layout.totalLength / pieceLength)
        expect(bits.length).to.equal((count + 7) >> 3)
        for (let piece = 0; piece < bits.length * 8; piece++) {
          const start = piece * pieceLength
          const spans = layout.spans(start, Math.min(pieceLength, Math.max(0, layout.totalLength - start)))
          const there = spans.every(({ file, at, length }) => files[file]!.padding || at + length <= files[file]!.size)
          expect((bits[piece >> 3]! & (0x80 >> (piece & 7))) !== 0).to.equal(piece < count && there)
        }
      }),
      { seed: 2, numRuns: 300 },
    )
  })
})

describe('storage-file', () => {
  let bed: FileBed
  let content: StorageContent
  beforeEach(() => {
    bed = new FileBed()
    content = StorageContent.mixed(bed.folder)
  })
  afterEach(() => bed.close())

  it('is the storage named file, with its root', async () => {
    const loaded = await loadPlugin(plugin, { root: 'content', workers: 0 }, [], { folder: '/profiles' })
    expect(loaded.provided(Storages).get('file').root).to.equal('/profiles/content')
    await loaded.stop()
  })

  it('writes nothing before the first piece, then files of the right kind and size, and no padding', async () => {
    const storage = await bed.open(content.spec)
    await storage.present()
    await storage.stamp()
    await storage.flush()
    expect(bed.entries()).to.deep.equal([])
    await content.writeAll(storage)
    expect(bed.entries()).to.deep.equal(
      ['name/', 'name/a.bin', 'name/empty.txt', 'name/none', 'name/sub/', 'name/sub/deep/', 'name/sub/deep/c.bin']
        .concat('name/sub/one', 'name/z.bin')
        .sort(),
    )
    for (const file of content.files) {
      if (file.padding) continue
      const { size, mode } = fs.statSync(bed.at(...file.path))
      expect(size).to.equal(file.length)
      expect(mode & 0o777 & ~0o644, 'no more rights than 0644').to.equal(0)
    }
    expect(fs.statSync(bed.at('name')).mode & 0o022, 'no one else may write').to.equal(0)
  })

  it('makes empty files with the first piece, wherever that lies', async () => {
    const storage = await bed.open(content.spec)
    await content.write(storage, content.piece(5))
    expect(bed.entries()).to.deep.equal(['name/', 'name/empty.txt', 'name/none', 'name/z.bin'])
  })

  it('makes of files that are not wanted only those that a piece touches, and no empty ones', async () => {
    const storage = await bed.open(content.spec)
    await storage.want?.(content.files.map(file => file.path.at(-1) === 'z.bin'))
    for (const at of [3, 4, 5]) await content.write(storage, content.piece(at))
    const touched = ['name/', 'name/sub/', 'name/sub/deep/', 'name/sub/deep/c.bin', 'name/z.bin']
    expect(bed.entries()).to.deep.equal(touched)
    await storage.want?.(content.files.map(file => file.path.at(-1) === 'none'))
    expect(bed.entries(), 'no piece brings it').to.deep.equal([...touched, 'name/none'].sort())
    await storage.flush()
    fs.rmSync(bed.at('name', 'none'))
    await storage.want?.(content.files.map(() => true))
    expect(bed.entries(), 'what is made once is not made again').to.deep.equal([...touched, 'name/empty.txt'].sort())
  })

  it('makes a lone empty file that is wanted though no piece will come, and says why it cannot', async () => {
    const storage = await bed.open(content.spec)
    await storage.want?.(content.files.map(file => file.path.at(-1) === 'none'))
    expect(bed.entries()).to.deep.equal(['name/', 'name/none'])
    fs.mkdirSync(bed.at('name', 'empty.txt'))
    const all = content.files.map(() => true)
    expect(await errorOf(storage.want?.(all) ?? Promise.resolve())).to.include({ code: 'ERR_STORAGE_PATH' })
    expect(await errorOf(content.write(storage, content.piece(0)))).to.include({ code: 'ERR_STORAGE_PATH' })
    fs.rmdirSync(bed.at('name', 'empty.txt'))
    await content.write(storage, content.piece(0))
    expect(bed.entries()).to.include('name/empty.txt')
  })

  it('gives a file that is not wanted no more room than the shared pieces take, wherever in it they lie', async () => {
    const MiB = 2 ** 20
    const file = (name: string, length: number) => ({ path: ['big', name], length, padding: false })
    const big = new StorageContent(bed.folder, [file('a', 8 * MiB + 5), file('b', 3 * MiB), file('c', 8 * MiB)], 65_536)
    const storage = await bed.open(big.spec)
    await storage.want?.([false, true, false])
    for (let at = 128; at <= 176; at++) await big.write(storage, big.piece(at))
    await storage.flush()
    const room = (name: string): number => fs.statSync(bed.at('big', name)).blocks * 512
    expect(room('a')).to.be.within(0, 65_536)
    expect(room('c')).to.be.within(65_536 - 4096, 65_536 + 4096)
    expect(fs.statSync(bed.at('big', 'a')).size, 'the bytes lie where they belong').to.equal(8 * MiB + 5)
    for (let at = 128; at <= 176; at++) await big.expectPiece(storage, big.piece(at))
    await storage.want?.([true, true, true])
    await big.writeAll(storage)
    for (const piece of big.pieces) await big.expectPiece(storage, piece)
  })

  it('keeps and finds what is there already', async () => {
    fs.mkdirSync(bed.at('name'))
    const whole = Buffer.concat([content.bytes(content.piece(0)), content.bytes(content.piece(1))])
    fs.writeFileSync(bed.at('name', 'a.bin'), whole.subarray(0, 40_000))
    const storage = await bed.open(content.spec)
    expect([...(await storage.present())]).to.deep.equal([0x80])
    expect(await storage.check?.(content.piece(0), content.digest(content.piece(0)))).to.equal(true)
    expect(await storage.check?.(content.piece(1), content.digest(content.piece(1)))).to.equal(false)
    await content.expectPiece(storage, content.piece(0))
  })

  it('cuts a longer file when it is first written to, not before, and leaves the others', async () => {
    fs.mkdirSync(bed.at('name', 'sub'), { recursive: true })
    fs.writeFileSync(bed.at('name', 'a.bin'), Buffer.alloc(60_000, 1))
    fs.writeFileSync(bed.at('name', 'sub', 'one'), Buffer.alloc(60_000, 2))
    const storage = await bed.open(content.spec)
    await readBytes(storage, content.piece(0), 0, 1000)
    expect(fs.statSync(bed.at('name', 'a.bin')).size).to.equal(60_000)
    await content.write(storage, content.piece(0))
    expect(fs.statSync(bed.at('name', 'a.bin')).size).to.equal(50_000)
    expect(fs.statSync(bed.at('name', 'sub', 'one')).size).to.equal(60_000)
    expect(
      fs
        .readFileSync(bed.at('name', 'a.bin'))
        .subarray(32_768)
        .every(byte => byte === 1),
    ).to.equal(true)
  })

  it('leaves holes where nothing was written', async () => {
    const big = StorageContent.oneFile(bed.folder, 2 ** 30, 2 ** 20)
    const storage = await bed.open(big.spec)
    await big.write(storage, big.piece(1023))
    const { size, blocks } = fs.statSync(bed.at('single.bin'))
    expect(size).to.equal(2 ** 30)
    expect(blocks * 512).to.be.lessThan(2 ** 23)
  })

  it('fails the read of a file that was cut or taken away, and never makes up zeros', async () => {
    const storage = await bed.open(content.spec)
    await content.writeAll(storage)
    fs.truncateSync(bed.at('name', 'z.bin'), 60_000)
    const cut = await errorOf(readBytes(storage, content.piece(5), 0, 11_000))
    expect(cut).to.include({ code: 'ERR_STORAGE_MISSING', blame: 'operator' })
    expect(cut.message).to.include(bed.at('name', 'z.bin'))
    await storage.close()

    fs.rmSync(bed.at('name', 'a.bin'))
    const again = await bed.open(content.spec)
    expect(await errorOf(readBytes(again, content.piece(0), 0, 10))).to.include({ code: 'ERR_STORAGE_MISSING' })
    await content.expectPiece(again, content.piece(3))
    expect(await again.check?.(content.piece(0), content.digest(content.piece(0)))).to.equal(false)
    expect(bitsSet(await again.present())).to.equal(3)
  })

  it('changes its stamp when anyone touches a file', async () => {
    const storage = await bed.open(content.spec)
    await content.writeAll(storage)
    const before = await storage.stamp()
    fs.utimesSync(bed.at('name', 'sub', 'one'), 1000, 1000)
    const touched = await storage.stamp()
    expect(touched).not.to.equal(before)
    fs.rmSync(bed.at('name', 'empty.txt'))
    expect(await storage.stamp()).not.to.equal(touched)
  })

  it('removes its own files and empty folders, and nothing else', async () => {
    fs.mkdirSync(bed.at('name', 'sub'), { recursive: true })
    fs.writeFileSync(bed.at('name', 'sub', 'mine'), 'mine')
    fs.writeFileSync(bed.at('other'), 'other')
    const storage = await bed.open(content.spec)
    await content.writeAll(storage)
    await storage.remove?.()
    expect(bed.entries()).to.deep.equal(['name/', 'name/sub/', 'name/sub/mine', 'other'])
  })

  it('refuses what does not fit a piece, and memory it cannot share', async () => {
    const storage = await bed.open(content.spec)
    const piece = content.piece(5)
    const range = { code: 'ERR_STORAGE_RANGE', blame: 'defect' }
    expect(await errorOf(storage.write(piece, shared(32_768)))).to.include(range)
    expect(await errorOf(readBytes(storage, piece, 11_000, 1000))).to.include(range)
    expect(await errorOf(readBytes(storage, piece, -1, 10))).to.include(range)
    expect(await errorOf(storage.check?.(piece, new Uint8Array(21)) ?? Promise.resolve())).to.include(range)
    const own = new Uint8Array(content.spec.geometry.lengthOf(piece))
    expect(await errorOf(storage.write(piece, own))).to.include({ code: 'ERR_STORAGE_BUFFER' })
    expect(bed.entries()).to.deep.equal([])
  })

  it('says what is wrong when the folder cannot be made', async () => {
    fs.writeFileSync(bed.at('plain'), '')
    const spec = { ...content.spec, folder: bed.at('plain', 'deeper') }
    const error = await errorOf(bed.open(spec))
    expect(error).to.include({ code: 'ERR_STORAGE_IO', blame: 'operator' })
    expect(error.message).to.include(spec.folder)
  })
})

describe('storage-file: flushing', () => {
  it('keeps a second flush waiting for what the first still syncs', async () => {
    const bed = new FileBed()
    const content = StorageContent.mixed(bed.folder)
    const storage = await bed.open(content.spec)
    await content.writeAll(storage)
    const ended: string[] = []
    const first = storage.flush().then(() => ended.push('first'))
    const second = storage.flush().then(() => ended.push('second'))
    await Promise.all([first, second])
    expect(ended).to.deep.equal(['first', 'second'])
    await bed.close()
  })
})

describe('storage-file: handles', () => {
  it('keeps no more files open than it may, over a torrent of thousands of files [needs /proc]', async function () {
    if (!fs.existsSync('/proc/self/fd')) return this.skip()
    const bed = new FileBed(0, 8)
    const files = Array.from({ length: 2000 }, (_, i) => ({
      path: ['m', `${i % 10}`, `${i}`],
      length: 3,
      padding: false,
    }))
    const content = new StorageContent(bed.folder, files, 1024)
    const before = fs.readdirSync('/proc/self/fd').length
    const storage = await bed.open(content.spec)
    await content.writeAll(storage)
    for (const piece of content.pieces) await content.expectPiece(storage, piece)
    expect(fs.readdirSync('/proc/self/fd').length - before).to.be.at.most(8)
    await storage.close()
    expect(fs.readdirSync('/proc/self/fd').length - before).to.be.at.most(0)
    await bed.close()
  })
})

describe('storage-file: threads', () => {
  it('fails what a dead thread had, begins another and goes on', async () => {
    const bed = new FileBed(1)
    const content = StorageContent.mixed(bed.folder)
    const storage = await bed.open(content.spec)
    await content.write(storage, content.piece(0))
    // No path of an open torrent can hold a zero byte; a thread that meets one throws, and dies of it.
    const files = [{ path: ['\0'], length: 10, padding: false }]
    const cursed = bed.pool.enter({ root: bed.folder, files, pieceLength: 10, totalLength: 10 })
    const outcome = await new Promise(resolve => bed.pool.check(cursed, 0, 10, new Uint8Array(20), resolve))
    expect(outcome).to.equal(Outcome.Lost)
    await content.writeAll(storage)
    await content.expectPiece(storage, content.piece(4))
    await bed.close()
  })

  it('closes though a thread dies meanwhile: it has no file open any more', async () => {
    const bed = new FileBed(1)
    const content = StorageContent.mixed(bed.folder)
    const storage = await bed.open(content.spec)
    await content.writeAll(storage)
    const files = [{ path: ['\0'], length: 10, padding: false }]
    const cursed = bed.pool.enter({ root: bed.folder, files, pieceLength: 10, totalLength: 10 })
    const outcome = new Promise(resolve => bed.pool.check(cursed, 0, 10, new Uint8Array(20), resolve))
    await storage.close()
    expect(await outcome).to.equal(Outcome.Lost)
    await bed.close()
  })

  it('fails what is under way when the node stops', async () => {
    const bed = new FileBed(1)
    const content = StorageContent.mixed(bed.folder)
    const storage = await bed.open(content.spec)
    const write = errorOf(content.write(storage, content.piece(0)))
    await bed.pool.close()
    expect(await write).to.include({ code: 'ERR_STORAGE_WORKER' })
    await bed.close()
  })
})
