// The command line as scripts see it: exit codes, what goes to which stream, and how it stops.
import { readdirSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { loadNode } from '../../core/main/node.js'
import { RunningCli, runCli } from './run-cli.js'

const config = fileURLToPath(new URL('../../../config/', import.meta.url))
const profiles = readdirSync(config).filter(name => name.endsWith('.json') && name !== 'profile.schema.json')
const HASH = '0123456789abcdef0123456789abcdef01234567'

describe('command line', function () {
  this.timeout(30_000)
  let cwd = ''

  before(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'shoal-cli-'))
  })

  after(() => rm(cwd, { recursive: true }))

  it('has help with an example for every command', async () => {
    const { code, stdout } = await runCli(['--help'], { cwd })
    expect(code).to.equal(0)
    const commands = [...stdout.matchAll(/^ {2}(\w+) (?:\[options\]|<|\[)/gm)].map(match => match[1] ?? '')
    expect(commands).to.include.members([
      'start',
      'check',
      'explain',
      'schema',
      'plugins',
      'track',
      'seed',
      'get',
      'scrape',
    ])
    for (const command of commands.filter(name => name !== 'help')) {
      const help = await runCli([command, '--help'], { cwd })
      expect(help.code, command).to.equal(0)
      expect(help.stdout, command)
        .to.match(/Usage: shoal /)
        .and.match(/Example:\n {2}\$ shoal /)
        .and.match(/--json/)
    }
  })

  it('ends with 2 for what it does not understand, and says what to do', async () => {
    for (const [args, said] of [
      [['strat'], /did you mean start/i],
      [['start'], /missing required argument/],
      [['check', 'absent.json'], /ERR_PROFILE_READ[^]*absent\.json/],
      [['get', 'absent.torrent'], /absent\.torrent: there is no such file/],
      [['get', 'http://'], /http:\/\/: this is no URL/],
      [['get', '.'], /\.: this is a folder/],
      [['get', '/dev/null'], /\/dev\/null: this is no file/],
      [['scrape', '/dev/zero'], /\/dev\/zero: this is no file/],
      [['get', `magnet:?xt=urn:btih:${HASH}`], /magnet/],
      [['get', 'x.torrent', '--port', '65536'], /0 to 65535/],
      [['track', '--http', '6969'], /HOST:PORT/],
      [['seed', 'absent'], /absent: there is no such/],
      [['scrape', 'udp://127.0.0.1:9/announce', 'abc'], /40 hexadecimal/],
      [['check', join(config, 'tracker.json'), '--log', 'loud'], /--log takes/],
    ] as const) {
      const { code, stdout, stderr } = await runCli(args, { cwd })
      expect(code, args.join(' ')).to.equal(2)
      expect(stdout + stderr).to.match(said)
      expect(stderr).to.not.match(/\n {4}at /)
      const rows = (await runCli([...args, '--json'], { cwd })).stdout.trim().split('\n')
      expect(rows, args.join(' ')).to.have.length(1)
      if (args[0] !== 'check') expect(JSON.parse(rows[0] ?? '')).to.include({ event: 'error' })
    }
  })

  it('logs in plain lines beside text, and in JSON beside JSON', async () => {
    for (const json of [false, true]) {
      const tracker = new RunningCli(['track', '--udp', '127.0.0.1:0', ...(json ? ['--json'] : [])], { cwd })
      await tracker.until(/udp:/)
      tracker.signal('SIGINT')
      const [line = ''] = (await tracker.ended).stderr.split('\n')
      if (json) expect(JSON.parse(line)).to.include({ plugin: 'tracker-udp', msg: 'UDP tracker listens' })
      else expect(line).to.match(/^\[\d\d:\d\d:\d\d\] INFO: tracker-udp: UDP tracker listens \{"on":"127\.0\.0\.1:\d+"/)
    }
  })

  it('lets nothing that a stranger wrote move the cursor, in the log neither', async () => {
    await writeFile(
      join(cwd, 'parrot.js'),
      `import { definePlugin } from 'shoal/plugin'
       const said = 'a\\u001b[2Jb\\u009b2Jc\\u202ed'
       export default definePlugin({ name: 'parrot', setup: ctx => void ctx.host.log.warn('x', { said, in: { said } }) })`,
    )
    await writeFile(join(cwd, 'parrot.json'), JSON.stringify({ plugins: [{ use: './parrot.js' }] }))
    for (const form of ['--json', '--log=warn']) {
      const node = new RunningCli(['start', 'parrot.json', form], { cwd })
      const lines = await node.warned(/parrot/)
      node.signal('SIGTERM')
      await node.ended
      expect(lines.join()).to.include('b?2Jc?d')
      for (const mark of '\u001b\u009b\u202e') expect(lines.join()).to.not.include(mark)
    }
  })

  it('runs a tracker until a signal, and ends it with 0', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const tracker = new RunningCli(['track', '--http', '127.0.0.1:0', '--udp', '127.0.0.1:0'], { cwd })
      const urls = await tracker.until(/^udp:/)
      expect(urls.join(' ')).to.match(/^http:\/\/127\.0\.0\.1:\d+\/announce udp:\/\/127\.0\.0\.1:\d+\/announce$/)
      const scraped = await runCli(['scrape', urls[1] ?? '', HASH], { cwd })
      expect(scraped).to.include({ code: 0, stdout: `${urls[1]}\n  ${HASH}  0 seeders, 0 leechers, 0 downloads\n` })
      tracker.signal(signal)
      expect((await tracker.ended).code).to.equal(0)
    }
  })

  it('tells programs once a second how its tracker does, once anybody asks it', async () => {
    const tracker = new RunningCli(['track', '--http', '127.0.0.1:0', '--json'], { cwd })
    const [ready = ''] = await tracker.until(/"ready"/)
    const {
      announce: [url],
    } = JSON.parse(ready) as { announce: string[] }
    await fetch(`${url}?info_hash=${'%01'.repeat(20)}&peer_id=${'a'.repeat(20)}&port=6881&left=0`)
    const told = (await tracker.until(/"tracker"/)).find(line => line.includes('"tracker"')) ?? ''
    expect(JSON.parse(told)).to.deep.include({ announces: { http: 1 }, failures: 0, dropped: 0, swarms: 1, peers: 1 })
    tracker.signal('SIGTERM')
    expect((await tracker.ended).code).to.equal(0)
  })

  it('writes rows and nothing else to standard output with --json', async () => {
    const tracker = new RunningCli(
      ['start', join(config, 'tracker-udp-only.json'), '--json', '--set', 'tracker-udp.listen=127.0.0.1:0'],
      { cwd },
    )
    await tracker.until(/"ready"/)
    tracker.signal('SIGTERM')
    const { code, stdout } = await tracker.ended
    const rows = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { event: string; announce?: string[] })
    expect(code).to.equal(0)
    expect(rows.map(row => row.event)).to.deep.equal(['ready', 'stopped'])
    expect(rows[0]?.announce?.join()).to.match(/^udp:\/\/127\.0\.0\.1:\d+\/announce$/)
  })

  it('ends with 3 when a port is taken, naming it and the plugin', async () => {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const { code, stderr } = await runCli(['track', '--http', `127.0.0.1:${port}`], { cwd })
    server.close()
    expect(code).to.equal(3)
    expect(stderr).to.match(new RegExp(`plugin "tracker-http" failed in start: .*127\\.0\\.0\\.1:${port}`))
    expect(stderr).to.not.match(/\n {4}at /)
  })

  it('goes on when a plugin throws where nobody catches it, unless that plugin is critical', async () => {
    await writeFile(
      join(cwd, 'bomb.js'),
      `import { definePlugin } from 'shoal/plugin'
       export default definePlugin({
         name: 'bomb',
         setup: () => ({ ready() { setTimeout(() => { throw new Error('boom') }, 50) } }),
       })`,
    )
    for (const critical of [false, true]) {
      await writeFile(join(cwd, 'bomb.json'), JSON.stringify({ plugins: [{ use: './bomb.js', critical }] }))
      const node = new RunningCli(['start', 'bomb.json', '--json'], { cwd })
      await node.until(/"ready"/)
      await node.warned(/plugin \\?"bomb\\?" failed in ready: boom/)
      if (!critical) node.signal('SIGTERM')
      const { code, stdout } = await node.ended
      expect(code).to.equal(critical ? 1 : 0)
      expect(stdout.trim().split('\n').at(-1)).to.match(critical ? /"error".*"ERR_PLUGIN_THREW"/ : /"stopped"/)
    }
  })

  it('names a plugin that throws where nobody catches it while the node starts', async () => {
    await writeFile(
      join(cwd, 'early.js'),
      `import { definePlugin } from 'shoal/plugin'
       export default definePlugin({
         name: 'early',
         setup: () => ({
           start: () =>
             new Promise(resolve => {
               process.once('uncaughtExceptionMonitor', () => setImmediate(resolve))
               setImmediate(() => { throw new Error('boom') })
             }),
         }),
       })`,
    )
    for (const critical of [false, true]) {
      await writeFile(join(cwd, 'early.json'), JSON.stringify({ plugins: [{ use: './early.js', critical }] }))
      const node = new RunningCli(['start', 'early.json', '--json'], { cwd })
      await node.warned(/plugin \\?"early\\?" failed in .*: boom/)
      if (!critical) {
        await node.until(/"ready"/)
        node.signal('SIGTERM')
      }
      const { code, stdout } = await node.ended
      expect(code).to.equal(critical ? 1 : 0)
      expect(stdout.trim().split('\n').at(-1)).to.match(critical ? /"error".*"ERR_PLUGIN_THREW"/ : /"stopped"/)
    }
  })

  it('stops at once at a second signal', async () => {
    await writeFile(
      join(cwd, 'slow.js'),
      `import { definePlugin } from 'shoal/plugin'
       export default definePlugin({ name: 'slow', setup: () => ({ drain: () => new Promise(() => {}) }) })`,
    )
    await writeFile(join(cwd, 'slow.json'), JSON.stringify({ plugins: [{ use: './slow.js' }] }))
    const node = new RunningCli(['start', 'slow.json', '--json'], { cwd })
    await node.until(/"ready"/)
    node.signal('SIGINT')
    await node.warned(/stopping/)
    // Until one arrives that is not taken for an echo of the first.
    const again = setInterval(() => node.signal('SIGINT'), 50)
    const { code } = await node.ended
    clearInterval(again)
    // In order it would have been 0.
    expect(code).to.equal(130)
  })

  it('ends with 4 when no tracker answers a scrape', async () => {
    const { code, stdout } = await runCli(['scrape', 'http://127.0.0.1:1/announce', HASH, '--json'], { cwd })
    expect(code).to.equal(4)
    const result = JSON.parse(stdout) as { ok: boolean; trackers: Array<{ url: string; error: string }> }
    expect(result.ok).to.equal(false)
    expect(result.trackers[0]?.url).to.equal('http://127.0.0.1:1/announce')
    expect(result.trackers[0]?.error).to.match(/ECONNREFUSED/)
  })

  it('prints a profile that check accepts, instead of running it', async () => {
    const content = join(cwd, 'content')
    await writeFile(content, `d4:infod6:lengthi1e4:name1:x12:piece lengthi16384e6:pieces20:${'.'.repeat(20)}ee`)
    for (const args of [
      ['track', '--udp', '127.0.0.1:0'],
      ['seed', content, '--announce', 'udp://127.0.0.1:9/announce', '--port', '0'],
      ['get', content, '-o', join(cwd, 'out'), '--peer', '127.0.0.1:9', '--selector', 'sequential'],
    ]) {
      const printed = await runCli([...args, '--print-profile'], { cwd })
      expect(printed.code).to.equal(0)
      await writeFile(join(cwd, 'printed.json'), printed.stdout)
      expect(await runCli(['check', 'printed.json'], { cwd })).to.include({ code: 0, stderr: '' })
    }
    expect(await readdir(cwd)).to.not.include('out')
    const client = async (...args: string[]): Promise<unknown> => {
      const { stdout } = await runCli(['seed', content, '--print-profile', ...args], { cwd })
      return (JSON.parse(stdout) as { plugins: { use: string; config?: object }[] }).plugins.at(-1)?.config
    }
    expect(await client()).to.include({ listen: '0.0.0.0:6881', morePorts: 8 })
    expect(await client('--port', '7000'))
      .to.include({ listen: '0.0.0.0:7000' })
      .and.not.have.property('morePorts')
  })

  for (const profile of profiles) {
    it(`accepts config/${profile}`, async () => {
      const text = await readFile(join(config, profile), 'utf8')
      expect(JSON.parse(text)).to.include({ $schema: './profile.schema.json' })
      const kernel = await loadNode(join(config, profile), { log: 'silent' })
      expect(kernel.unused).to.deep.equal([])
      expect(kernel.explain()).to.match(/start order/)
    })
  }

  it('takes names with the signs of a variable as they are', async () => {
    const args = ['track', '--http', '127.0.0.1:0', '--print-profile']
    const odd = join(cwd, 'odd ${NAME} $$')
    await mkdir(odd)
    const printed = await runCli(args, { cwd: odd })
    await writeFile(join(odd, 'printed.json'), printed.stdout)
    const kernel = await loadNode(join(odd, 'printed.json'), { log: 'silent' })
    expect(kernel.profile.node.dataDir).to.equal(join(odd, '.shoal'))
  })

  it('explains a profile without starting it', async () => {
    const { stdout, code } = await runCli(['explain', join(config, 'tracker-seeder.json')], { cwd })
    expect(code).to.equal(0)
    expect(stdout).to.match(/start order[^]*tracker-http[^]*requires {2}tracker <- tracker/)
    expect(stdout).to.match(
      /note +answers in a thread of its own, by batched system calls of "datagrams-mmsg", where the machine can; else packet/,
    )
  })

  it('has the schema of the built-in plugins up to date, and prints it for those of a profile', async () => {
    const { stdout } = await runCli(['schema'], { cwd })
    expect(JSON.parse(stdout)).to.deep.equal(JSON.parse(await readFile(join(config, 'profile.schema.json'), 'utf8')))
    const some = await runCli(['schema', join(config, 'tracker-udp-only.json')], { cwd })
    expect(some.stdout).to.include('builtin:tracker-udp').and.not.include('builtin:client')
  })

  it('lists the built-in plugins with their options', async () => {
    const { stdout, code } = await runCli(['plugins'], { cwd })
    expect(code).to.equal(0)
    expect(stdout).to.match(
      /^builtin:tracker-http\n {2}provides {2}tracker-servers, metric-sources\n {2}requires {2}tracker, http-net/m,
    )
    expect(stdout).to.match(/^ {2}- intervalSeconds \[1800\]: /m)
  })
})
