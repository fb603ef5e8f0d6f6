import { expect } from 'chai'
import { Bitfield } from '../../core/base/bitfield.js'
import { NodeError } from '../../core/base/errors.js'
import { createRandom } from '../../core/base/random.js'
import type { FileSystem } from '../../core/contracts/host.js'
import type { TorrentStorage } from '../../core/contracts/storage.js'
import { infoHashOf } from '../../core/protocol/ids.js'
import { decodeJournal, decodeResume, encodeResume } from '../../core/torrent/resume.js'
import { ResumeStore } from '../../plugins/client/resume-store.js'

const PIECES = 60
const infoHash = infoHashOf(new Uint8Array(20).fill(3)) ?? raise()
const NAME = `/state/${'03'.repeat(20)}`
const TOTALS = { uploaded: 0, downloaded: 0, seedingMs: 0, complete: false, moved: null }

type Disk = ReadonlyMap<string, Uint8Array>

/** Files in memory. Every operation takes a while, and is seen by `changed` when it has been done. */
class SlowFiles implements Pick<FileSystem, 'read' | 'writeAtomic' | 'append' | 'stat' | 'rename' | 'remove'> {
  readonly files = new Map<string, Uint8Array>()
  changed: (disk: Disk) => void = () => {}
  full = false

  constructor(private readonly wait: () => Promise<void>) {}

  async read(path: string): Promise<Uint8Array> {
    await this.wait()
    return this.files.get(path) ?? raise()
  }

  writeAtomic(path: string, bytes: Uint8Array): Promise<void> {
    return this.change(() => this.files.set(path, bytes.slice()))
  }

  async append(path: string, bytes: Uint8Array): Promise<void> {
    const before = this.files.get(path) ?? new Uint8Array(0)
    // What was appended may be torn, by a kill or by a full disk.
    const torn = bytes.subarray(0, bytes.length - 2)
    this.files.set(path, Buffer.concat([before, torn]))
    this.changed(new Map(this.files))
    await this.change(() => this.files.set(path, Buffer.concat([before, bytes])))
  }

  async stat(path: string): Promise<{ directory: boolean; length: number; mtimeMs: number } | null> {
    await this.wait()
    const bytes = this.files.get(path)
    return bytes === undefined ? null : { directory: false, length: bytes.length, mtimeMs: 0 }
  }

  rename(from: string, to: string): Promise<void> {
    return this.change(() => {
      this.files.set(to, this.files.get(from) ?? raise())
      this.files.delete(from)
    })
  }

  remove(path: string): Promise<void> {
    return this.change(() => this.files.delete(path))
  }

  private async change(work: () => void): Promise<void> {
    await this.wait()
    if (this.full) throw new NodeError('ERR_FILE_FULL', 'operator', 'the disk is full')
    work()
    this.changed(new Map(this.files))
  }
}

function bed(wait: () => Promise<void> = () => Promise.resolve()) {
  const slow = new SlowFiles(wait)
  const unused = () => Promise.reject(new Error('not here'))
  const files: FileSystem = {
    read: path => slow.read(path),
    writeAtomic: (path, bytes) => slow.writeAtomic(path, bytes),
    append: (path, bytes) => slow.append(path, bytes),
    stat: path => slow.stat(path),
    rename: (from, to) => slow.rename(from, to),
    remove: path => slow.remove(path),
    list: unused,
    walk: unused,
    makeDir: unused,
    lock: unused,
  }
  const storage: TorrentStorage = {
    read: () => {},
    write: unused,
    present: unused,
    stamp: () => wait().then(() => 'stamp'),
    flush: wait,
    close: unused,
  }
  const warnings: NodeError[] = []
  const store = new ResumeStore(files, error => warnings.push(error), '/state', infoHash)
  return { slow, storage, warnings, store }
}

/** Pieces that a run which found this disk would trust, or hash. */
function found(disk: Disk): ReadonlySet<number> {
  const state = disk.get(`${NAME}.resume`)
  const resume = state === undefined ? null : decodeResume(state, infoHash, PIECES)
  if (resume === null) return new Set(Array.from({ length: PIECES }, (_, i) => i))
  if (typeof resume === 'string') throw new Error(resume)
  const named = resume.clean ? [] : bitsOf(decodeJournal(disk.get(`${NAME}.journal`) ?? new Uint8Array(0), PIECES))
  return new Set([...bitsOf(resume.flushed), ...named])
}

function bitsOf(bits: Bitfield): readonly number[] {
  return Array.from({ length: bits.length }, (_, i) => i).filter(i => bits.has(i))
}

