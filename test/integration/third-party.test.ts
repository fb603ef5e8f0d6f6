// Somebody else's package: run by its own test, loaded by npm name and by path, and explained by a tutorial that cannot rot.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { runCli } from './run-cli.js'
import { same, Workbench } from './workbench.js'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const NAME = 'shoal-selector-edges-first'
const FIXTURE = join(ROOT, 'test/fixtures/third-party/selector-edges-first')
const POLICY = 'shoal-policy-passkey'
const POLICY_FIXTURE = join(ROOT, 'test/fixtures/third-party/policy-passkey')

interface Block {
  /** What stands after the fence: "js", "json profile npm". */
  readonly kind: string
  /** A file name that the text before names last: "`index.js`:". */
  readonly file: string | undefined
  readonly text: string
}

function blocksOf(markdown: string): readonly Block[] {
  const found: Block[] = []
  let before = 0
  for (const match of markdown.matchAll(/^```(.*)\n([^]*?)^```$/gm)) {
    const said = markdown.slice(before, match.index)
    found.push({ kind: match[1] ?? '', file: /`([\w./-]+)`:\s*$/.exec(said)?.[1], text: match[2] ?? '' })
    before = match.index + match[0].length
  }
  return found
}

/** Our package by a link and theirs by copies, as npm would lay them; gives where the selector is. */
function install(bench: Workbench): string {
  const modules = bench.at('node_modules')
  mkdirSync(modules)
  symlinkSync(ROOT, join(modules, 'shoal'))
  cpSync(FIXTURE, join(modules, NAME), { recursive: true })
  cpSync(POLICY_FIXTURE, join(modules, POLICY), { recursive: true })
  return join(modules, NAME)
}

const tutorial = blocksOf(readFileSync(join(ROOT, 'plugins/README.md'), 'utf8'))

describe('a plugin of others', function () {
  this.timeout(60_000)
  let bench: Workbench
  let installed: string

  before(() => {
    bench = new Workbench()
    installed = install(bench)
  })

  after(() => bench.close())

  async function downloads(use: string): Promise<void> {
    const label = use.startsWith('/') ? 'path' : 'npm'
    const made = bench.make(`${label}.bin`, 40 * 16_384 + 5, 16_384)
    const seeder = await bench.seeder(made, `seeder-${label}`)
    await seeder.event('torrent')
    const into = bench.at(`into-${label}`)
    const node = await bench.node({
      dataDir: bench.at(`state-${label}`),
      client: { torrents: [{ file: made.file, into, selector: 'edges-first' }] },
      peers: [`127.0.0.1:${seeder.port}`],
      plugins: [{ use, config: { edgePieces: 3 } }],
    })
    await node.event('complete')
    expect(same(into, made.files)).to.equal(true)
    expect(node.count('warning')).to.equal(0)
  }

  for (const [name, tests] of [
    [NAME, 20],
    [POLICY, 7],
  ] as const) {
    it(`passes its own test, and the compiler, as a package beside ours: ${name}`, () => {
      const cwd = join(installed, '..', name)
      const run = (...args: string[]): string => {
        const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' })
        expect(status, stdout + stderr).to.equal(0)
        return stdout
      }
      const passed = /\bpass (\d+)/.exec(run('--test', '--test-reporter=tap'))?.[1]
      expect(Number(passed)).to.be.above(tests)
      run(join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'jsconfig.json')
    })
  }

  it('is named by explain where it keeps announces on the main thread, and only then', async () => {
    const explained = async (label: string, use: string, config: object): Promise<string> => {
      const profile = bench.at(`${label}.json`)
      const plugins = [{ use: 'builtin:datagrams-mmsg' }, { use, id: 'mine', config }]
      writeFileSync(profile, JSON.stringify({ extends: [join(ROOT, 'config/tracker.json')], plugins }))
      const { code, stdout, stderr } = await runCli(['explain', profile], { cwd: bench.top })
      expect(code, stderr).to.equal(0)
      return stdout
    }
    writeFileSync(
      bench.at('plain-policy.mjs'),
      `import { definePlugin } from 'shoal/plugin'
       import { AnnouncePolicies } from 'shoal/contracts'
       export default definePlugin({
         name: 'plain-policy',
         provides: [AnnouncePolicies],
         setup: ctx => ctx.provide(AnnouncePolicies, { admit: () => null }),
       })`,
    )
    const plain = await explained('plain', './plain-policy.mjs', {})
    expect(plain).to.match(
      /note +answers on the main thread, packet by packet: plugins? [^\n]*"mine"[^\n]* can be asked/,
    )
    expect(plain).to.match(/provides +announce-policies -> tracker, tracker-http\n/)
    const threaded = await explained('threaded', POLICY, { keys: [] })
    expect(threaded).to.not.match(/note +answers on the main thread[^\n]*"mine"/)
    expect(threaded).to.match(/provides +announce-policies -> tracker, tracker-http, in threads too\n/)
  })

  it('downloads with it, found in node_modules by its name', () => downloads(NAME))

  it('downloads with it, loaded from a path', () => downloads(join(FIXTURE, 'index.js')))

  it('refuses an option it does not declare, with the place and the nearest name', async () => {
    const profile = bench.at('misspelt.json')
    const entry = { use: NAME, config: { edgePiece: 3 } }
    writeFileSync(profile, JSON.stringify({ extends: [join(ROOT, 'config/leecher.json')], plugins: [entry] }))
    const { code, stdout, stderr } = await runCli(['check', profile], { cwd: bench.top })
    expect(code).to.equal(2)
    expect(stdout + stderr)
      .to.contain('/plugins/0/config')
      .and.contain('edgePiece')
      .and.contain('"edgePieces"')
  })
})

