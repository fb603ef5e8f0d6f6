// What a plugin is: published as `shoal/plugin`. Types and definePlugin only; the kernel that runs them is next door.
import { z } from 'zod'
import type { Host } from '../base/host.js'
import type { AnyToken, Carried, Token } from '../base/token.js'
import type { Scope } from './scope.js'

export { z }
export { inject, injectable, type Scope } from './scope.js'
export { token } from '../base/token.js'
export { NodeError, errorTable } from '../base/errors.js'

export type MaybePromise<T> = T | Promise<T>

/** What a plugin does after setup. Each hook has a deadline; the order is by who requires whom. */
export interface Lifecycle {
  /** Acquire: bind sockets, open files, start workers. When it resolves, the plugin is able to serve. */
  start?(signal: AbortSignal): MaybePromise<void>
  /** Begin to ask: dial, announce. Everything this plugin requires has started. */
  ready?(signal: AbortSignal): MaybePromise<void>
  /** Take no new work and say goodbye, before anything is stopped. */
  drain?(signal: AbortSignal): MaybePromise<void>
  /** Release everything. Called once for each plugin that was set up, also after a failed start. */
  stop?(): MaybePromise<void>
}

export interface NamedRegistry<T> {
  /** Throws ERR_LINK_NO_SUCH_NAME, which lists the names there are. */
  get(name: string): T
  has(name: string): boolean
  names(): readonly string[]
}

export interface NodeFacts {
  readonly name: string
  /** Absolute; where the node keeps its state. */
  readonly dataDir: string
}

type Of<R extends readonly AnyToken[], C extends 'one' | 'many' | 'named'> = Extract<R[number], Token<unknown, C>>

/** Given to `setup` and dead when it returns: afterwards every method throws ERR_PLUGIN_LATE_LOOKUP. Properties stay. */
export interface SetupContext<
  Config,
  Requires extends readonly AnyToken[],
  Optional extends readonly AnyToken[],
  Provides extends readonly AnyToken[],
> {
  readonly id: string
  /** Checked, defaults filled in, frozen. */
  readonly config: Readonly<Config>
  readonly host: Host
  readonly node: NodeFacts
  get<K extends Of<Requires, 'one'>>(token: K): Carried<K>
  find<K extends Of<Optional, 'one'>>(token: K): Carried<K> | undefined
  all<K extends Of<Requires, 'many'> | Of<Optional, 'many'>>(token: K): ReadonlyArray<Carried<K>>
  named<K extends Of<Requires, 'named'> | Of<Optional, 'named'>>(token: K): NamedRegistry<Carried<K>>
  /** The ids, as the profile has them, of those who provide it; in the order of `all`. For texts to the operator. */
  providers(token: Requires[number] | Optional[number]): readonly string[]
  provide<K extends Of<Provides, 'one' | 'many'>>(token: K, value: Carried<K>): void
  provideNamed<K extends Of<Provides, 'named'>>(token: K, name: string, value: Carried<K>): void
  /** Builds an @injectable class through the container; its parameters are @inject(Token.key). */
  construct<T>(cls: new (...args: never[]) => T): T
  /** May be called after setup as well: scopes are for things that come later. */
  openScope(label: string): Scope
}

/** Who provides what in this node, as it was linked: known before anything of it runs. */
export interface Links {
  /** In profile order. `threaded`: what it provides under this token can be opened in other threads. */
  providers(token: AnyToken): ReadonlyArray<{ readonly id: string; readonly threaded: boolean }>
}

export interface Plugin<
  Config = unknown,
  R extends readonly AnyToken[] = readonly AnyToken[],
  O extends readonly AnyToken[] = readonly AnyToken[],
  P extends readonly AnyToken[] = readonly AnyToken[],
