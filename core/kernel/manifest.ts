// What a module must export to be a plugin, checked before any of it is called.
import type { AnyToken } from '../base/token.js'
import { show, type Fault } from './faults.js'
import type { Lifecycle, Links, MaybePromise } from './plugin.js'
import type { RawContext } from './setup-context.js'

/** A plugin as the kernel handles it: what definePlugin made, without the types that only its author needs. */
export interface LoadedPlugin {
  readonly name: string
  readonly api: 1
  readonly config: unknown
  readonly requires: readonly AnyToken[]
  readonly optional: readonly AnyToken[]
  readonly provides: readonly AnyToken[]
  readonly notes?: ((config: unknown, links: Links) => readonly string[]) | undefined
  readonly threaded?: ((config: unknown, links: Links) => readonly AnyToken[]) | undefined
  setup(ctx: RawContext): MaybePromise<Lifecycle | void>
}

type Wrong = Omit<Fault, 'place'>

export function isPlugin(value: unknown): value is LoadedPlugin {
  return faultyManifest(value) === null
}

export function faultyManifest(value: unknown): Wrong | null {
  const shape = (found: string, expected: string): Wrong => ({
    code: 'ERR_PLUGIN_SHAPE',
    found,
    expected,
    hint: 'export default definePlugin({ name, setup }), with definePlugin of "shoal/plugin"',
  })
  if (typeof value !== 'object' || value === null)
    return shape(`a default export that is ${typeof value}`, 'a plugin as the default export')
  const plugin = { name: undefined, api: undefined, setup: undefined, ...value }
  if (typeof plugin.name !== 'string' || plugin.name === '') return shape(`the name ${show(plugin.name)}`, 'a name')
  if (plugin.api !== 1) {
    const hint = 'install a version of the plugin made for interface 1'
    return { code: 'ERR_PLUGIN_API', found: `"api": ${show(plugin.api)}`, expected: 'interface 1', hint }
  }
  if (typeof plugin.setup !== 'function') return shape('no setup function', 'setup(ctx)')
  for (const optional of ['notes', 'threaded'] as const) {
    const found: unknown = Reflect.get(value, optional)
    if (found === undefined || typeof found === 'function') continue
    return shape(`"${optional}": ${show(found)}`, `"${optional}" as a function of the options`)
  }
  for (const list of ['requires', 'optional', 'provides'] as const) {
    const tokens: unknown = Reflect.get(value, list)
    if (!Array.isArray(tokens) || !tokens.every(isToken))
      return shape(`"${list}": ${show(tokens)}`, `"${list}" as a list of tokens`)
  }
  return null
}

function isToken(value: unknown): value is AnyToken {
  if (typeof value !== 'object' || value === null) return false
  const { id, key, cardinality } = { id: undefined, key: undefined, cardinality: undefined, ...value }
  return typeof id === 'string' && typeof key === 'symbol' && /^(one|many|named)$/.test(String(cardinality))
}
