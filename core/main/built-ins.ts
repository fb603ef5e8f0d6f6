// The plugins that come with the package, looked at without starting any.
import { optionsCheck, type Shape } from '../kernel/config.js'
import { faultReport, type Fault } from '../kernel/faults.js'
import { loadPlugin } from '../kernel/loader.js'
import type { LoadedPlugin } from '../kernel/manifest.js'
import { profileSchema } from '../kernel/schema.js'
import { createSystem } from './host.js'

export interface BuiltIn {
  readonly name: string
  readonly plugin: LoadedPlugin
  readonly json: Shape
}

export async function builtInPlugins(): Promise<readonly BuiltIn[]> {
  const system = await createSystem({ level: 'silent', pretty: false, color: false })
  const faults: Fault[] = []
  const origin = { source: 'built-in plugins', folder: system.workingDir, pointer: '' }
  const found: BuiltIn[] = []
  for (const name of (await system.builtins?.()) ?? []) {
    const loaded = await loadPlugin(system, `builtin:${name}`, origin, faults)
    if (loaded !== null) found.push({ name, plugin: loaded.plugin, json: optionsCheck(loaded.plugin.config).json })
  }
  if (faults.length > 0) throw faultReport('built-in plugins', faults)
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The schema that lies in config/ and that `shoal schema` prints. */
export async function builtInSchema(): Promise<object> {
  const plugins = await builtInPlugins()
  return profileSchema(plugins.map(({ name, json }) => ({ use: `builtin:${name}`, id: name, json })))
}
