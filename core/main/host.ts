// The real world for a kernel: the system's clock, randomness and log, files and modules. The only impure file of core.
import { randomBytes, randomFillSync } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { register } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Clock } from '../base/clock.js'
import type { Host } from '../base/host.js'
import { createRandom } from '../base/random.js'
import type { KernelOptions } from '../kernel/kernel.js'
import { createLog, type Log, type LogOptions } from './log.js'

export interface System extends Pick<KernelOptions, 'env' | 'workingDir' | 'readText' | 'importModule' | 'builtins'> {
  readonly host: Host
  readonly log: Log
}

export const PACKAGE = new URL('../../../', import.meta.url)
const BUILD = new URL('../../', import.meta.url)
const PLUGINS = new URL('plugins/', BUILD)

export async function createSystem(log: LogOptions): Promise<System> {
  const lines = await createLog(log)
  return {
    host: {
      clock: systemClock,
      random: createRandom(randomBytes(4).readUInt32BE()),
      entropy: { fill: out => void randomFillSync(out) },
      log: lines,
    },
    log: lines,
    env: process.env,
    workingDir: process.cwd(),
    readText: path => readFile(path, 'utf8'),
    importModule,
    builtins,
  }
}

/** A setTimeout takes no more than this. */
const LONGEST = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => performance.now(),
  epoch: () => Date.now(),
  utcOffset: epoch => -new Date(epoch).getTimezoneOffset(),
  after(ms, run) {
    const due = performance.now() + ms
    let timer: NodeJS.Timeout
    const wait = (): void => {
      const left = due - performance.now()
      timer = setTimeout(left > LONGEST ? wait : fire, Math.min(LONGEST, Math.ceil(left)))
    }
    // Node may fire a fraction of a millisecond early.
    const fire = (): void => (performance.now() < due ? wait() : run())
    wait()
    return { cancel: () => clearTimeout(timer) }
  },
  every(ms, run) {
    const timer = setInterval(run, Math.min(LONGEST, ms))
    return { cancel: () => clearInterval(timer) }
  },
}

let hooked = false

/** Imports a file. Before the first that is not ours, "shoal" and "shoal/..." are bound to this running copy. */
async function importModule(path: string): Promise<unknown> {
  const url = pathToFileURL(path)
  if (!hooked && !url.href.startsWith(BUILD.href)) {
    hooked = true
    register(new URL('resolve-hook.js', import.meta.url), { data: await publicModules() })
  }
  return import(url.href) as Promise<unknown>
}

/** "shoal/plugin" and its like, with the file of each, as package.json has them. */
async function publicModules(): Promise<Record<string, string>> {
  const manifest = JSON.parse(await readFile(new URL('package.json', PACKAGE), 'utf8')) as {
    readonly name: string
    readonly exports: Readonly<Record<string, { readonly default?: string } | string>>
  }
  const found: Record<string, string> = {}
  for (const [key, target] of Object.entries(manifest.exports)) {
    const file = typeof target === 'string' ? target : target.default
    if (file !== undefined) found[manifest.name + key.slice(1)] = new URL(file, PACKAGE).href
  }
  return found
}

export async function builtins(): Promise<readonly string[]> {
  const entries = await readdir(fileURLToPath(PLUGINS), { withFileTypes: true })
  return entries.filter(entry => entry.isDirectory()).map(entry => entry.name)
}
