import { expect } from 'chai'
import { toHex } from '../../core/base/bytes.js'
import { KeySetWriter } from '../../core/base/key-set-writer.js'
import { KEY_BYTES } from '../../core/base/key-set.js'
import { silentLogger } from '../../core/base/log.js'
import { AnnouncePolicies, Files } from '../../core/contracts/index.js'
import listPlugin from '../../plugins/tracker-access-list/index.js'
import { ListFile } from '../../plugins/tracker-access-list/list-file.js'
import { ListScan } from '../../plugins/tracker-access-list/list-scan.js'
import { announcePolicyCases, infoHash, loadPlugin, ManualClock, OtherThread, register } from '../conformance/index.js'
import type { AnnouncePolicy, FileSystem } from '../../core/contracts/index.js'
import type { PolicyUnderTest } from '../conformance/index.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const hexOf = (n: number): string => toHex(infoHash(n))

/** One file that the test writes. */
class OneFile {
  content: string | null = null
  mtimeMs = 1
  reads = 0
  fault: Error | null = null

  write(content: string | null): void {
    this.content = content
    this.mtimeMs++
  }

  stat = (): ReturnType<FileSystem['stat']> => {
    if (this.fault !== null) return Promise.reject(this.fault)
    if (this.content === null) return Promise.resolve(null)
    return Promise.resolve({ directory: false, length: bytes(this.content).length, mtimeMs: this.mtimeMs })
  }

  read = (): Promise<Uint8Array> => {
    this.reads++
    return Promise.resolve(bytes(this.content ?? ''))
  }
}

async function load(content: string | null, mode: 'allow' | 'deny' = 'allow') {
  const file = new OneFile()
  file.content = content
  const clock = new ManualClock()
  const warnings: string[] = []
  const log = { ...silentLogger, child: () => log, warn: (message: string) => void warnings.push(message) }
  const refuse = (): never => {
    throw new Error('a list is only read')
  }
  const files: FileSystem = {
    stat: file.stat,
    read: file.read,
    writeAtomic: refuse,
    append: refuse,
    list: refuse,
    walk: refuse,
    rename: refuse,
    remove: refuse,
    makeDir: refuse,
    lock: refuse,
  }
  const loaded = await loadPlugin(listPlugin, { mode, file: 'list.txt', checkSeconds: 5 }, [[Files, files]], {
    host: { clock, log },
    folder: '/etc/tracker',
  })
  const [policy] = loaded.provided(AnnouncePolicies)
  if (policy === undefined) throw new Error('no policy')
  return { file, clock, warnings, policy, loaded }
}

const admits = (policy: AnnouncePolicy, n: number): boolean => policy.admitScrape?.(infoHash(n)) ?? false

for (const mode of ['allow', 'deny'] as const) {
  register(
    `tracker-access-list: contract, ${mode}`,
    announcePolicyCases(async (): Promise<PolicyUnderTest> => {
      const { policy, loaded } = await load(`${hexOf(1)}\n${hexOf(2)}\n`, mode)
      const listed = [{ infoHash: infoHash(1) }, { infoHash: infoHash(2) }]
      const strange = [{ infoHash: infoHash(3) }, {}]
      const [admitted, refused] = mode === 'allow' ? [listed, strange] : [strange, listed]
      return { policy, admitted, refused, close: () => loaded.stop() }
    }),
  )
}

