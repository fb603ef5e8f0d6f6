// One line of a profile chooses the tracker's transport; nothing else knows the difference.
import { expect } from 'chai'
import { createSocket } from 'node:dgram'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRandom } from '../../core/base/random.js'
import { freePort } from '../interop/programs.js'
import { RunningCli } from './run-cli.js'

const profiles = fileURLToPath(new URL('../../../config', import.meta.url))
const LINE = '"./tracker.json"'

describe('a node whose tracker speaks one transport', function () {
  this.timeout(30_000)
  const content = new Uint8Array(2_000_003)
  let cwd = ''
  let node: RunningCli | null = null

  before(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'shoal-swap-'))
    createRandom(11).fill(content)
    await cp(profiles, join(cwd, 'config'), { recursive: true })
    await mkdir(join(cwd, 'share'))
    await writeFile(join(cwd, 'share', 'film.mkv'), content)
  })

  afterEach(async () => {
    node?.signal('SIGKILL')
    await node?.ended
  })

  after(() => rm(cwd, { recursive: true }))

  for (const transport of ['udp', 'http'] as const) {
    it(`transfers with tracker-${transport}-only, and the other is not listening`, async () => {
      const both = await readFile(join(cwd, 'config', 'tracker-seeder.json'), 'utf8')
      const profile = both.replace(LINE, `"./tracker-${transport}-only.json"`)
      expect(differentLines(both, profile)).to.equal(1)
      await writeFile(join(cwd, 'config', `only-${transport}.json`), profile)

      const port = await freePort()
      const set = [`tracker-${transport}.listen=127.0.0.1:${port}`, 'client.listen=127.0.0.1:0']
      const words = ['start', `config/only-${transport}.json`, ...set.flatMap(one => ['--set', one])]
      node = new RunningCli(words, { cwd })
      const lines = await node.until(/^npx shoal get /)
      expect(lines[0]).to.equal(`${transport}://127.0.0.1:${port}/announce`)
      expect(lines.filter(line => line.includes('/announce'))).to.have.length(1)
      expect(await listening(port)).to.deep.equal({ udp: transport === 'udp', http: transport === 'http' })

      const get = new RunningCli(['get', lines.at(-1)!.split(' ')[3]!, '-o', transport, '--json'], { cwd })
      const { code, stdout, stderr } = await get.ended
      expect(code, stderr).to.equal(0)
      expect(stdout).to.match(new RegExp(`"event":"announce".*"${transport}://.*"error":null`))
      expect((await readFile(join(cwd, transport, 'film.mkv'))).equals(content)).to.equal(true)
    })
  }

  it('is told by profiles that do nothing but take out what the other transport needs', async () => {
    const takesOut = async (transport: string): Promise<readonly string[]> => {
      const text = await readFile(join(cwd, 'config', `tracker-${transport}-only.json`), 'utf8')
      const { plugins, ...rest } = JSON.parse(text) as { plugins: readonly { readonly id: string }[] }
      expect(rest).to.deep.equal({ $schema: './profile.schema.json', extends: ['./tracker.json'] })
      const ids = plugins.map(({ id }) => id)
      expect(plugins).to.deep.equal(ids.map(id => ({ id, enabled: false })))
      return ids
    }
    expect(await takesOut('udp')).to.deep.equal(['tracker-http'])
    expect(await takesOut('http')).to.deep.equal(['tracker-udp', 'datagrams-mmsg'])
  })
})

function differentLines(one: string, other: string): number {
  const [ours, theirs] = [one.split('\n'), other.split('\n')]
  expect(ours.length).to.equal(theirs.length)
  return ours.filter((line, i) => line !== theirs[i]).length
}

/** A closed port refuses a stream, and answers a datagram with an error that a connected socket is told of. */
async function listening(port: number): Promise<{ udp: boolean; http: boolean }> {
  const http = await new Promise<boolean>(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    }).once('error', () => resolve(false))
  })
  const hello = Buffer.from('0000041727101980000000000000002a', 'hex')
  const udp = await new Promise<boolean>(resolve => {
    const socket = createSocket('udp4')
    const end = (answered: boolean): unknown => socket.close(() => resolve(answered))
    socket.once('message', () => end(true)).once('error', () => end(false))
    socket.connect(port, '127.0.0.1', () => socket.send(hello))
  })
  return { udp, http }
}
