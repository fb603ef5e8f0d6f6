// The phase machine: load, configure, link, set up, start, ready; drain and stop on the way back. It knows plugins,
// tokens, phases, options and scopes, and nothing of what a node is for.
import { messageOf, NodeError } from '../base/errors.js'
import type { Host } from '../base/host.js'
import type { AnyToken, Token } from '../base/token.js'
import { culprit } from './culprit.js'
import type { Environment } from './document.js'
import { kernelErrors } from './errors.js'
import { explain } from './explain.js'
import { faultReport, type Fault } from './faults.js'
import { GIVEN, link, type Graph } from './graph.js'
import { named, runDown, runHook, runUp } from './lifecycle.js'
import { linksOf, notThreaded } from './links.js'
import { builtinProviders, type ModuleLoader } from './loader.js'
import { configureParts, hostOf, loadParts, type Part } from './parts.js'
import type { NamedRegistry } from './plugin.js'
import { readProfile, type Profile } from './profile.js'
import type { InlineProfile } from './profile-files.js'
import { Provisions, setupContext } from './setup-context.js'

export type { InlineProfile, Part, Profile }

export type KernelState =
  'created' | 'loaded' | 'linked' | 'set-up' | 'started' | 'ready' | 'draining' | 'stopped' | 'failed'

export interface KernelOptions extends ModuleLoader {
  readonly host: Host
  /** A file, or a profile that is none. */
  readonly profile: string | InlineProfile
  /** `ID.KEY=VALUE`, laid over the profile. */
  readonly set?: readonly string[]
  readonly env?: Environment
  /** Absolute. */
  readonly workingDir: string
  /** Values from outside, provided as if by a plugin called "given"; with a name where the token wants one. */
  readonly given?: readonly Given[]
  /** What `find` will be asked for: who provides it is not unused. */
  readonly asked?: readonly AnyToken[]
  /** Before anything starts: `find` works from here on, so that nothing a plugin tells is missed. */
  afterSetUp?(kernel: Kernel): void
  /** A plugin marked critical has failed outside of its hooks. By default the kernel stops. */
  onFailure?(error: NodeError): void
}

export type Given = readonly [token: AnyToken, value: unknown, name?: string]

export function createKernel(options: KernelOptions): Kernel {
  return new Kernel(options)
}

const UP: readonly KernelState[] = ['set-up', 'started', 'ready']
const FINDABLE: readonly KernelState[] = [...UP, 'draining']

export class Kernel {
  private phase: KernelState = 'created'
  private readonly stopping = new AbortController()
  private readonly provisions = new Provisions()
  private readonly setUp: Part[] = []
  private parts: readonly Part[] = []
  private graph: Graph<Part> | undefined
  private read: Profile | undefined
  private loading: Promise<void> | undefined
  private starting: Promise<void> | undefined
  private ending: Promise<void> | undefined

  constructor(private readonly options: KernelOptions) {}

  get state(): KernelState {
    return this.phase
  }

  /** The merged profile, once loaded. */
  get profile(): Profile {
    if (this.read === undefined) throw kernelErrors.make('ERR_PHASE_STATE', 'the profile has not been loaded yet')
    return this.read
  }

  /** The plugins, once loaded, in profile order. */
  get plugins(): readonly Part[] {
    return this.parts
  }

  /** Ids of plugins that nobody needs: worth a note, never a fault. */
  get unused(): readonly string[] {
    return this.graph?.unused ?? []
  }

  /** Load, configure, link. Rejects with one report of all faults; nothing of a plugin has run but its module. */
  load(): Promise<void> {
    this.loading ??= this.loadOnce()
    return this.loading
  }

  private async loadOnce(): Promise<void> {
    this.expect('created', 'load')
    const { readText, env = {}, workingDir } = this.options
    const reader = { readText, env, workingDir }
    const faults: Fault[] = []
    try {
      const profile = await readProfile(reader, this.options.profile, this.options.set ?? [], faults)
      this.read = profile
      this.parts = await loadParts(this.options, profile, faults)
      const whole = faults.length === 0
      this.phase = 'loaded'
      configureParts(this.parts, profile, reader, faults)
      // With a plugin missing, what it would have provided is missing too: that would be the same fault again.
      if (whole) faults.push(...(await this.link()))
      if (faults.length > 0) throw faultReport(profile.source, faults)
      this.phase = 'linked'
    } catch (error) {
      this.phase = 'failed'
      throw error
    }
  }

