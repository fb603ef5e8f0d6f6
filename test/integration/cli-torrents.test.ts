// create, show and verify as people and scripts run them.
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { encodeBencode } from '../../core/protocol/bencode.js'
import { parseMetainfo } from '../../core/protocol/metainfo.js'
import { runCli, type CliOutcome } from './run-cli.js'

const PIECE = 16384

/** Bytes that differ from piece to piece and file to file. */
function content(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (seed * 31 + (i >> 14) * 7 + i) & 0xff)
}

describe('create, show and verify', () => {
  let folder = ''
  const shoal = (...args: string[]): Promise<CliOutcome> => runCli(args, { cwd: folder })
  const row = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { stdout } = await shoal(...args, '--json')
    return JSON.parse(stdout) as Record<string, unknown>
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'shoal-torrents-'))
    await mkdir(join(folder, 'set/sub'), { recursive: true })
    await writeFile(join(folder, 'set/b.bin'), content(3 * PIECE + 100, 1))
    await writeFile(join(folder, 'set/sub/a'), content(5 * PIECE, 2))
    await writeFile(join(folder, 'set/empty'), '')
    await writeFile(join(folder, 'set/.hidden'), 'not for others')
    await symlink('b.bin', join(folder, 'set/link'))
    await writeFile(join(folder, 'one.bin'), content(100_000, 3))
  })

  after(() => rm(folder, { recursive: true }))

  it('makes a torrent of a folder: no links, no dot names, tiers as given', async () => {
    const tiers = ['--announce', 'http://a.example/announce,udp://b.example:80', '--announce', 'udp://c.example:6969']
    const made = await row('create', 'set', ...tiers)
    const read = parseMetainfo(new Uint8Array(await readFile(join(folder, 'set.torrent'))))
    expect(made).to.include({ name: 'set', bytes: 8 * PIECE + 100, pieces: 9, pieceLength: PIECE, files: 3 })
    expect(made['file']).to.equal(join(folder, 'set.torrent'))
    expect(made['infoHash']).to.equal(Buffer.from(read.infoHash).toString('hex'))
    expect(made['magnet']).to.match(/^magnet:\?xt=urn:btih:[0-9a-f]{40}&dn=set&tr=http%3A%2F%2Fa/)
    expect(read.files.map(file => file.path.join('/'))).to.deep.equal(['set/b.bin', 'set/empty', 'set/sub/a'])
    expect(read.trackers).to.deep.equal([['http://a.example/announce', 'udp://b.example:80'], ['udp://c.example:6969']])
    expect(read.createdBy).to.match(/^Shoal \d/)
    expect((await stat(join(folder, 'set.torrent'))).mode & 0o777).to.equal(0o644)
  })

  it('makes a torrent of a file, with all that can be said', async () => {
    const said = ['--piece-length', '32K', '--private', '--name', 'two.bin', '--comment', 'c', '--source', 's']
    const made = await shoal('create', 'one.bin', '-o', 'x.torrent', ...said)
    expect(made).to.include({ code: 0, stderr: '' })
    const read = parseMetainfo(new Uint8Array(await readFile(join(folder, 'x.torrent'))))
    expect(read).to.include({ name: 'two.bin', private: true, comment: 'c', source: 's' })
    expect(read.geometry.pieceLength).to.equal(32768)
    expect(read.trackers).to.deep.equal([])
    // Again, the same: the info-hash depends on the content alone.
    const again = await row('create', 'one.bin', '-o', 'y.torrent', ...said)
    expect(made.stdout).to.contain(String(again['infoHash']))
  })

  it('says what is wrong with what it is asked, and ends with 2', async () => {
    await mkdir(join(folder, 'nothing'))
    const wrong: [string[], RegExp][] = [
      [['create', 'absent'], /absent: no such file/],
      [['create', 'nothing'], /no bytes/],
      [['create', 'one.bin', '--piece-length', '1000'], /power of two/],
      [['create', 'one.bin', '--piece-length', 'large'], /number of bytes/],
      [['create', 'one.bin', '--announce', 'file:///etc/passwd'], /no http, https or udp URL/],
      [['create', 'one.bin', '--name', '../up'], /rename it/],
      [['create', 'one.bin', '-o', 'absent/x.torrent'], /no such file or folder/],
      [['create'], /missing required argument/],
      [['show', 'absent.torrent'], /no such file/],
      [['show', 'one.bin'], /not a \.torrent file/],
      [['show', 'set'], /folder|regular file/],
      [['verify', 'one.bin', '.'], /not a \.torrent file/],
    ]
    for (const [args, text] of wrong) {
      const { code, stdout, stderr } = await shoal(...args)
      expect([code, stdout], args.join(' ')).to.deep.equal([args[1] === 'set' ? 3 : 2, ''])
      expect(stderr, args.join(' ')).to.match(text)
      expect(stderr, args.join(' ')).to.not.match(/ {4}at /)
    }
  })

  it('shows what is in a torrent, without letting it speak to the terminal', async () => {
    const info = { name: 'n\u001b[2J', 'piece length': PIECE, pieces: new Uint8Array(20), length: 5, private: 1 }
    const comment = 'red \u001b[31m\u202e\nfiles        other'
    await writeFile(join(folder, 'odd.torrent'), encodeBencode({ announce: 'http://x/a', comment, info }))
    const { code, stdout } = await shoal('show', 'odd.torrent')
    expect(code).to.equal(0)
    expect(stdout).to.not.match(/[^\n\P{Cc}]|\u202e/u)
    expect(stdout.split('\n').filter(line => line.startsWith('files'))).to.deep.equal(['files        1  n_[2J  5 B'])
    expect(stdout).to.match(/^private {6}yes$/m)
    const shown = await row('show', 'odd.torrent')
    expect(shown).to.include({ name: 'n_[2J', kind: 'v1', bytes: 5, pieces: 1, private: true, comment })
    expect(shown['files']).to.deep.equal([{ number: 1, path: 'n_[2J', bytes: 5 }])
    expect(shown['trackers']).to.deep.equal([['http://x/a']])
  })

  it('verifies: 0 when all is right, 4 and the places when not', async () => {
    await shoal('create', 'set', '-o', 'v.torrent')
    const verdict = (where = '.'): Promise<Record<string, unknown>> => row('verify', 'v.torrent', where)
    expect(await verdict()).to.deep.include({ ok: true, pieces: 9, good: 9, bad: [], files: [] })
    expect(await shoal('verify', 'v.torrent', '.')).to.include({ code: 0, stdout: 'set: all 9 pieces are right\n' })

    const whole = content(3 * PIECE + 100, 1)
    const damaged = Uint8Array.from(whole)
    damaged[PIECE + 5]! ^= 1
    await writeFile(join(folder, 'set/b.bin'), damaged)
    expect(await verdict()).to.deep.include({ ok: false, good: 8, bad: [1], files: ['set/b.bin'] })
    const told = await shoal('verify', 'v.torrent', '.')
    expect(told).to.include({ code: 4, stderr: '' })
    expect(told.stdout).to.equal('set: 1 of 9 pieces are wrong: 1\n  damaged or missing: set/b.bin\n')

    // The last piece of the short file holds the beginning of the next.
    await truncate(join(folder, 'set/b.bin'), 3 * PIECE + 99)
    expect(await verdict()).to.deep.include({ bad: [1, 3], files: ['set/b.bin', 'set/sub/a'] })
    await writeFile(join(folder, 'set/b.bin'), whole)
    await rm(join(folder, 'set/sub/a'))
    expect(await verdict()).to.deep.include({ bad: [3, 4, 5, 6, 7, 8], files: ['set/b.bin', 'set/sub/a'] })
    await mkdir(join(folder, 'set/sub/a'))
    expect(await verdict()).to.deep.include({ good: 3 })
    await rm(join(folder, 'set/sub/a'), { recursive: true })
    await writeFile(join(folder, 'set/sub/a'), content(5 * PIECE, 2))
    await rm(join(folder, 'set/empty'))
    expect(await verdict()).to.deep.include({ ok: false, bad: [], files: ['set/empty'] })
    await writeFile(join(folder, 'set/empty'), '')
    expect(await verdict('nowhere')).to.deep.include({ ok: false, good: 0, bad: [0, 1, 2, 3, 4, 5, 6, 7, 8] })
    expect(await verdict()).to.include({ ok: true })
  })

  it('verifies content with padding between its files', async () => {
    const file = content(100, 9)
    const { createHash } = await import('node:crypto')
    const padded = new Uint8Array(2 * PIECE)
    padded.set(file)
    padded.set(file, PIECE)
    const digest = (from: number, to: number): Buffer => createHash('sha1').update(padded.subarray(from, to)).digest()
    const pieces = Buffer.concat([digest(0, PIECE), digest(PIECE, PIECE + 100)])
    const files = [
      { length: 100, path: ['a'] },
      { attr: 'p', length: PIECE - 100, path: ['.pad', String(PIECE - 100)] },
      { length: 100, path: ['b'] },
    ]
    const info = { name: 'padded', 'piece length': PIECE, pieces: new Uint8Array(pieces), files }
    await writeFile(join(folder, 'padded.torrent'), encodeBencode({ info }))
    await mkdir(join(folder, 'padded'))
    await writeFile(join(folder, 'padded/a'), file)
    await writeFile(join(folder, 'padded/b'), file)
    expect(await row('verify', 'padded.torrent', '.')).to.deep.include({ ok: true, good: 2, files: [] })
    await rm(join(folder, 'padded/b'))
    expect(await row('verify', 'padded.torrent', '.')).to.deep.include({ bad: [1], files: ['padded/b'] })
  })

  it('shows a torrent of version 2 only, and says that it cannot be verified', async () => {
    const root = new Uint8Array(32).fill(1)
    const tree = { f: { '': { length: 5, 'pieces root': root } } }
    const info = { 'file tree': tree, 'meta version': 2, name: 'f', 'piece length': PIECE }
    await writeFile(join(folder, 'v2.torrent'), encodeBencode({ info }))
    const { stdout } = await shoal('show', 'v2.torrent')
    expect(stdout).to.match(/^version {6}2 only/m)
    expect(stdout).to.match(/urn:btmh:1220[0-9a-f]{64}&dn=f$/m)
    expect(await shoal('verify', 'v2.torrent', '.')).to.include({ code: 2, stdout: '' })
  })

  function available(program: string): boolean {
    return spawnSync(program, ['--version']).error === undefined
  }

  it('agrees with mktorrent on the info-hash [needs mktorrent]', async function () {
    if (!available('mktorrent')) this.skip()
    const run = spawnSync('mktorrent', ['-l', '15', '-o', 'mk.torrent', 'one.bin'], { cwd: folder, encoding: 'utf8' })
    expect(run.status, run.stdout + run.stderr).to.equal(0)
    const theirs = parseMetainfo(new Uint8Array(await readFile(join(folder, 'mk.torrent'))))
    const ours = await row('create', 'one.bin', '-o', 'ours.torrent', '--piece-length', '32K')
    expect(ours['infoHash']).to.equal(Buffer.from(theirs.infoHash).toString('hex'))
  })

  it('is read by transmission-show as it was meant [needs transmission-show]', async function () {
    if (!available('transmission-show')) this.skip()
    const made = await row('create', 'set', '-o', 't.torrent', '--announce', 'http://a.example/announce', '--private')
    const { stdout } = spawnSync('transmission-show', ['t.torrent'], { cwd: folder, encoding: 'utf8' })
    expect(stdout).to.contain(`Hash: ${String(made['infoHash'])}`)
    expect(stdout).to.match(/Piece Count: 9\n/)
    expect(stdout).to.match(/Privacy: Private torrent/)
    for (const name of ['set/b.bin', 'set/sub/a', 'http://a.example/announce']) expect(stdout).to.contain(name)
  })
})
