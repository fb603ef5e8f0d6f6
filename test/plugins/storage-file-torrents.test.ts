// Torrents made by others, hostile ones among them: whatever their paths say, nothing is written outside the folder.
import fs from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import type { StorageSpec } from '../../core/contracts/storage.js'
import { parseMetainfo, type Metainfo } from '../../core/protocol/metainfo.js'
import { shared } from '../conformance/storage-content.js'
import { FileBed } from './storage-file-bed.js'

const folder = path.join(process.env['SHOAL_FIXTURES'] ?? path.join('..', 'shared', 'fixtures'), 'libtorrent')
const there = fs.existsSync(folder)
/** Enough to make files everywhere; some torrents declare terabytes. */
const PIECES_WRITTEN = 64
const LARGEST_PIECE = 2 ** 24

/** null: refused, not to be transferred, or not a .torrent. */
function parsed(name: string): Metainfo | null {
  try {
    const metainfo = parseMetainfo(fs.readFileSync(path.join(folder, name)))
    return metainfo.kind === 'v2' || metainfo.geometry.pieceLength > LARGEST_PIECE ? null : metainfo
  } catch {
    return null
  }
}

/** Everything below a folder but what lies in `except`: path, kind, size. */
function everything(top: string, except: string): string[] {
  return fs
    .readdirSync(top, { recursive: true, withFileTypes: true })
    .map(entry => ({ entry, at: path.join(entry.parentPath, entry.name) }))
    .filter(({ at }) => at !== except && !at.startsWith(except + path.sep))
    .map(({ entry, at }) => `${at} ${entry.isDirectory()} ${fs.lstatSync(at).size}`)
    .sort()
}

describe(`storage-file: torrents of others${there ? '' : ' [needs the fixtures folder]'}`, () => {
  let bed: FileBed
  before(function () {
    if (!there) this.skip()
  })
  beforeEach(() => {
    bed = new FileBed()
    fs.mkdirSync(path.join(bed.top, 'beside'))
    fs.writeFileSync(path.join(bed.top, 'beside', 'file'), 'as it was')
  })
  afterEach(() => bed.close())

  const names = there ? fs.readdirSync(folder).filter(name => parsed(name) !== null) : []

  it('gets enough of them to mean something', () => {
    expect(names.length).to.be.greaterThan(40)
  })

  for (const name of names) {
    it(`writes ${name} nowhere but in its folder`, async () => {
      const metainfo = parsed(name)
      if (metainfo === null) throw new Error('it was read before')
      const before = everything(bed.top, bed.folder)
      const { geometry, files, infoHash } = metainfo
      const spec: StorageSpec = { folder: bed.folder, infoHash, geometry, files }
      const storage = await bed.open(spec)
      const step = Math.max(1, Math.floor(geometry.pieceCount / PIECES_WRITTEN))
      for (let raw = 0; raw < geometry.pieceCount; raw += step) {
        const piece = geometry.piece(raw)
        if (piece !== -1) await storage.write(piece, shared(geometry.lengthOf(piece)))
      }
      expect(everything(bed.top, bed.folder)).to.deep.equal(before)
      const made = fs.readdirSync(bed.folder, { recursive: true, withFileTypes: true })
      expect(made.every(entry => entry.isFile() || entry.isDirectory())).to.equal(true)
      await storage.remove?.()
      expect(bed.entries()).to.deep.equal([])
    })
  }
})
