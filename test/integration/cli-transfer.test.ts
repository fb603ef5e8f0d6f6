// Content from one command line to another, as a user's two terminals would.
import { createServer } from 'node:http'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { createRandom } from '../../core/base/random.js'
import { RunningCli } from './run-cli.js'

const loopback = fileURLToPath(new URL('../../../config/loopback.json', import.meta.url))

interface Row {
  readonly event: string
  readonly infoHash?: string
  readonly name?: string
  readonly have?: number
  readonly pieces?: number
  readonly bytes?: number
  readonly bytesLeft?: number
  readonly peers?: string
}

const rowsOf = (stdout: string): Row[] =>
  stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Row)

describe('command line transfers', function () {
  this.timeout(60_000)
  let cwd = ''
  let node: RunningCli
  let lines: readonly string[]
  const content = new Uint8Array(3_000_001)
  const started: RunningCli[] = []

  const launch = (...args: string[]): RunningCli => {
    const cli = new RunningCli(args, { cwd, env: { XDG_STATE_HOME: join(cwd, 'xdg') } })
    started.push(cli)
    return cli
  }
  /** The .torrent files that `start` wrote. */
  const one = join('.shoal', 'shared', 'one.bin.torrent')
  const album = join('.shoal', 'shared', 'album.torrent')

  before(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'shoal-transfer-'))
    createRandom(5).fill(content)
    await mkdir(join(cwd, 'share', 'album'), { recursive: true })
    await writeFile(join(cwd, 'share', 'one.bin'), content)
    await writeFile(join(cwd, 'share', 'album', 'a'), content.subarray(0, 70_000))
    await writeFile(join(cwd, 'share', 'album', 'b'), content.subarray(70_000, 70_001))
    node = launch('start', loopback, '--set', 'client.share=share', '--set', 'node.dataDir=.shoal')
    lines = await node.until(/^npx shoal get /)
  })

  after(async () => {
    for (const cli of started) cli.signal('SIGKILL')
    await Promise.all(started.map(cli => cli.ended))
    await rm(cwd, { recursive: true })
  })

  it('begin with what start prints: announce URLs, torrents, last the line to get one', () => {
    const kinds = lines.map(line => /^(http|udp| {2}magnet:|npx)/.exec(line)?.[1] ?? 'name')
    expect(kinds).to.deep.equal(['http', 'udp', 'name', '  magnet:', 'name', '  magnet:', 'npx'])
    expect([one, album].map(file => `npx shoal get ${file}`)).to.include(lines.at(-1))
  })

  it('fetch it beside the node, byte for byte, in plain lines off a terminal', async () => {
    const { code, stdout, stderr } = await launch('get', one).ended
    expect(code, stderr).to.equal(0)
    expect(stdout).to.match(/^complete: 2\.9 MiB in \d+s, every piece verified$/m)
    // oxlint-disable-next-line no-control-regex -- what must not be there
    expect(stdout).to.not.match(/[\u0000-\u0009\u000b-\u001f]/)
    expect(Buffer.compare(await readFile(join(cwd, 'one.bin')), content)).to.equal(0)
  })

  it('tell programs in rows: ready, torrent, announces, complete, stopped', async () => {
    const { code, stdout } = await launch('get', album, '-o', 'rows', '--json', '--selector', 'sequential').ended
    const rows = rowsOf(stdout)
    expect(code).to.equal(0)
    expect([rows[0]?.event, rows[1]?.event, rows.at(-1)?.event]).to.deep.equal(['ready', 'torrent', 'stopped'])
    expect(rows[1]).to.include({ name: 'album', bytes: 70_001, have: 0 })
    const complete = rows.find(row => row.event === 'complete')
    expect(complete).to.include({ infoHash: rows[1]?.infoHash, bytes: 70_001 })
    expect(rows.find(row => row.event === 'announce')).to.include({ kind: 'started', error: null })
    expect(await readFile(join(cwd, 'rows', 'album', 'b'))).to.have.length(1)
    const again = rowsOf((await launch('get', album, '-o', 'rows', '--json').ended).stdout)
    expect(again[1]).to.include({ event: 'torrent', have: again[1]?.pieces })
    expect(again.map(row => row.event)).to.not.include('complete')
  })

  it('fetch the files that are named, and end with them; say what there is where a name fits nothing', async () => {
    const { code, stdout } = await launch('get', album, '-o', 'some', '--files', 'b', '--first-and-last', '--json')
      .ended
    const rows = rowsOf(stdout)
    expect(code).to.equal(0)
    expect(rows[1]).to.include({ event: 'torrent', have: 0, bytesLeft: 4_465 })
    expect(rows.find(row => row.event === 'complete')).to.include({ bytes: 4_465 })
    const last = rows.findLast(row => row.event === 'progress')
    expect(last).to.include({ bytesWanted: 4_465, bytesLeft: 0 })
    expect(await readFile(join(cwd, 'some', 'album', 'b'))).to.deep.equal(Buffer.from(content.subarray(70_000, 70_001)))
    expect((await stat(join(cwd, 'some', 'album', 'a'))).blocks * 512, 'of a, the piece they share').to.be.below(9_000)
    const again = rowsOf((await launch('get', album, '-o', 'some', '--files', '2', '--json').ended).stdout)
    expect(again.map(row => row.event)).to.not.include('complete')
    const more = await launch('get', album, '-o', 'some', '--files', '1-2').ended
    expect(more.stdout).to.match(/^complete: 68\.4 KiB in \d+s, every piece verified$/m)
    expect(await readFile(join(cwd, 'some', 'album', 'a'))).to.have.length(70_000)
    const absent = await launch('get', album, '-o', 'some', '--files', '1,c*').ended
    expect([absent.code, absent.stderr]).to.match(
      /^2,shoal: --files: no file is called "c\*"; there are 2 files, numbered 1 to 2: 1 album\/a, 2 album\/b/,
    )
    expect((await launch('get', album, '--files', '1,,2').ended).code).to.equal(2)
    const profile = await launch('get', album, '--files', '1,*.x', '--files', 'b', '--print-profile').ended
    expect([profile.code, profile.stdout], 'refused before anything is printed').to.deep.equal([2, ''])
    const printed = await launch('get', album, '--files', '1', '--files', 'b', '--print-profile').ended
    expect(printed.stdout).to.match(/"files": \[\s*"1",\s*"b"\s*\]/)
  })

  it('fetch the .torrent first where a URL is given, and say when that fails', async () => {
    const torrent = await readFile(join(cwd, album))
    const server = createServer((request, response) => {
      if (request.url === '/moved') response.writeHead(302, { location: '/album.torrent?key=secret' }).end()
      else if (request.url?.startsWith('/album.torrent') === true) response.end(torrent)
      else response.writeHead(request.url === '/page' ? 200 : 404).end('<html>')
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      expect((await launch('get', `${base}/moved`, '-o', 'web').ended).code).to.equal(0)
      expect(await readFile(join(cwd, 'web', 'album', 'a'))).to.have.length(70_000)
      const absent = await launch('get', `${base}/absent?key=secret`, '-o', 'none').ended
      expect(absent.code).to.equal(3)
      expect(absent.stderr).to.include(`${base}/absent could not be fetched: the server answered 404`)
      expect(absent.stderr).to.not.include('secret')
      const page = await launch('get', `${base}/page`, '-o', 'none').ended
      expect([page.code, page.stderr]).to.match(/^2,shoal: .*\/page: not a \.torrent file/)
    } finally {
      server.close()
    }
  })

  it('seed a path of its own, with the hash that share gives, to a peer that is named', async () => {
    const seeder = launch('seed', join('share', 'one.bin'), '--port', '0', '--json')
    const rows = rowsOf((await seeder.until(/"torrent"/)).join('\n'))
    const port = rows[0]?.peers?.split(':').at(-1)
    expect(lines.join('\n')).to.include(`magnet:?xt=urn:btih:${rows[1]?.infoHash}`)
    const file = join('xdg', 'shoal', `${rows[1]?.infoHash}.torrent`)
    const { code, stdout } = await launch('get', file, '-o', 'peer', '--peer', `127.0.0.1:${port}`).ended
    expect(code, stdout).to.equal(0)
    expect(Buffer.compare(await readFile(join(cwd, 'peer', 'one.bin')), content)).to.equal(0)
    seeder.signal('SIGINT')
    expect((await seeder.ended).code).to.equal(0)
  })

  it('go on as a seeder with --seed, and end that with 0', async () => {
    const getter = launch('get', album, '-o', 'both', '--seed')
    await getter.until(/^complete/)
    getter.signal('SIGINT')
    expect((await getter.ended).code).to.equal(0)
  })

  it('end with 130 or 143 when stopped before the end', async () => {
    await mkdir(join(cwd, 'lonely'))
    const seeder = launch('seed', join('share', 'album'), '--port', '0', '--json')
    const infoHash = rowsOf((await seeder.until(/"torrent"/)).join('\n'))[1]?.infoHash
    seeder.signal('SIGTERM')
    expect((await seeder.ended).code).to.equal(0)
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const getter = launch('get', join('xdg', 'shoal', `${infoHash}.torrent`), '-o', 'lonely', '--json')
      await getter.until(/"torrent"/)
      getter.signal(signal)
      const ended = await getter.ended
      expect(ended.code).to.equal(code)
      expect(rowsOf(ended.stdout).at(-1)).to.deep.equal({ event: 'stopped' })
    }
  })

  it('end with start itself, in order, within seconds', async function () {
    this.timeout(10_000)
    node.signal('SIGINT')
    expect((await node.ended).code).to.equal(0)
  })
})