describe('the tutorial for plugins', function () {
  this.timeout(30_000)
  let bench: Workbench

  before(() => {
    bench = new Workbench()
  })

  after(() => bench.close())

  for (const [file, path] of [
    ['index.js', join(FIXTURE, 'index.js')],
    ['test/edges-first.test.js', join(FIXTURE, 'test/edges-first.test.js')],
    ['package.json', join(FIXTURE, 'package.json')],
    ['passkey-policy.js', join(POLICY_FIXTURE, 'passkey-policy.js')],
    ['policy-passkey/index.js', join(POLICY_FIXTURE, 'index.js')],
  ] as const) {
    it(`shows ${file} as it is`, () => {
      const [block] = tutorial.filter(one => one.file === file)
      expect(block?.text).to.equal(readFileSync(path, 'utf8'))
    })
  }

  for (const { kind, text } of tutorial.filter(block => block.kind.includes('profile'))) {
    it(`shows a ${kind.replace('json ', '')} that stands`, async () => {
      const folder = bench.at(kind)
      mkdirSync(join(folder, 'selectors'), { recursive: true })
      if (kind.endsWith('npm')) install(bench)
      else
        writeFileSync(
          join(folder, 'selectors/edges-first.js'),
          tutorial.find(one => one.file === 'index.js')?.text ?? '',
        )
      const profile = join(folder, 'profile.json')
      const content = JSON.parse(text) as Record<string, unknown>
      writeFileSync(profile, JSON.stringify({ extends: [join(ROOT, 'config/leecher.json')], ...content }))
      const { code, stdout, stderr } = await runCli(['check', profile], { cwd: bench.top })
      expect(code, stdout + stderr).to.equal(0)
    })
  }

  it('has two such profiles, and names no suite that there is not', async () => {
    expect(tutorial.filter(block => block.kind.includes('profile'))).to.have.length(2)
    const kit = new Set(Object.keys(await import('../conformance/index.js')))
    const named = [...readFileSync(join(ROOT, 'plugins/README.md'), 'utf8').matchAll(/`(\w+Cases)`/g)].map(
      m => m[1] ?? '',
    )
    expect(named.filter(name => !kit.has(name))).to.deep.equal([])
    expect([...kit].filter(name => name.endsWith('Cases') && !named.includes(name))).to.deep.equal([])
  })

  it('is told in short by the README, whose selector works as a lone file beside a profile', async () => {
    const [block] = blocksOf(readFileSync(join(ROOT, 'README.md'), 'utf8')).filter(one => one.kind === 'js')
    const alone = mkdtempSync(join(tmpdir(), 'shoal-lone-'))
    writeFileSync(join(alone, 'edges-first.mjs'), block?.text ?? '')
    const profile = join(alone, 'profile.json')
    const plugins = [{ use: './edges-first.mjs' }, { id: 'client', config: { selector: 'edges-first' } }]
    writeFileSync(profile, JSON.stringify({ extends: [join(ROOT, 'config/leecher.json')], plugins }))
    const { code, stdout, stderr } = await runCli(['explain', profile], { cwd: alone })
    rmSync(alone, { recursive: true })
    expect(code, stderr).to.equal(0)
    expect(stdout).to.contain('selector-edges-first')
  })
})
