// What a command shows on a terminal: script(1) gives it one.
import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { runCli } from './run-cli.js'
import { Workbench, type Made } from './workbench.js'

const CLI = fileURLToPath(new URL('../../core/main/cli.js', import.meta.url))
const ESC = '\u001b['
const COLOUR = `${ESC}3`
const HIDE_CURSOR = `${ESC}?25l`
const SHOW_CURSOR = `${ESC}?25h`

/** In the shell's place, whichever that is: a dash that is left above it dies of Ctrl-C before it ends in order. */
const typed = (args: readonly string[]): string => {
  return `exec ${[process.execPath, CLI, ...args].map(word => `'${word}'`).join(' ')}`
}

describe('command line, what people see', function () {
  this.timeout(30_000)
  let bench: Workbench
  let made: Made
  let peer = ''

  before(async () => {
    bench = new Workbench()
    made = bench.make('film.bin', 3_000_000, 65_536)
    peer = `127.0.0.1:${(await bench.seeder(made)).port}`
  })

  after(() => bench.close())

  const get = (into: string, ...more: string[]): string[] => {
    return ['get', made.file, '-o', bench.at(into), '--peer', peer, ...more]
  }

  describe('on a terminal [needs script]', () => {
    before(function () {
      if (spawnSync('script', ['--version']).status !== 0) this.skip()
    })

    const shown = async (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> => {
      const surroundings = { ...process.env, NO_COLOR: '', ...env }
      const { stdout } = await promisify(execFile)('script', ['-qec', typed(args), '/dev/null'], { env: surroundings })
      return stdout
    }

    it('is a bar that ends full, and the cursor back', async () => {
      const text = await shown(get('bar'))
      expect(text).to.match(/film\.bin \[=+\] 100% 2\.9 MiB of 2\.9 MiB/)
      expect(text).to.match(/complete: 2\.9 MiB in \S+, every piece verified/)
      expect(text).to.include(HIDE_CURSOR)
      expect(text.lastIndexOf(SHOW_CURSOR)).to.be.greaterThan(text.lastIndexOf(HIDE_CURSOR))
    })

    it('is in colour, unless NO_COLOR is set', async () => {
      expect(await shown(get('colour', '--log', 'debug'))).to.include(COLOUR)
      expect(await shown(get('plain', '--log', 'debug'), { NO_COLOR: '1' })).to.not.include(COLOUR)
    })

    it('is one live line of a tracker, redrawn, which makes room for the log and goes with Ctrl-C', async () => {
      const args = ['track', '--udp', '127.0.0.1:0', '--http', '127.0.0.1:0', '--metrics', '127.0.0.1:0']
      const terminal = spawn('script', ['-qec', typed(args), '/dev/null'], { cwd: bench.top })
      let text = ''
      terminal.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
      const seen = async (pattern: RegExp): Promise<void> => {
        while (!pattern.test(text)) await once(terminal.stdout, 'data')
      }
      await seen(/UDP 0\/s {2}HTTP 0\/s|HTTP 0\/s {2}UDP 0\/s/)
      const url = /http:\S+\/announce/.exec(text)?.[0] ?? ''
      await fetch(`${url}?info_hash=${'%01'.repeat(20)}&peer_id=${'a'.repeat(20)}&port=6881&left=0`)
      await seen(/HTTP 1\/s.* {2}1 peer \(\d seeding\) {2}1 swarm/)
      terminal.stdin.write('\u0003')
      const [code] = (await once(terminal, 'close')) as [number]
      expect(code).to.equal(0)
      const drawn = text.split(`\r${ESC}K`)
      expect(drawn.length).to.be.greaterThan(2)
      for (const line of drawn.slice(1, -1)) expect(line).to.not.include('\n')
      expect(JSON.stringify(drawn.at(-1))).to.match(/^"HTTP [^\\]*\\r\\nstopping[^\\]*\\r\\n"$/)
    })

    it('has no bar beside JSON or where quiet was asked for', async () => {
      expect(await shown(get('json', '--json'))).to.not.include(ESC)
      expect(await shown(get('quiet', '--quiet'))).to.equal('')
    })
  })

  it('is nothing where quiet was asked for and nothing went wrong', async () => {
    const { code, stdout, stderr } = await runCli(get('hush', '--quiet'), { cwd: bench.top })
    expect({ code, stdout, stderr }).to.deep.equal({ code: 0, stdout: '', stderr: '' })
  })
})