> {
  readonly name: string
  readonly api: 1
  readonly config: OptionsSchema
  readonly requires: R
  readonly optional: O
  readonly provides: P
  /** What an operator should know about these options, for `explain`. Pure; may be called without any set-up. */
  readonly notes?: ((config: Readonly<Config>, links: Links) => readonly string[]) | undefined
  /**
   * Under which of its tokens it provides what can be opened in other threads: values with an `inThread`, as their
   * contracts say. Pure. For `explain`, and `setup` is held to it; such a value may still say when asked that it cannot.
   */
  readonly threaded?: ((config: Readonly<Config>, links: Links) => readonly AnyToken[]) | undefined
  setup(ctx: SetupContext<Config, R, O, P>): MaybePromise<Lifecycle | void>
}

/** The subset of JSON Schema from which option types are derived, for plugins that do without zod. */
export type JsonSchema =
  | {
      readonly type: 'object'
      readonly properties: Readonly<Record<string, JsonSchema>>
      readonly required?: readonly string[]
      readonly description?: string
      readonly default?: unknown
    }
  | {
      readonly type: 'array'
      readonly items: JsonSchema
      readonly maxItems?: number
      readonly default?: readonly unknown[]
      readonly description?: string
    }
  | {
      readonly type: 'string'
      readonly enum?: readonly string[]
      readonly pattern?: string
      /** "path": resolved against the folder of the profile that wrote it. */
      readonly format?: string
      readonly default?: string
      readonly description?: string
    }
  | {
      readonly type: 'integer' | 'number'
      readonly minimum?: number
      readonly maximum?: number
      readonly default?: number
      readonly description?: string
    }
  | { readonly type: 'boolean'; readonly default?: boolean; readonly description?: string }

type HasDefault<S> = S extends { readonly default: unknown } ? true : false
type Needed<S> = S extends { readonly required: infer Q } ? (Q extends readonly string[] ? Q[number] : never) : never
export type FromSchema<S> = S extends { readonly type: 'object'; readonly properties: infer P }
  ? {
      readonly [K in keyof P as HasDefault<P[K]> extends true ? K : K extends Needed<S> ? K : never]: FromSchema<P[K]>
    } & {
      readonly [K in keyof P as HasDefault<P[K]> extends true ? never : K extends Needed<S> ? never : K]?: FromSchema<
        P[K]
      >
    }
  : S extends { readonly type: 'array'; readonly items: infer I }
    ? ReadonlyArray<FromSchema<I>>
    : S extends { readonly type: 'string'; readonly enum: readonly (infer E)[] }
      ? E
      : S extends { readonly type: 'string' }
        ? string
        : S extends { readonly type: 'integer' | 'number' }
          ? number
          : S extends { readonly type: 'boolean' }
            ? boolean
            : never

/** A zod object, a plain JSON Schema object, or nothing: no options at all. */
export type OptionsSchema = z.ZodObject | (JsonSchema & { readonly type: 'object' })
export type OptionsOf<S> = S extends z.ZodObject
  ? z.output<S>
  : S extends JsonSchema
    ? FromSchema<S>
    : Record<string, never>

/** An option that is a path: resolved against the folder of the profile that wrote it, `--set` against the working directory. */
export function path(): z.ZodString {
  return z.string().min(1).meta({ format: 'path' })
}

/** Declares a plugin: what it needs and gives as data, so that a whole node is checked before any of it runs. */
export function definePlugin<
  const S extends OptionsSchema | undefined = undefined,
  const R extends readonly AnyToken[] = [],
  const O extends readonly AnyToken[] = [],
  const P extends readonly AnyToken[] = [],
>(definition: {
  name: string
  config?: S
  requires?: R
  optional?: O
  provides?: P
  notes?: (config: Readonly<OptionsOf<S>>, links: Links) => readonly string[]
  threaded?: (config: Readonly<OptionsOf<S>>, links: Links) => ReadonlyArray<P[number]>
  setup(ctx: SetupContext<OptionsOf<S>, R, O, P>): MaybePromise<Lifecycle | void>
}): Plugin<OptionsOf<S>, R, O, P> {
  const none: readonly AnyToken[] = []
  return {
    name: definition.name,
    api: 1,
    config: definition.config ?? z.strictObject({}),
    requires: definition.requires ?? (none as R),
    optional: definition.optional ?? (none as O),
    provides: definition.provides ?? (none as P),
    notes: definition.notes,
    threaded: definition.threaded,
    setup: definition.setup,
  }
}
