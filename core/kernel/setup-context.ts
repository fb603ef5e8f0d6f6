// What a plugin is handed in setup, and the place where all that is provided comes together. The context dies with
// setup: a look-up can never get onto a hot path.
import type { AnyToken } from '../base/token.js'
import type { Host } from '../base/host.js'
import { kernelErrors, type KernelCode } from './errors.js'
import { suggest } from './faults.js'
import type { LoadedPlugin } from './manifest.js'
import type { NamedRegistry, NodeFacts } from './plugin.js'
import type { NodeScope, Scope } from './scope.js'

/** SetupContext as the kernel sees it: any plugin's, so without the types that come from one manifest. */
export interface RawContext {
  readonly id: string
  readonly config: unknown
  readonly host: Host
  readonly node: NodeFacts
  get(token: AnyToken): unknown
  find(token: AnyToken): unknown
  all(token: AnyToken): readonly unknown[]
  named(token: AnyToken): NamedRegistry<unknown>
  providers(token: AnyToken): readonly string[]
  provide(token: AnyToken, value: unknown): void
  provideNamed(token: AnyToken, name: string, value: unknown): void
  construct<T>(cls: new (...args: never[]) => T): T
  openScope(label: string): Scope
}

interface Provided {
  readonly by: string
  readonly rank: number
  readonly name: string
  readonly value: unknown
}

/** Everything that was provided in one node. `rank` is the place in the profile, in which order lists are given. */
export class Provisions {
  private readonly byKey = new Map<symbol, Provided[]>()

  add(token: AnyToken, provided: Provided): void {
    const list = this.byKey.get(token.key) ?? []
    list.push(provided)
    list.sort((a, b) => a.rank - b.rank)
    this.byKey.set(token.key, list)
  }

  of(token: AnyToken): readonly Provided[] {
    return this.byKey.get(token.key) ?? []
  }

  /** The value of a one, the array of a many, the registry of a named. */
  value(token: AnyToken): unknown {
    if (token.cardinality === 'named') return this.registry(token)
    const values = this.of(token).map(one => one.value)
    return token.cardinality === 'one' ? values[0] : Object.freeze(values)
  }

  registry(token: AnyToken): NamedRegistry<unknown> {
    const values = new Map(this.of(token).map(one => [one.name, one.value]))
    const names = Object.freeze([...values.keys()])
    return {
      get(name) {
        if (values.has(name)) return values.get(name)
        const message = `there is no "${name}" among the ${token.id}: ${suggest(name, names, token.id)}`
        throw kernelErrors.make('ERR_LINK_NO_SUCH_NAME', message, { details: { name, names } })
      },
      has: name => values.has(name),
      names: () => names,
    }
  }
}

export interface Setup {
  readonly id: string
  readonly rank: number
  readonly plugin: LoadedPlugin
  readonly config: unknown
  readonly host: Host
  readonly node: NodeFacts
  readonly scope: NodeScope
  readonly provisions: Provisions
}

/** The context, and what ends it: afterwards every method but openScope throws. `end` names the promises not kept. */
export function setupContext(setup: Setup): { readonly context: RawContext; end(): readonly AnyToken[] } {
  const { id, rank, plugin, provisions, scope } = setup
  const given = new Set<symbol>()
  let alive = true
  const refuse = (code: KernelCode, text: string): never => {
    throw kernelErrors.make(code, `plugin "${id}" ${text}`)
  }
  const allow = (
    method: string,
    token: AnyToken,
    ...lists: ReadonlyArray<'requires' | 'optional' | 'provides'>
  ): void => {
    living(method)
    if (lists.some(list => plugin[list].some(one => one.key === token.key))) return
    refuse('ERR_PLUGIN_UNDECLARED', `called ${method}(${token.id}), which is not in its ${lists.join(' or ')}`)
  }
  const living = (method: string): void => {
    if (!alive)
      refuse('ERR_PLUGIN_LATE_LOOKUP', `called ${method}() after setup; take what is needed in setup and keep it`)
  }
  const put = (token: AnyToken, name: string, value: unknown): void => {
    if (value === undefined) refuse('ERR_PLUGIN_BROKEN_PROMISE', `provided undefined as ${token.id}`)
    if (token.cardinality === 'one' && given.has(token.key)) {
      refuse('ERR_PLUGIN_PROVIDED_TWICE', `provided ${token.id} twice`)
    }
    const other = name === '' ? undefined : provisions.of(token).find(one => one.name === name)
    if (other !== undefined) {
      refuse(
        'ERR_LINK_DUPLICATE_NAME',
        `provides "${name}" in ${token.id}, as "${other.by}" does; take one of the two out`,
      )
    }
    given.add(token.key)
    provisions.add(token, { by: id, rank, name, value })
  }
  let injected = false
  const inject = (): NodeScope => {
    if (!injected)
      for (const token of [...plugin.requires, ...plugin.optional]) scope.register(token, provisions.value(token))
    injected = true
    return scope
  }
  const context: RawContext = {
    id,
    config: setup.config,
    host: setup.host,
    node: setup.node,
    get(token) {
      allow('get', token, 'requires')
      return provisions.value(token)
    },
    find(token) {
      allow('find', token, 'optional')
      return provisions.value(token)
    },
    all(token) {
      allow('all', token, 'requires', 'optional')
      return provisions.of(token).map(one => one.value)
    },
    named(token) {
      allow('named', token, 'requires', 'optional')
      return provisions.registry(token)
    },
    providers(token) {
      allow('providers', token, 'requires', 'optional')
      return provisions.of(token).map(one => one.by)
    },
    provide(token, value) {
      allow('provide', token, 'provides')
      put(token, '', value)
    },
    provideNamed(token, name, value) {
      allow('provideNamed', token, 'provides')
      put(token, name, value)
    },
    construct(cls) {
      living('construct')
      return inject().construct(cls)
    },
    openScope: label => inject().open(label),
  }
  return {
    context: Object.freeze(context),
    end() {
      alive = false
      return plugin.provides.filter(token => !given.has(token.key))
    },
  }
}
