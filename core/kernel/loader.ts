// From the text after "use" to a plugin: the module is found, imported, and its manifest checked. Only what a profile
// names is ever loaded.
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Timer } from '../base/clock.js'
import { messageOf } from '../base/errors.js'
import type { Host } from '../base/host.js'
import { placeOf, type Origin } from './document.js'
import type { KernelCode } from './errors.js'
import { show, suggest, type Fault } from './faults.js'
import { faultyManifest, isPlugin, type LoadedPlugin } from './manifest.js'

export interface ModuleLoader {
  readonly host: Pick<Host, 'clock'>
  readText(path: string): Promise<string>
  /** Imports the module in this file. */
  importModule(path: string): Promise<unknown>
  /** Names of the built-in plugins, for hints. */
  builtins?(): Promise<readonly string[]>
}

const IMPORT_MS = 30_000
const PLUGINS = fileURLToPath(new URL('../../plugins/', import.meta.url))

/** The plugin, or null with the reason in `faults`. */
export async function loadPlugin(
  loader: ModuleLoader,
  use: string,
  from: Origin,
  faults: Fault[],
): Promise<{ readonly plugin: LoadedPlugin; readonly file: string } | null> {
  const fault = (code: KernelCode, found: string, expected: string, hint: string): null => {
    faults.push({ code, place: placeOf(from), found, expected, hint })
    return null
  }
  const file = await locateModule(loader, use, from, fault)
  if (file === null) return null
  let module: unknown
  try {
    module = await importInTime(loader, file)
  } catch (error) {
    if (isMissing(error, file)) {
      if (use.startsWith('builtin:')) return unknownBuiltin(loader, use, fault)
      return fault(
        'ERR_PLUGIN_NOT_FOUND',
        `${show(use)}, but there is no ${file}`,
        'a module',
        `check the path; it is relative to ${from.folder}`,
      )
    }
    const hint = 'the module failed before its plugin could be looked at: build it, or install what it imports'
    return fault('ERR_PLUGIN_IMPORT', `${file}: ${messageOf(error)}`, 'a module that can be imported', hint)
  }
  const plugin = typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined
  const wrong = faultyManifest(plugin)
  if (wrong !== null) return fault(wrong.code, `${file}: ${wrong.found}`, wrong.expected, wrong.hint)
  return isPlugin(plugin) ? { plugin, file } : null
}

/** A module may wait for something at its top level, and for ever. */
async function importInTime(loader: ModuleLoader, file: string): Promise<unknown> {
  const module = loader.importModule(file)
  let timer: Timer | undefined
  const late = new Promise<never>((_, reject) => {
    const message = `it has not finished loading within ${IMPORT_MS / 1000} s`
    timer = loader.host.clock.after(IMPORT_MS, () => reject(new Error(message)))
  })
  return Promise.race([module, late]).finally(() => timer?.cancel())
}

type Refuse = (code: KernelCode, found: string, expected: string, hint: string) => null

async function unknownBuiltin(loader: ModuleLoader, use: string, fault: Refuse): Promise<null> {
  const known = (await loader.builtins?.()) ?? []
  const name = use.slice('builtin:'.length)
  return fault('ERR_PLUGIN_NOT_FOUND', show(use), 'a built-in plugin', suggest(name, known, 'built-in plugins'))
}

async function locateModule(loader: ModuleLoader, use: string, from: Origin, fault: Refuse): Promise<string | null> {
  if (use.startsWith('builtin:')) {
    const name = use.slice('builtin:'.length)
    return /^[a-z0-9][a-z0-9-]*$/.test(name) ? builtinFile(name) : unknownBuiltin(loader, use, fault)
  }
  if (use.startsWith('.') || isAbsolute(use)) return resolve(from.folder, use)
  if (!/^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/i.test(use)) {
    return fault(
      'ERR_PLUGIN_NOT_FOUND',
      show(use),
      '"builtin:NAME", a path that begins with "./", or the name of an npm package',
      `for a file: "./${use}"`,
    )
  }
  for (let folder = from.folder; ; folder = dirname(folder)) {
    const root = join(folder, 'node_modules', use)
    const text = await loader.readText(join(root, 'package.json')).catch(() => null)
    if (text !== null) return fromPackage(use, root, text, fault)
    if (dirname(folder) === folder) break
  }
  const known = (await loader.builtins?.()) ?? []
  const hint = known.includes(use) ? `did you mean "builtin:${use}"?` : `npm install ${use}`
  return fault('ERR_PLUGIN_NOT_FOUND', show(use), `a package in a node_modules folder above ${from.folder}`, hint)
}

function fromPackage(name: string, root: string, text: string, fault: Refuse): string | null {
  const expected = '"shoal": { "plugin": "./index.js", "api": 1 } in its package.json'
  let field: unknown
  try {
    const manifest: unknown = JSON.parse(text)
    field = typeof manifest === 'object' && manifest !== null && 'shoal' in manifest ? manifest.shoal : undefined
  } catch (error) {
    return fault(
      'ERR_PLUGIN_SHAPE',
      `${join(root, 'package.json')}: ${messageOf(error)}`,
      expected,
      `reinstall ${name}`,
    )
  }
  const { plugin, api } = { plugin: undefined, api: undefined, ...(typeof field === 'object' ? field : {}) } as {
    plugin: unknown
    api: unknown
  }
  if (typeof plugin !== 'string') {
    return fault(
      'ERR_PLUGIN_SHAPE',
      `${name}, whose "shoal" field is ${show(field)}`,
      expected,
      `is ${name} a plugin of this program?`,
    )
  }
  if (api !== 1)
    return fault(
      'ERR_PLUGIN_API',
      `${name} for plugin interface ${show(api)}`,
      'interface 1',
      `install a version of ${name} made for interface 1`,
    )
  return resolve(root, plugin)
}

export function builtinFile(name: string): string {
  return join(PLUGINS, name, 'index.js')
}

function isMissing(error: unknown, file: string): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return (code === 'ERR_MODULE_NOT_FOUND' || code === 'ENOENT') && messageOf(error).includes(`'${file}'`)
}

/** Which built-in plugins provide a token: for the hint to a missing one. Loads them all, so only once something failed. */
export async function builtinProviders(loader: ModuleLoader): Promise<ReadonlyMap<symbol, readonly string[]>> {
  const found = new Map<symbol, string[]>()
  for (const name of (await loader.builtins?.()) ?? []) {
    const loaded = await loadPlugin(loader, `builtin:${name}`, { source: '', folder: '', pointer: '' }, [])
    for (const { key } of loaded?.plugin.provides ?? []) found.set(key, [...(found.get(key) ?? []), name])
  }
  return found
}
