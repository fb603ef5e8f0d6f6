// JSON in which every value remembers where it was written, so that profiles can be merged and a fault, or a relative
// path, can still be traced to its file.
import { show, type Fault } from './faults.js'

export interface Origin {
  /** How the file is called in reports. */
  readonly source: string
  /** Against which relative paths written here are resolved. */
  readonly folder: string
  readonly pointer: string
}

export type Scalar = string | number | boolean | null
/** `raw`: the text before ${NAME} was filled in; reports show it, so that no secret is printed. */
export type Sourced =
  | { readonly kind: 'leaf'; readonly origin: Origin; readonly value: Scalar; readonly raw?: string }
  | { readonly kind: 'list'; readonly origin: Origin; readonly items: readonly Sourced[] }
  | { readonly kind: 'map'; readonly origin: Origin; readonly entries: ReadonlyMap<string, Sourced> }
export type SourcedMap = Extract<Sourced, { kind: 'map' }>

export type Environment = Readonly<Record<string, string | undefined>>

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype'])
const MAX_DEPTH = 64

export function placeOf(origin: Origin): string {
  return `${origin.source}${origin.pointer === '' ? '' : `#${origin.pointer}`}`
}

export function below(origin: Origin, key: string | number): Origin {
  const step = String(key).replaceAll('~', '~0').replaceAll('/', '~1')
  return { ...origin, pointer: `${origin.pointer}/${step}` }
}

/** Gives parsed JSON its origins and fills in ${NAME}, $${ standing for the two signs themselves; what is wrong goes to `faults`. */
export function sourced(value: unknown, origin: Origin, env: Environment, faults: Fault[], depth = 0): Sourced {
  if (depth > MAX_DEPTH) {
    faults.push({
      code: 'ERR_PROFILE_SHAPE',
      place: placeOf(origin),
      found: `more than ${MAX_DEPTH} levels of nesting`,
      expected: 'a profile',
      hint: 'take the levels out',
    })
    return { kind: 'leaf', origin, value: null }
  }
  if (Array.isArray(value)) {
    const items = value.map((item, i) => sourced(item, below(origin, i), env, faults, depth + 1))
    return { kind: 'list', origin, items }
  }
  if (typeof value === 'string') return filledIn(value, origin, env, faults)
  if (typeof value !== 'object' || value === null) return { kind: 'leaf', origin, value: scalar(value) }
  const entries = new Map<string, Sourced>()
  for (const [key, item] of Object.entries(value)) {
    const at = below(origin, key)
    if (FORBIDDEN_KEYS.has(key)) {
      faults.push({
        code: 'ERR_PROFILE_KEY',
        place: placeOf(at),
        found: `the key ${show(key)}`,
        expected: 'keys that are plain names',
        hint: 'take this key out: nothing in a profile is ever called that',
      })
    } else if (item !== undefined) entries.set(key, sourced(item, at, env, faults, depth + 1))
  }
  return { kind: 'map', origin, entries }
}

function scalar(value: unknown): Scalar {
  return typeof value === 'number' || typeof value === 'boolean' ? value : null
}

function filledIn(text: string, origin: Origin, env: Environment, faults: Fault[]): Sourced {
  if (!text.includes('${')) return { kind: 'leaf', origin, value: text }
  const value = text.replaceAll(/\$\$\{|\$\{([^}]*)\}/g, (_, name?: string) => {
    if (name === undefined) return '${'
    const found = Object.hasOwn(env, name) ? env[name] : undefined
    if (found !== undefined) return found
    faults.push({
      code: 'ERR_PROFILE_ENV',
      place: placeOf(origin),
      found: `\${${name}}, which is not set`,
      expected: `the environment variable ${name}`,
      hint: `start with ${name}=... in the environment`,
    })
    return `\${${name}}`
  })
  return { kind: 'leaf', origin, value, raw: text }
}

/** Objects deep, all else replaced. The result keeps the older origin only where both are objects. */
export function merge(under: Sourced | undefined, over: Sourced): Sourced {
  if (under?.kind !== 'map' || over.kind !== 'map') return over
  const entries = new Map(under.entries)
  for (const [key, value] of over.entries) entries.set(key, merge(entries.get(key), value))
  return { kind: 'map', origin: under.origin, entries }
}

/** Plain data again; `raw` gives the text before the environment was filled in. */
export function plain(node: Sourced, form: 'filled' | 'raw' = 'filled'): unknown {
  if (node.kind === 'leaf') return form === 'raw' ? (node.raw ?? node.value) : node.value
  if (node.kind === 'list') return node.items.map(item => plain(item, form))
  return Object.fromEntries([...node.entries].map(([key, value]) => [key, plain(value, form)]))
}

/** The node at a path; where the path leads further than the document, its deepest node and the pointer to go on with. */
export function locate(node: Sourced, path: readonly PropertyKey[]): { node: Sourced | undefined; origin: Origin } {
  let here: Sourced | undefined = node
  let origin = node.origin
  for (const step of path) {
    const next: Sourced | undefined =
      here?.kind === 'list'
        ? here.items[Number(step)]
        : here?.kind === 'map'
          ? here.entries.get(String(step))
          : undefined
    origin = next === undefined ? below(origin, String(step)) : next.origin
    here = next
  }
  return { node: here, origin }
}

/** Every string that came out of the environment, with the text that stands for it. */
export function secretsIn(node: Sourced): Array<readonly [value: string, raw: string]> {
  if (node.kind === 'leaf') {
    return node.raw === undefined || typeof node.value !== 'string' ? [] : [[node.value, node.raw]]
  }
  return (node.kind === 'list' ? [...node.items] : [...node.entries.values()]).flatMap(secretsIn)
}
