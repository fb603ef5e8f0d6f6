// What a newcomer does: start the node of the package in a fresh clone, and get from a second terminal what it prints.
import { expect } from 'chai'
import { cp, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CliOutcome, RunningCli } from './run-cli.js'

const profiles = fileURLToPath(new URL('../../../config', import.meta.url))
const anyPort = ['tracker-http', 'tracker-udp', 'client'].flatMap(id => ['--set', `${id}.listen=127.0.0.1:0`])

describe('a fresh clone', function () {
  this.timeout(30_000)
  let cwd = ''
  let node: RunningCli | null = null

  before(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'shoal-start-'))
    await cp(profiles, join(cwd, 'config'), { recursive: true })
  })

  after(async () => {
    node?.signal('SIGKILL')
    await node?.ended
    await rm(cwd, { recursive: true })
  })

  it('starts with a sample to share, prints how to get it, and a second terminal gets the same bytes', async () => {
    node = new RunningCli(['start', 'config/tracker-seeder.json', ...anyPort], { cwd })
    const lines = await node.until(/^npx shoal get /)
    const [sample = ''] = await readdir(join(cwd, 'share'))
    expect(lines.slice(0, 2).map(line => line.split('//')[0])).to.have.members(['http:', 'udp:'])
    expect(lines[2]).to.equal(sample)
    expect(lines[3]).to.match(/^ {2}magnet:\?xt=urn:btih:[0-9a-f]{40}&/)
    expect(lines).to.have.length(5)

    const words = lines[4]!.split(' ')
    expect(words).to.have.length(4)
    expect((await stat(join(cwd, words[3]!))).isFile()).to.equal(true)
    const got: CliOutcome = await new RunningCli([...words.slice(2), '-o', 'second'], { cwd }).ended
    expect(got.code, got.stderr).to.equal(0)
    const files = await readdir(join(cwd, 'share'), { recursive: true })
    for (const file of files) {
      if ((await stat(join(cwd, 'share', file))).isDirectory()) continue
      const bytes = await readFile(join(cwd, 'share', file))
      expect(bytes.equals(await readFile(join(cwd, 'second', file))), file).to.equal(true)
    }
  })
})