  /** Sets up, starts and readies every plugin, loading first where that has not been done. Rolls back on failure. */
  start(): Promise<void> {
    this.starting ??= this.bringUp()
    return this.starting
  }

  /** From any state, as often as one likes. Rejects at the end when something could not be stopped in order. */
  stop(): Promise<void> {
    this.ending ??= this.bringDown()
    return this.ending
  }

  /** For the composition root, from set-up on: what the plugins of the node provide. */
  find<T>(token: Token<T, 'one'>): T | undefined
  find<T>(token: Token<T, 'many'>): readonly T[]
  find<T>(token: Token<T, 'named'>): NamedRegistry<T>
  find(token: AnyToken): unknown
  find(token: AnyToken): unknown {
    if (!FINDABLE.includes(this.phase)) {
      throw kernelErrors.make('ERR_PHASE_STATE', `find() in the state "${this.phase}"`)
    }
    return this.provisions.value(token)
  }

  /** Who provides what to whom, with which options, in which order. */
  explain(): string {
    if (this.graph === undefined) throw kernelErrors.make('ERR_PHASE_STATE', 'explain() comes after load()')
    return explain(this.profile, this.parts, this.graph)
  }

  /**
   * For what a plugin threw outside of any hook: told under its name, and the node goes on unless the plugin is critical.
   * Without an id, the plugin nearest in the stack is blamed.
   */
  fault(thrown: unknown, id = culprit(thrown, this.parts)?.id): void {
    const error = named(thrown, id ?? 'unknown', this.phase)
    const stack = thrown instanceof Error ? thrown.stack : undefined
    this.options.host.log.error(error.message, { plugin: id, code: error.code, stack })
    if (!UP.includes(this.phase) || !this.parts.some(part => part.id === id && part.critical)) return
    if (this.options.onFailure !== undefined) this.options.onFailure(error)
    else void this.stop().catch((late: unknown) => this.options.host.log.error(messageOf(late)))
  }

  private async link(): Promise<Fault[]> {
    const known = new Map<symbol, readonly string[]>()
    const hint = (token: AnyToken): string => {
      const [name] = known.get(token.key) ?? []
      const nobody = `add a plugin that provides "${token.id}" to "plugins"; none of the built-in ones does`
      return name === undefined ? nobody : `add { "use": "builtin:${name}" } to "plugins"`
    }
    const given = (this.options.given ?? []).map(([token]) => token)
    const needs = { parts: this.parts, given, asked: this.options.asked ?? [], hint }
    let faults: Fault[] = []
    this.graph = link(needs, faults)
    if (faults.some(fault => fault.code === 'ERR_LINK_MISSING')) {
      for (const [key, names] of await builtinProviders(this.options)) known.set(key, names)
      faults = []
      link(needs, faults)
    }
    return faults
  }

  private async bringUp(): Promise<void> {
    await this.load()
    this.expect('linked', 'start')
    const { clock, log } = this.options.host
    const from = clock.now()
    const failures = await this.runUpward()
    if (failures.length === 0 && !this.stopping.signal.aborted) {
      this.phase = 'ready'
      log.debug('ready', { ms: Math.round(clock.now() - from) })
      return
    }
    for (const error of await this.tearDown()) log.warn(error.message, { code: error.code })
    this.phase = 'failed'
    throw together(failures) ?? kernelErrors.make('ERR_PHASE_STOPPED', 'the node was stopped while it was starting')
  }