describe('resume store', () => {
  it('names every piece before it is written, whenever the kill comes and whatever goes on', async () => {
    const random = createRandom(17)
    for (let round = 0; round < 15; round++) {
      const { slow, storage, store, warnings } = bed(async () => {
        for (let i = random.below(6); i > 0; i--) await Promise.resolve()
      })
      const written = new Set<number>()
      const have = new Bitfield(PIECES)
      const missed: string[] = []
      const look = (disk: Disk): void => {
        for (const piece of written) if (!found(disk).has(piece)) missed.push(`piece ${piece} in round ${round}`)
      }
      slow.changed = look
      const fetch = async (piece: number): Promise<void> => {
        const ahead = Array.from({ length: random.below(5) }, (_, i) => piece + i).filter(next => next < PIECES)
        await store.note(piece, () => ahead)
        written.add(piece)
        look(slow.files)
        for (let i = random.below(6); i > 0; i--) await Promise.resolve()
        have.set(piece)
        store.touch()
      }
      await store.checkpoint(storage, have, TOTALS, false)
      const work: Promise<unknown>[] = []
      for (let piece = 0; piece < PIECES; piece++) {
        work.push(fetch(piece))
        if (random.below(8) === 0) work.push(store.checkpoint(storage, have, TOTALS, false))
        for (let i = random.below(12); i > 0; i--) await Promise.resolve()
      }
      await Promise.all(work)
      await store.checkpoint(storage, have, TOTALS, true)
      await store.close()
      expect(missed).to.deep.equal([])
      expect(warnings).to.deep.equal([])
      expect([...slow.files.keys()], 'no journal beside a clean state').to.deep.equal([`${NAME}.resume`])
      expect(found(slow.files).size).to.equal(PIECES)
    }
  })

  it('names pieces that will follow in the same append, and does not wait for those', async () => {
    const { slow, storage, store } = bed()
    await store.checkpoint(storage, new Bitfield(PIECES), TOTALS, false)
    await store.note(1, () => [1, 2, 3])
    expect([...found(slow.files)]).to.deep.equal([1, 2, 3])
    expect(store.note(2, raise), 'named already').to.equal(null)
    expect(slow.files.get(`${NAME}.journal`)).to.have.length(12)
    slow.full = true
    const waiting = store.note(4, () => [5])
    await Promise.resolve()
    await Promise.resolve()
    expect(store.note(5), 'the append that names it is under way').to.be.instanceOf(Promise)
    slow.full = false
    await waiting
    await store.note(5)
    expect([...found(slow.files)].sort(), 'after an append that failed').to.deep.equal([1, 2, 3, 4, 5])
  })

  it('warns once of a full disk, and has all in the journal once there is room', async () => {
    const { slow, storage, store, warnings } = bed()
    const have = new Bitfield(PIECES)
    await store.checkpoint(storage, have, TOTALS, false)
    await store.note(1)
    slow.full = true
    for (let piece = 2; piece < 9; piece++) await store.note(piece)
    await store.checkpoint(storage, have, TOTALS, false)
    expect(store.changed, 'it is to be tried again').to.equal(true)
    expect(warnings.map(warning => warning.code)).to.deep.equal(['ERR_CLIENT_STATE'])
    slow.full = false
    await store.note(9)
    expect([...found(slow.files)].sort((a, b) => a - b)).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9])
    await store.checkpoint(storage, have, TOTALS, false)
    expect(store.changed).to.equal(false)
    slow.full = true
    await store.note(10)
    expect(warnings, 'a new trouble is told of again').to.have.length(2)
  })

  it('sets aside, with one warning, a state that is cut at any byte', async () => {
    const state = { flushed: new Bitfield(PIECES), stamp: 'stamp', ...TOTALS, clean: true }
    const whole = encodeResume(state, infoHash)
    for (let length = 0; length < whole.length; length++) {
      const { slow, store, warnings } = bed()
      slow.files.set(`${NAME}.resume`, whole.subarray(0, length))
      slow.files.set(`${NAME}.journal`, new Uint8Array(8))
      const saved = await store.load(PIECES)
      expect(saved).to.deep.equal({ resume: null, journal: new Uint8Array(0) })
      expect(warnings.map(warning => warning.code)).to.deep.equal(['ERR_CLIENT_STATE'])
      expect(slow.files.get(`${NAME}.resume.bad`)?.length).to.equal(length)
      expect(slow.files.has(`${NAME}.resume`)).to.equal(false)
    }
    const { slow, store, warnings } = bed()
    slow.files.set(`${NAME}.resume`, whole)
    expect((await store.load(PIECES)).resume).to.deep.include({ stamp: 'stamp', clean: true })
    expect(warnings).to.deep.equal([])
  })

  it('removes all it wrote', async () => {
    const { slow, storage, store } = bed()
    const have = new Bitfield(PIECES)
    await store.checkpoint(storage, have, TOTALS, false)
    void store.note(4)
    await store.remove()
    expect([...slow.files.keys()]).to.deep.equal([])
  })
})

function raise(): never {
  throw new Error('it is there')
}
