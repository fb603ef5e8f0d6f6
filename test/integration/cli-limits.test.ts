// Limits on the command line, as far as the profile it makes of them.
import { expect } from 'chai'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { encodeBencode } from '../../core/protocol/bencode.js'
import { RunningCli } from './run-cli.js'

describe('limits on the command line', () => {
  let cwd: string

  before(() => {
    cwd = fs.mkdtempSync(path.join(os.tmpdir(), 'shoal-cli-limits-'))
    const info = { name: 'one.bin', 'piece length': 16_384, length: 1, pieces: new Uint8Array(20) }
    fs.writeFileSync(path.join(cwd, 'one.torrent'), encodeBencode({ info }))
    fs.writeFileSync(path.join(cwd, 'one.bin'), 'x')
  })

  after(() => fs.rmSync(cwd, { recursive: true }))

  const run = (...words: readonly string[]) => new RunningCli(words, { cwd }).ended

  for (const source of [
    ['get', 'one.torrent'],
    ['seed', 'one.bin'],
  ]) {
    it(`become options of the client for ${source[0]}`, async () => {
      const limits = ['--limit-down', '5 MiB/s', '--limit-up', '800kB']
      const { code, stdout } = await run(...source, ...limits, '--print-profile')
      expect(code).to.equal(0)
      const profile = JSON.parse(stdout) as { readonly plugins: { readonly use: string; readonly config?: object }[] }
      const client = profile.plugins.find(entry => entry.use === 'builtin:client')
      expect(client?.config).to.deep.include({ limits: { down: '5 MiB/s', up: '800kB' } })
      fs.writeFileSync(path.join(cwd, 'printed.json'), stdout)
      expect((await run('check', 'printed.json')).code).to.equal(0)
    })
  }

  it('are refused where they are no rate, or too low a one', async () => {
    for (const word of ['fast', '0', '5 MiB/h', '500']) {
      const { code, stderr } = await run('get', 'one.torrent', '--limit-down', word)
      expect(code).to.equal(2)
      expect(stderr).to.match(/at least 1 KiB\/s/)
    }
  })

  it('are left out where none is named', async () => {
    const { stdout } = await run('get', 'one.torrent', '--print-profile')
    expect(stdout).not.to.match(/"limits"/)
  })
})
