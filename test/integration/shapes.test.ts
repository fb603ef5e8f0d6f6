// Torrents of unusual shape from one node to another: very many files, very large pieces, very far offsets.
import { expect } from 'chai'
import fs from 'node:fs'
import { StorageContent } from '../conformance/storage-content.js'
import { FileBed } from '../plugins/storage-file-bed.js'
import { same, Workbench } from './workbench.js'

const MIB = 2 ** 20

describe('torrents of unusual shape', function () {
  this.timeout(60_000)
  let bench: Workbench

  beforeEach(() => {
    bench = new Workbench()
  })

  afterEach(() => bench.close())

  it('go over with more than a thousand files, few of them open at a time [open files need /proc]', async () => {
    const OPEN = 8
    const sizes: Record<string, number> = {}
    // Some without bytes, some at the end of long and deep paths, up to a hundred in one piece.
    const deep = Array.from({ length: 30 }, (_, i) => `folder-${i}`).join('/')
    for (let i = 0; i < 1500; i++) sizes[`${i % 20}/${i % 7}/${i}`] = i % 10 === 0 ? 0 : 700
    sizes[`${deep}/${'long'.repeat(60)}`] = 40_000
    const made = bench.make('many', sizes, 65_536)
    const seeder = await bench.node({
      dataDir: bench.at('seeder-state'),
      client: { torrents: [{ file: made.file, into: made.origin }] },
      plugins: [{ use: 'builtin:storage-file', config: { openFiles: OPEN, workers: 1 } }],
    })
    await seeder.event('torrent')
    const into = bench.at('into')
    let most = 0
    const look = setInterval(() => (most = Math.max(most, openBelow(into), openBelow(made.origin))), 1)
    const leecher = await bench.node({
      dataDir: bench.at('leecher-state'),
      client: { torrents: [{ file: made.file, into }] },
      peers: [`127.0.0.1:${seeder.port}`],
      plugins: [{ use: 'builtin:storage-file', config: { openFiles: OPEN, workers: 1 } }],
    })
    await leecher.event('complete')
    clearInterval(look)
    expect(same(into, made.files)).to.equal(true)
    // Two more while what was written is made durable, and the folder of one of them.
    expect(most).to.be.at.most(OPEN + 4)
    if (fs.existsSync('/proc/self/fd')) expect(most).to.be.greaterThan(0)
  })

  it('go over in pieces of 16 MiB, more of them than the memory holds', async () => {
    const made = bench.make('large', 80 * MIB + 5, 16 * MIB)
    const seeder = await bench.seeder(made)
    await seeder.event('torrent')
    const into = bench.at('into')
    const leecher = await bench.node({
      dataDir: bench.at('leecher-state'),
      client: { torrents: [{ file: made.file, into }], bufferMiB: 40 },
      peers: [`127.0.0.1:${seeder.port}`],
    })
    await leecher.event('complete')
    expect(same(into, made.files)).to.equal(true)
  })

  it('are written, read and hashed beyond 4 GiB in one file, and take no room where nothing is', async () => {
    const bed = new FileBed(1)
    try {
      const content = StorageContent.oneFile(bed.folder, 5 * 1024 * MIB + 16_384, MIB)
      const storage = await bed.open(content.spec)
      const last = content.piece(5120)
      for (const piece of [content.piece(4095), content.piece(4096), content.piece(5119), last]) {
        await content.write(storage, piece)
        await content.expectPiece(storage, piece)
        expect(await storage.check?.(piece, content.digest(piece))).to.equal(true)
      }
      const { size, blocks } = fs.statSync(bed.at('single.bin'))
      expect(size).to.equal(content.spec.geometry.totalLength)
      expect(blocks * 512).to.be.lessThan(16 * MIB)
      const tail = Buffer.alloc(16_384)
      const file = fs.openSync(bed.at('single.bin'), 'r')
      fs.readSync(file, tail, 0, tail.length, 5 * 1024 * MIB)
      fs.closeSync(file)
      expect(tail.equals(content.bytes(last))).to.equal(true)
    } finally {
      await bed.close()
    }
  })
})

/** Files of this process that are open below a folder. */
function openBelow(folder: string): number {
  if (!fs.existsSync('/proc/self/fd')) return 0
  return fs.readdirSync('/proc/self/fd').filter(fd => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder)
    } catch {
      return false
    }
  }).length
}