describe('tracker-access-list', () => {
  it('reads the file again when it has changed, and only then', async () => {
    const { file, clock, policy, warnings } = await load(hexOf(1))
    expect([admits(policy, 1), admits(policy, 2)]).to.deep.equal([true, false])
    await clock.advance(60_000)
    expect(file.reads).to.equal(1)
    file.write(hexOf(2))
    await clock.advance(5000)
    expect([admits(policy, 1), admits(policy, 2)]).to.deep.equal([false, true])
    file.write('')
    await clock.advance(5000)
    expect(admits(policy, 2)).to.equal(false)
    expect(warnings).to.deep.equal([])
  })

  it('keeps the last good list while the file is broken or gone, and says so once', async () => {
    const { file, clock, policy, warnings } = await load(hexOf(1))
    file.write(`${hexOf(2)}\nnonsense\n`)
    await clock.advance(60_000)
    expect(admits(policy, 1)).to.equal(true)
    expect(warnings).to.have.length(1)
    expect(warnings[0]).to.match(/\/etc\/tracker\/list\.txt: line 2 .*stands/)
    file.content = null
    await clock.advance(60_000)
    expect(warnings).to.have.length(2)
    file.fault = new Error('not permitted')
    await clock.advance(60_000)
    expect(warnings[2]).to.match(/not permitted/)
    expect(admits(policy, 1)).to.equal(true)
    file.fault = null
    file.content = hexOf(3)
    await clock.advance(5000)
    expect([admits(policy, 1), admits(policy, 3)]).to.deep.equal([false, true])
    expect(warnings).to.have.length(3)
  })

  for (const [what, content, said] of [
    ['is not there', null, /no such file/],
    ['is broken', 'abc', /line 1/],
  ] as const) {
    it(`does not start where the file ${what}`, async () => {
      const error: unknown = await load(content).catch((reason: unknown) => reason)
      expect(error).to.include({ code: 'ERR_ACCESS_LIST', blame: 'operator' })
      expect((error as Error).message).to.match(said)
    })
  }

  it('says of a folder that it is one', async () => {
    const file = new OneFile()
    const files = { read: file.read, stat: () => Promise.resolve({ directory: true, length: 0, mtimeMs: 1 }) }
    const list = new ListFile(new KeySetWriter(10), 'lists', files, new ManualClock(), silentLogger)
    const error: unknown = await list.start(5).catch((reason: unknown) => reason)
    expect((error as Error).message).to.equal('access list lists: it is a folder, not a file')
  })

  it('leaves no timer behind', async () => {
    const { clock, loaded } = await load(hexOf(1))
    await loaded.stop()
    expect(clock.pending).to.equal(0)
  })

  it('leaves no timer behind where it was stopped while it still read the list', async () => {
    const file = new OneFile()
    file.write(hexOf(1))
    const clock = new ManualClock()
    const files: Pick<FileSystem, 'stat' | 'read'> = file
    const list = new ListFile(new KeySetWriter(10), 'list.txt', files, clock, silentLogger)
    const started = list.start(5)
    list.stop()
    await started
    expect(clock.pending).to.equal(0)
  })

  it('takes lists with remarks, empty lines, line ends of any kind and capitals', () => {
    const text = `\ufeff# torrents\r\n${hexOf(1)} the first\r\n\r\n  ${hexOf(2).toUpperCase()}\t# second\n${hexOf(3)}`
    for (const lines of [1, 2, 100]) {
      const scan = new ListScan(bytes(text))
      while (scan.read(lines));
      expect(scan).to.include({ fault: null, count: 3 })
      for (let i = 0; i < 3; i++) {
        expect(scan.hashes.slice(KEY_BYTES * i, KEY_BYTES * (i + 1))).to.deep.equal(new Uint8Array(infoHash(i + 1)))
      }
    }
    for (const bad of [
      hexOf(1).slice(1),
      `${hexOf(1)}0`,
      `${hexOf(1).slice(1)}g`,
      'x'.repeat(40),
      hexOf(1).slice(20),
    ]) {
      const scan = new ListScan(bytes(`\n${bad}\n${hexOf(2)}\n`))
      expect(scan.read(100)).to.equal(false)
      expect(scan.fault).to.match(/^line 2 /)
    }
  })

  it('changes in the threads that ask it as on the main thread', async () => {
    const { file, clock, policy, loaded } = await load(hexOf(1))
    if (policy.inThread === undefined) throw new Error('only on the main thread')
    const thread = await OtherThread.open(policy.inThread)
    const there = (n: number): Promise<unknown> => thread.call('admitScrape', infoHash(n))
    expect([await there(1), await there(2)]).to.deep.equal([true, false])
    for (const listed of [2, 1, 2]) {
      file.write(hexOf(listed))
      await clock.advance(5000)
      expect([await there(1), await there(2)]).to.deep.equal([listed === 1, listed === 2])
    }
    await thread.close()
    await loaded.stop()
  })

  it('reads a long list a piece at a time, and the one before stands until it is whole', async function () {
    this.timeout(20_000)
    const { file, clock, policy, loaded } = await load(hexOf(1))
    const [count, known] = [100_000, 70_000]
    file.write(Array.from({ length: count }, (_, i) => hexOf(i + 2)).join('\n'))
    let waits = 0
    const after = clock.after.bind(clock)
    clock.after = (ms, run) => {
      waits++
      expect([admits(policy, 1), admits(policy, known)]).to.deep.equal([true, false])
      return after(ms, run)
    }
    await clock.advance(5000)
    clock.after = after
    expect(admits(policy, known)).to.equal(true)
    expect(waits).to.be.greaterThan(5)
    expect([admits(policy, 1), admits(policy, 2), admits(policy, count + 1)]).to.deep.equal([false, true, true])
    await loaded.stop()
  })
})
