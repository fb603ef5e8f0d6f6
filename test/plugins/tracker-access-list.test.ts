import { expect } from 'chai'
import { toHex } from '../../core/base/bytes.js'
import { silentLogger } from '../../core/base/log.js'
import { AnnouncePolicies, Files } from '../../core/contracts/index.js'
import { AccessList, readAccessList } from '../../plugins/tracker-access-list/access-list.js'
import listPlugin from '../../plugins/tracker-access-list/index.js'
import { ListFile } from '../../plugins/tracker-access-list/list-file.js'
import { announcePolicyCases, infoHash, loadPlugin, ManualClock, register } from '../conformance/index.js'
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
    const list = new ListFile(new AccessList('allow'), 'list.txt', files, silentLogger)
    const started = list.start(clock, 5)
    list.stop()
    await started
    expect(clock.pending).to.equal(0)
  })

  it('takes lists with remarks, empty lines, line ends of any kind and capitals', () => {
    const list = readAccessList(
      bytes(`\ufeff# torrents\r\n${hexOf(1)} the first\r\n\r\n  ${hexOf(2).toUpperCase()}\t# second\n${hexOf(3)}`),
    )
    if (typeof list === 'string') throw new Error(list)
    expect(list.size).to.equal(3)
    for (const n of [1, 2, 3]) expect(list.has(infoHash(n))).to.equal(true)
    for (const bad of [hexOf(1).slice(1), `${hexOf(1)}0`, `${hexOf(1).slice(1)}g`, 'x'.repeat(40)]) {
      expect(readAccessList(bytes(`\n${bad}\n`))).to.match(/^line 2 /)
    }
  })
})