  private async runUpward(): Promise<NodeError[]> {
    const { host, given = [] } = this.options
    const levels = this.graph?.levels ?? []
    const { signal } = this.stopping
    for (const [token, value, name = ''] of given) this.provisions.add(token, { by: GIVEN, rank: -1, name, value })
    for (const part of levels.flat()) {
      if (signal.aborted) return []
      try {
        await this.setUpOne(part, signal)
      } catch (error) {
        return [named(error, part.id, 'setup')]
      }
    }
    this.phase = 'set-up'
    this.options.afterSetUp?.(this)
    const failures = await runUp(host.clock, 'start', levels, signal)
    if (failures.length > 0 || signal.aborted) return failures
    this.phase = 'started'
    return runUp(host.clock, 'ready', levels, signal)
  }

  private async setUpOne(part: Part, signal: AbortSignal): Promise<void> {
    const { host } = this.options
    const { seed, name, dataDir } = this.profile.node
    const { id, rank, plugin, scope, options: config } = part
    const own = hostOf(host, id, seed, error => this.fault(error, id))
    const node = Object.freeze({ name, dataDir })
    const { context, end } = setupContext({
      id,
      rank,
      plugin,
      config,
      host: own,
      node,
      scope,
      provisions: this.provisions,
    })
    const from = host.clock.now()
    this.setUp.push(part)
    let broken: readonly AnyToken[] = []
    try {
      part.hooks = (await runHook(host.clock, id, 'setup', signal, () => plugin.setup(context))) ?? {}
    } finally {
      broken = end()
      part.timings.setup = host.clock.now() - from
    }
    const alone = this.graph === undefined ? [] : notThreaded(part, linksOf(this.parts, this.graph), this.provisions)
    if (broken.length === 0 && alone.length === 0) return
    const names = (broken.length > 0 ? broken : alone).map(token => `"${token.id}"`).join(', ')
    const what = broken.length > 0 ? `did not provide ${names} in setup` : `provided ${names} without "inThread"`
    const message = `plugin "${id}" ${what}, as its manifest promises; report this to its author`
    throw kernelErrors.make('ERR_PLUGIN_BROKEN_PROMISE', message, { details: { plugin: id, phase: 'setup' } })
  }

  private async bringDown(): Promise<void> {
    const wasReady = this.phase === 'ready'
    const reason = kernelErrors.make('ERR_PHASE_STOPPED', 'the node is being stopped')
    if (!wasReady) this.stopping.abort(reason)
    if (!wasReady) await Promise.allSettled([this.loading, this.starting])
    if (this.phase === 'failed' || this.phase === 'created') {
      this.phase = 'stopped'
      return
    }
    this.phase = 'draining'
    const { clock, log } = this.options.host
    const failures = await runDown(clock, 'drain', this.levelsSetUp())
    for (const error of failures) log.warn(error.message, { code: error.code })
    const errors = await this.tearDown()
    this.phase = 'stopped'
    const error = together(errors)
    if (error !== undefined) {
      const message = `the node has stopped, but not in order: ${error.message}`
      throw kernelErrors.make('ERR_PHASE_STOP', message, { cause: error })
    }
  }

  /** Stops whatever was set up, in reverse, then closes the scopes, the newest first. */
  private async tearDown(): Promise<NodeError[]> {
    const { clock } = this.options.host
    const never = new AbortController().signal
    const errors = await runDown(clock, 'stop', this.levelsSetUp())
    for (const part of this.setUp.splice(0).toReversed()) {
      const close = runHook(clock, part.id, 'stop', never, () => part.scope.close())
      await close.catch((error: unknown) => errors.push(named(error, part.id, 'stop')))
    }
    return errors
  }

  private levelsSetUp(): Part[][] {
    return (this.graph?.levels ?? []).map(level => level.filter(part => this.setUp.includes(part)))
  }

  private expect(state: KernelState, method: string): void {
    if (this.phase === state) return
    throw kernelErrors.make('ERR_PHASE_STATE', `${method}() in the state "${this.phase}" instead of "${state}"`)
  }
}

function together(errors: readonly NodeError[]): NodeError | undefined {
  const [first, ...others] = errors
  if (first === undefined || others.length === 0) return first
  const message = errors.map(error => error.message).join('\n')
  return new NodeError(first.code, first.blame, message, { cause: new AggregateError(errors), details: first.details })
}
