// Profiles that cannot work: each is refused in one report that says where, what was found, what was expected and what
// to do, with nothing started: the port it names stays free and no file appears beside it.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { NodeError } from '../../core/base/errors.js'
import type { Fault } from '../../core/kernel/faults.js'
import { exitCodeOf } from '../../core/main/exit-codes.js'
import { startNode } from '../../core/main/node.js'
import { brokenProfiles, type Broken } from './broken-profiles.js'
import { runCli } from './run-cli.js'

describe('broken profiles', () => {
  let folder = ''
  let port = 0

  before(async () => {
    port = await listenOnce(0)
  })

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'shoal-broken-'))
  })

  afterEach(() => rm(folder, { recursive: true }))

  const prepare = async (title: string): Promise<Broken> => {
    const one = brokenProfiles(port).find(broken => broken.title === title)
    if (one === undefined) throw new Error(title)
    for (const [name, content] of Object.entries({ ...one.files, 'profile.json': one.profile })) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
    }
    return one
  }

  it('are at least twenty', () => {
    expect(brokenProfiles(0).length).to.be.at.least(20)
  })

  for (const { title } of brokenProfiles(0)) {
    it(title, async () => {
      const { set = [], faults: wanted } = await prepare(title)
      const files = await readdir(folder, { recursive: true })
      const error = await refusal(join(folder, 'profile.json'), set)
      const faults = error.details['faults'] as readonly Fault[]
      expect(faults.map(fault => fault.code)).to.deep.equal(wanted.map(([code]) => code))
      for (const [i, [, place, found, expected, hint]] of wanted.entries()) {
        expect(faults[i]?.place).to.match(place)
        expect(faults[i]?.found).to.match(found)
        expect(faults[i]?.expected).to.match(expected)
        expect(faults[i]?.hint).to.match(hint)
      }
      for (const fault of faults) for (const part of Object.values(fault)) expect(error.message).to.include(part)
      expect(exitCodeOf(error)).to.equal(2)
      expect(await readdir(folder, { recursive: true })).to.deep.equal(files)
      expect(await listenOnce(port)).to.equal(port)
    })
  }

  it('end start and check with 2, the report on one side or the other', async () => {
    await prepare('servers without a tracker or a host')
    const started = await runCli(['start', 'profile.json'], { cwd: folder })
    expect([started.code, started.stdout]).to.deep.equal([2, ''])
    expect(started.stderr).to.match(/3 faults, nothing was started[^]*found[^]*expected[^]*hint/)
    const checked = await runCli(['check', 'profile.json', '--json'], { cwd: folder })
    expect([checked.code, checked.stderr]).to.deep.equal([2, ''])
    expect(JSON.parse(checked.stdout)).to.deep.include({ ok: false, profile: 'profile.json' })
    expect(JSON.parse(checked.stdout)).to.have.property('faults').with.length(3)
  })
})

async function refusal(profile: string, set: readonly string[]): Promise<NodeError> {
  try {
    const node = await startNode(profile, { set, log: 'silent' })
    await node.stop()
  } catch (error) {
    if (NodeError.is(error)) return error
    throw error
  }
  throw new Error('the node started')
}

/** Binds the port, any free one for 0, lets go of it, and tells which it was. */
function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const { port: bound } = server.address() as AddressInfo
      server.close(() => resolve(bound))
    })
  })
}
