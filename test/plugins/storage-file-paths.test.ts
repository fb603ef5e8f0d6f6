// Nothing is written outside the folder of a torrent, whatever the torrent says and whatever lies in the way.
import fs from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import type { TorrentStorage } from '../../core/contracts/storage.js'
import { safeElements } from '../../plugins/storage-file/safe-path.js'
import { shared, StorageContent } from '../conformance/storage-content.js'
import { errorOf, FileBed } from './storage-file-bed.js'

const REFUSED = { code: 'ERR_STORAGE_PATH', blame: 'operator' }

describe('storage-file: paths', () => {
  let bed: FileBed
  let victim: string
  beforeEach(() => {
    bed = new FileBed()
    victim = path.join(bed.top, 'victim')
    fs.mkdirSync(victim)
    fs.writeFileSync(path.join(victim, 'precious'), 'precious')
  })
  afterEach(async () => {
    const untouched = fs.readdirSync(victim).join() === 'precious'
    const text = fs.readFileSync(path.join(victim, 'precious'), 'utf8')
    await bed.close()
    expect(untouched && text === 'precious', 'the victim is as it was').to.equal(true)
  })

  const file = (...elements: string[]): StorageContent =>
    new StorageContent(bed.folder, [{ path: elements, length: 100, padding: false }], 16_384)
  const writing = async (storage: TorrentStorage, content: StorageContent): Promise<{ code: string; blame: string }> =>
    errorOf(content.write(storage, content.piece(0)))

  it('takes elements that are names, and nothing else', () => {
    expect(safeElements(['a', '...', 'b c', '.hidden', '\u00e9'])).to.equal(true)
    for (const bad of [[], [''], ['.'], ['..'], ['a', '..', 'b'], ['a/b'], ['/a'], ['a\0b'], ['a', '']]) {
      expect(safeElements(bad), JSON.stringify(bad)).to.equal(false)
    }
  })

  it('refuses a torrent whose paths lead out, or meet', async () => {
    const defect = { code: 'ERR_STORAGE_SPEC', blame: 'defect' }
    expect(await errorOf(bed.open(file('..', 'victim', 'precious').spec))).to.include(defect)
    expect(await errorOf(bed.open(file('/etc', 'passwd').spec))).to.include(defect)
    const twice = { path: ['same'], length: 10, padding: false }
    expect(await errorOf(bed.open(new StorageContent(bed.folder, [twice, twice], 16_384).spec))).to.include(defect)
  })

  it('writes through no link that stands for the file', async () => {
    fs.symlinkSync(path.join(victim, 'precious'), bed.at('name'))
    const content = file('name')
    const storage = await bed.open(content.spec)
    expect(await writing(storage, content)).to.include(REFUSED)
  })

  it('makes no file where a dangling link points', async () => {
    fs.symlinkSync(path.join(victim, 'new'), bed.at('name'))
    const content = file('name')
    expect(await writing(await bed.open(content.spec), content)).to.include(REFUSED)
  })

  it('writes through no link that stands for a folder', async () => {
    fs.symlinkSync(victim, bed.at('name'))
    const content = file('name', 'fresh')
    expect(await writing(await bed.open(content.spec), content)).to.include(REFUSED)
  })

  it('looks again each time it makes a folder: a link put there after opening stops it', async () => {
    const content = file('name', 'sub', 'fresh')
    const storage = await bed.open(content.spec)
    fs.mkdirSync(bed.at('name'))
    fs.symlinkSync(victim, bed.at('name', 'sub'))
    expect(await writing(storage, content)).to.include(REFUSED)
  })

  it('makes no empty file through a link', async () => {
    fs.symlinkSync(victim, bed.at('name'))
    const files = [
      { path: ['name', 'empty'], length: 0, padding: false },
      { path: ['plain'], length: 10, padding: false },
    ]
    const content = new StorageContent(bed.folder, files, 16_384)
    expect(await writing(await bed.open(content.spec), content)).to.include(REFUSED)
  })

  it('deletes nothing through a link', async () => {
    fs.symlinkSync(victim, bed.at('name'))
    const storage = await bed.open(file('name', 'precious').spec)
    expect(await errorOf(storage.remove?.() ?? Promise.resolve())).to.include(REFUSED)
  })

  it('reads content through a link, to seed what lies elsewhere', async () => {
    const content = file('name')
    fs.writeFileSync(path.join(bed.top, 'elsewhere'), content.bytes(content.piece(0)))
    fs.symlinkSync(path.join(bed.top, 'elsewhere'), bed.at('name'))
    const storage = await bed.open(content.spec)
    expect(await storage.check?.(content.piece(0), content.digest(content.piece(0)))).to.equal(true)
    await content.expectPiece(storage, content.piece(0))
  })

  it('takes a folder that is itself reached by a link', async () => {
    fs.symlinkSync(bed.folder, path.join(bed.top, 'link'))
    const content = file('name')
    const storage = await bed.open({ ...content.spec, folder: path.join(bed.top, 'link') })
    await content.write(storage, content.piece(0))
    expect(bed.entries()).to.deep.equal(['name'])
  })

  it('does not open where a folder, or a file above, stands in the way', async () => {
    fs.mkdirSync(bed.at('name'))
    expect(await errorOf(bed.open(file('name').spec))).to.include(REFUSED)
    fs.writeFileSync(bed.at('plain'), 'plain')
    expect(await errorOf(bed.open(file('plain', 'below').spec))).to.include(REFUSED)
    expect(fs.readFileSync(bed.at('plain'), 'utf8')).to.equal('plain')
  })

  it('does not wait for the other end of a pipe [needs mkfifo]', async function () {
    const { spawnSync } = await import('node:child_process')
    if (spawnSync('mkfifo', [bed.at('name')]).status !== 0) return this.skip()
    expect(await errorOf(bed.open(file('name').spec))).to.include(REFUSED)
    fs.renameSync(bed.at('name'), bed.at('pipe'))
    const content = file('name')
    const storage = await bed.open(content.spec)
    fs.renameSync(bed.at('pipe'), bed.at('name'))
    expect(await writing(storage, content)).to.include(REFUSED)
    expect(await storage.check?.(content.piece(0), new Uint8Array(20))).to.equal(false)
  })

  it('names the file where writing is not permitted [not as root]', async function () {
    if (process.getuid?.() === 0) return this.skip()
    fs.chmodSync(bed.folder, 0o555)
    const content = file('name')
    const error = await errorOf((await bed.open(content.spec)).write(content.piece(0), shared(100)))
    expect(error).to.include({ code: 'ERR_STORAGE_PERMISSION', blame: 'operator' })
    fs.chmodSync(bed.folder, 0o755)
  })
})
