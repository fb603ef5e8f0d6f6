// The table of import directions, proved on the configuration that `npm run lint` uses: every forbidden import stands
// on a line of a file of the layer it is forbidden in, and oxlint must refuse that line; every allowed one must pass.
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { root } from './tree.js'

const LAYERS = ['base', 'protocol', 'contracts', 'kernel', 'torrent', 'tracker', 'sim', 'main'] as const
const IO = ['net', 'dgram', 'http', 'fs', 'fs/promises', 'worker_threads', 'dns', 'process', 'timers', 'os', 'events']
const PACKAGES = [
  'bencode',
  'commander',
  'dgram-as-promised',
  'ipaddr.js',
  'koffi',
  'pino',
  'prom-client',
  'tsyringe',
  'undici',
  'zod',
  'mocha',
  'chai',
]

interface Row {
  /** A file of the layer. */
  readonly from: string
  readonly layers: readonly string[]
  readonly packages?: readonly string[]
  readonly node?: 'none' | 'hash' | 'names' | 'all'
}

const rows: readonly Row[] = [
  { from: 'core/base/probe.ts', layers: ['base'], packages: ['ipaddr.js'] },
  { from: 'core/protocol/probe.ts', layers: ['base', 'protocol'], packages: ['bencode'], node: 'hash' },
  { from: 'core/contracts/probe.ts', layers: ['base', 'protocol', 'contracts'] },
  { from: 'core/kernel/probe.ts', layers: ['base', 'kernel'], packages: ['zod'], node: 'names' },
  { from: 'core/kernel/scope.ts', layers: ['base', 'kernel'], packages: ['tsyringe'] },
  { from: 'core/torrent/probe.ts', layers: ['base', 'protocol', 'contracts', 'torrent'], node: 'hash' },
  { from: 'core/tracker/probe.ts', layers: ['base', 'protocol', 'contracts', 'tracker'], node: 'hash' },
  { from: 'core/sim/probe.ts', layers: ['base', 'protocol', 'contracts', 'kernel', 'sim'], node: 'hash' },
  {
    from: 'core/main/probe.ts',
    layers: ['base', 'protocol', 'contracts', 'kernel', 'main'],
    packages: ['commander', 'pino', 'undici'],
    node: 'all',
  },
  { from: 'plugins/probe/probe.ts', layers: ['base', 'protocol', 'contracts'], node: 'hash' },
  { from: 'plugins/client/probe.ts', layers: ['base', 'protocol', 'contracts', 'torrent'], node: 'hash' },
  { from: 'plugins/tracker/probe.ts', layers: ['base', 'protocol', 'contracts', 'tracker'], node: 'hash' },
  { from: 'plugins/tracker-probe/probe.ts', layers: ['base', 'protocol', 'contracts', 'tracker'], node: 'hash' },
  { from: 'plugins/metrics-prometheus/probe.ts', layers: ['base', 'protocol', 'contracts'], packages: ['prom-client'] },
  { from: 'plugins/sim-probe/probe.ts', layers: ['base', 'protocol', 'contracts', 'sim'], node: 'hash' },
  {
    from: 'plugins/host-node/probe.ts',
    layers: ['base', 'protocol', 'contracts'],
    packages: ['dgram-as-promised', 'undici'],
    node: 'all',
  },
  { from: 'plugins/transport-tcp/probe.ts', layers: ['base', 'protocol', 'contracts'], node: 'all' },
  { from: 'plugins/storage-file/probe.ts', layers: ['base', 'protocol', 'contracts'], node: 'all' },
  { from: 'plugins/datagrams-mmsg/probe.ts', layers: ['base', 'protocol', 'contracts'], node: 'all' },
  {
    from: 'plugins/datagrams-mmsg/system-calls.ts',
    layers: ['base', 'protocol', 'contracts'],
    packages: ['koffi'],
    node: 'all',
  },
]

type Verdict = 'allowed' | 'refused'
interface Probe {
  readonly code: string
  readonly verdict: Verdict
}

/** Path to its lines. */
const files = new Map<string, Probe[]>()

/** One line of the file; `$` becomes a number of its own. */
function probe(path: string, code: string, ok: boolean): void {
  const lines = files.get(path) ?? []
  files.set(path, lines)
  lines.push({ code: code.replaceAll('$', String(lines.length)), verdict: ok ? 'allowed' : 'refused' })
}

/** Every way to write an import. */
function imports(path: string, target: string, ok: boolean): void {
  probe(path, `export * from '${target}'`, ok)
  probe(path, `import { a$ } from '${target}'`, ok)
  probe(path, `import type { T$ } from '${target}'`, ok)
  probe(path, `export type { U$ } from '${target}'`, ok)
  probe(path, `export const later$ = import('${target}')`, ok)
  probe(path, `import r$ = require('${target}')`, ok)
}

