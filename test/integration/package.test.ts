// The package as somebody else's program meets it: types by TypeScript, modules by Node, through a node_modules folder.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const run = promisify(execFile)

/** Every line that must not compile says so; were a type lost to `any`, it would compile. */
const PROGRAM = `
import { Api, startNode, type NodeApi } from 'shoal'
import { definePlugin, errorTable, NodeError, path, token, z, type Lifecycle } from 'shoal/plugin'
import { bestScore, PieceSelectors, Storages, type PieceSelector, type SwarmView } from 'shoal/contracts'
import { ManualClock, pieceSelectorCases, register, type ConformanceCase } from 'shoal/conformance'

const Lamps = token.many<{ watts: number }>('example/lamps')
const errors = errorTable({ ERR_EDGE: 'operator' })

const factory = {
  create(view: SwarmView): PieceSelector {
    return { pick: peer => bestScore(view, peer, piece => view.availability[piece] ?? 0) }
  },
}

export const zodPlugin = definePlugin({
  name: 'edges',
  config: z.strictObject({ edge: z.int().default(4), file: path() }),
  optional: [Lamps],
  provides: [PieceSelectors],
  setup(ctx): Lifecycle {
    const watts: number = ctx.all(Lamps).reduce((sum, lamp) => sum + lamp.watts, ctx.config.edge)
    // @ts-expect-error an option that is a number
    const edge: string = ctx.config.edge
    // @ts-expect-error a token that the manifest does not name
    ctx.named(Storages)
    // @ts-expect-error no piece selector
    ctx.provideNamed(PieceSelectors, 'none', { create: () => 1 })
    if (watts < 0) throw errors.make('ERR_EDGE', edge)
    ctx.provideNamed(PieceSelectors, 'edges', factory)
    return { stop: () => ctx.host.log.info('bye') }
  },
})

export const schemaPlugin = definePlugin({
  name: 'plain',
  config: { type: 'object', properties: { edge: { type: 'integer', default: 4 }, name: { type: 'string' } } },
  setup(ctx) {
    const edge: number = ctx.config.edge
    // @ts-expect-error not given, and without a default
    const name: string = ctx.config.name
    ctx.host.clock.after(edge, () => ctx.host.log.info(name))
  },
})

const cases: ConformanceCase[] = pieceSelectorCases(factory)
register('edges', cases)
new ManualClock().now()

export async function serve(): Promise<number> {
  const kernel = await startNode('profile.json', { log: 'warn', set: ['client.listen=127.0.0.1:0'] })
  const api: NodeApi | undefined = kernel.find(Api)
  // @ts-expect-error may not be there
  kernel.find(Api).snapshot()
  const stop = api?.observe(event => NodeError.is(event.event))
  stop?.()
  await kernel.stop()
  return api?.snapshot().torrents.length ?? 0
}
`

const MODULES = `
const names = await Promise.all(
  ['shoal', 'shoal/plugin', 'shoal/contracts', 'shoal/conformance'].map(async name => Object.keys(await import(name))),
)
const [main, plugin, contracts, conformance] = names
if (!main.includes('startNode') || !plugin.includes('definePlugin')) throw new Error(names.join('; '))
if (!contracts.includes('PieceSelectors') || !conformance.includes('storageCases')) throw new Error(names.join('; '))
await import('shoal/core/kernel/kernel.js').then(
  () => { throw new Error('what is not published can be imported') },
  error => { if (error.code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error },
)
`

describe('the package', function () {
  this.timeout(60_000)
  let folder = ''

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'shoal-package-'))
    await mkdir(join(folder, 'node_modules'))
    await symlink(root, join(folder, 'node_modules', 'shoal'), 'junction')
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  })

  after(() => rm(folder, { recursive: true }))

  it('has types for a program of somebody else, with and without those of Node', async () => {
    const compilerOptions = {
      module: 'nodenext',
      moduleResolution: 'nodenext',
      target: 'es2023',
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      noEmit: true,
    }
    await writeFile(join(folder, 'use.ts'), PROGRAM)
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    for (const surroundings of [
      { lib: ['es2024', 'dom'], types: [] },
      { lib: ['es2024'], types: ['node'], typeRoots: [join(root, 'node_modules', '@types')] },
    ]) {
      const settings = { compilerOptions: { ...compilerOptions, ...surroundings }, files: ['use.ts'] }
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings))
      const said = await run(process.execPath, [tsc, '-p', folder]).catch((error: { stdout: string }) => error)
      expect(said.stdout).to.equal('')
    }
  })

  it('has modules for it, and only those that are published', async () => {
    await writeFile(join(folder, 'use.js'), MODULES)
    await run(process.execPath, [join(folder, 'use.js')])
  })

  it('runs a node in a program, as the README shows', async () => {
    const text = await readFile(join(root, 'core', 'main', 'README.md'), 'utf8')
    const example = /```js\n([^]*?)```/.exec(text)?.[1] ?? ''
    await writeFile(join(folder, 'example.js'), example)
    const { stdout } = await run(process.execPath, ['example.js'], { cwd: folder })
    expect(stdout).to.match(/^\[ 'http:\/\/127\.0\.0\.1:\d+\/announce' \]\n$/)
  })

  it('has a lock file with all that may be installed on any platform, and no host to get it from', async () => {
    const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<Record<string, { resolved?: string; optionalDependencies?: Record<string, string> }>>
    }
    const locked = Object.entries(lock.packages)
    expect(locked.filter(([, entry]) => entry.resolved !== undefined)).to.deep.equal([])
    const optional = locked.flatMap(([, entry]) => Object.keys(entry.optionalDependencies ?? {}))
    expect(optional).to.include('@oxlint/binding-darwin-arm64')
    // npm leaves out what the registry at hand lacks, and then refuses the file: "npm ci" wants them all.
    expect(optional.filter(name => lock.packages[`node_modules/${name}`] === undefined)).to.deep.equal([])
  })

  it('packs what it and its profiles point at, and no tests but the conformance kit', async () => {
    const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      maxBuffer: 1 << 24,
      shell: process.platform === 'win32',
    })
    const [packed] = JSON.parse(stdout) as [{ readonly files: ReadonlyArray<{ readonly path: string }> }]
    const files = new Set(packed.files.map(file => file.path))
    const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      readonly bin: Readonly<Record<string, string>>
      readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
    }
    const targets = Object.values(manifest.exports).flatMap(to => (typeof to === 'string' ? to : Object.values(to)))
    for (const path of [...Object.values(manifest.bin), ...targets, 'LICENSE', 'README.md']) {
      expect(files).to.include(path.replace(/^\.\//, ''))
      expect(existsSync(join(root, path)), path).to.equal(true)
    }
    const profiles = [...files].filter(path => /^config\/(?!profile\.schema)/.test(path))
    expect(profiles).to.include('config/tracker-seeder.json')
    for (const profile of profiles) {
      const named = [...(await readFile(join(root, profile), 'utf8')).matchAll(/"(\.\.?\/[^"]+\.js(?:on)?)"/g)]
      for (const [, to = ''] of named) expect(files, profile).to.include(posix.join('config', to))
    }
    const shipped = /^(dist\/(core|plugins|test\/conformance)\/|config\/|test\/fixtures\/third-party\/|[^/]+$)/
    for (const path of files) expect(path).to.match(shipped)
  })
})