for (const { from, layers, packages = [], node = 'none' } of rows) {
  const plugin = from.startsWith('plugins/')
  const own = from.split('/')[1]
  imports(from, './other.js', true)
  for (const layer of LAYERS) {
    if (plugin) imports(from, `../../core/${layer}/other.js`, layers.includes(layer))
    else if (layer !== own) imports(from, `../${layer}/other.js`, layers.includes(layer))
  }
  if (plugin) imports(from, '../../core/kernel/plugin.js', true)
  imports(from, plugin ? '../another/index.js' : '../../plugins/another/index.js', false)
  imports(from, '../../test/conformance/index.js', false)
  imports(from, 'shoal/contracts', false)
  for (const name of PACKAGES) imports(from, name, packages.includes(name))
  for (const name of IO) imports(from, `node:${name}`, node === 'all')
  for (const name of ['node:path', 'node:url']) imports(from, name, node === 'all' || node === 'names')
  probe(from, `import { createHash as c$ } from 'node:crypto'`, node === 'hash' || node === 'all')
  probe(from, `import { randomBytes as r$ } from 'node:crypto'`, node === 'all')
  probe(from, `import * as n$ from 'node:crypto'`, node === 'all')
  probe(from, `import d$ from 'node:crypto'`, node === 'all')
  // oxlint reads a type written in place, import('x').T, as no import at all: another rule forbids the form itself.
  probe(from, `export type In$ = import('../../core/torrent/session.js').Session`, false)
}

// The world comes through contracts, and only the command line speaks to a terminal.
const IMPURE = [
  'Date.now()',
  'new Date()',
  'performance.now()',
  'setTimeout(() => {}, 1)',
  'setInterval(() => {}, 1)',
  'setImmediate(() => {})',
  'queueMicrotask(() => {})',
  'process.hrtime()',
  'process.env',
  'Math.random()',
  'AbortSignal.timeout(1)',
  'globalThis.setTimeout(() => {}, 1)',
  'globalThis.process',
  'crypto.randomUUID()',
  `fetch('x:y')`,
]
const PURE = [
  'core/base',
  'core/protocol',
  'core/contracts',
  'core/kernel',
  'core/torrent',
  'core/tracker',
  'plugins/any',
]
for (const folder of PURE) {
  for (const code of [...IMPURE, 'console.log(1)']) probe(`${folder}/impure.ts`, `export const x$ = ${code}`, false)
}
for (const folder of ['host-node', 'transport-tcp', 'storage-file', 'datagrams-mmsg'].map(name => `plugins/${name}`)) {
  for (const code of IMPURE) probe(`${folder}/impure.ts`, `export const x$ = ${code}`, true)
  for (const code of ['console.log(1)', 'process.exit(1)']) probe(`${folder}/impure.ts`, code, false)
}
for (const code of ['console.log(1)', 'process.exit(1)', 'process.argv']) probe('core/main/impure.ts', code, true)
for (const code of ['Date.now()', 'setTimeout(() => {}, 1)', 'Math.random()']) probe('core/main/impure.ts', code, false)
for (const code of IMPURE) probe('core/main/host.ts', `export const x$ = ${code}`, true)
for (const code of IMPURE) probe('core/sim/world.ts', `export const x$ = ${code}`, true)

for (const layer of LAYERS.filter(name => name !== 'main')) {
  const ok = ['base', 'protocol', 'contracts', 'kernel'].includes(layer)
  imports('core/main/commands/probe.ts', `../../${layer}/other.js`, ok)
}
imports('core/main/commands/probe.ts', '../node.js', true)
imports('core/main/commands/probe.ts', 'commander', true)
imports('core/main/commands/probe.ts', '../../../plugins/client/index.js', false)
for (const layer of ['contracts', 'kernel', 'main', 'torrent', 'tracker', 'sim']) {
  imports('core/index.ts', `./${layer}/other.js`, ['contracts', 'kernel', 'main'].includes(layer))
}

// The conformance kit runs under any test runner.
imports('test/conformance/probe.ts', 'node:assert/strict', true)
imports('test/conformance/probe.ts', '../../core/contracts/index.js', true)
for (const name of ['mocha', 'chai', 'fast-check', 'node:fs', '../../plugins/client/index.js', '../plugins/x.js']) {
  imports('test/conformance/probe.ts', name, false)
}

const RULES = /no-restricted-|no-console|no-process-exit|annotations are forbidden/

/** "path:line" of each line that a rule of ours refuses. */
function refusedLines(folder: string): ReadonlySet<string> {
  const oxlint = join(root, 'node_modules/.bin/oxlint')
  const { stdout } = spawnSync(oxlint, ['--format', 'unix', '.'], { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 28 })
  const lines = new Set<string>()
  for (const line of stdout.split('\n')) {
    const found = /^(?:\.\/)?([^:]+:\d+):\d+: (.*)$/.exec(line)
    if (found?.[1] !== undefined && RULES.test(found[2] ?? '')) lines.add(found[1])
  }
  return lines
}

describe('import directions', () => {
  let folder: string
  let refused: ReadonlySet<string>

  before(function () {
    this.timeout(30_000)
    folder = mkdtempSync(join(tmpdir(), 'shoal-directions-'))
    copyFileSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    for (const [path, lines] of files) {
      mkdirSync(join(folder, dirname(path)), { recursive: true })
      writeFileSync(join(folder, path), lines.map(({ code }) => `${code}\n`).join(''))
    }
    refused = refusedLines(folder)
  })

  after(() => rmSync(folder, { recursive: true }))

  for (const [path, lines] of files) {
    it(`of ${path} are as the table says, in ${lines.length} lines`, () => {
      const wrong = lines.flatMap(({ code, verdict }, i) =>
        refused.has(`${path}:${i + 1}`) === (verdict === 'refused') ? [] : [`must be ${verdict}: ${code}`],
      )
      expect(wrong).to.deep.equal([])
    })
  }
})
