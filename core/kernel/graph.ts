// Linking: who provides what to whom, from the manifests alone. Nothing of a plugin has run yet when every missing,
// doubled and circular need is known.
import type { AnyToken } from '../base/token.js'
import { placeOf, type Origin } from './document.js'
import type { Fault } from './faults.js'
import type { LoadedPlugin } from './manifest.js'

export interface Linkable {
  readonly id: string
  readonly plugin: LoadedPlugin
  readonly origin: Origin
}

/** Stands among the providers for the values that createKernel was given. */
export const GIVEN = 'given'

export interface Graph<P extends Linkable> {
  /** Every plugin comes after the levels of all that it requires. */
  readonly levels: ReadonlyArray<readonly P[]>
  /** Ids, in profile order. */
  providers(token: AnyToken): readonly string[]
  consumers(token: AnyToken): readonly string[]
  /** Ids of plugins of which nobody wants anything. */
  readonly unused: readonly string[]
}

export interface LinkNeeds<P extends Linkable> {
  readonly parts: readonly P[]
  /** Tokens of values that come from outside, and tokens that will be asked for from outside. */
  readonly given: readonly AnyToken[]
  readonly asked: readonly AnyToken[]
  /** What to do about a token that nobody provides. */
  hint(token: AnyToken): string
}

export function link<P extends Linkable>(needs: LinkNeeds<P>, faults: Fault[]): Graph<P> {
  const { parts, given, asked } = needs
  const providers = (token: AnyToken): string[] => [
    ...(given.some(one => one.key === token.key) ? [GIVEN] : []),
    ...parts.filter(part => has(part.plugin.provides, token)).map(part => part.id),
  ]
  const consumers = (token: AnyToken): string[] =>
    parts.filter(part => has(part.plugin.requires, token) || has(part.plugin.optional, token)).map(part => part.id)
  for (const part of parts) {
    for (const token of part.plugin.requires) {
      if (providers(token).length > 0) continue
      const expected =
        token.cardinality === 'one'
          ? `a plugin that provides "${token.id}"`
          : `at least one plugin that provides "${token.id}"`
      faults.push({
        code: 'ERR_LINK_MISSING',
        place: placeOf(part.origin),
        found: `"${part.id}", which requires "${token.id}", and nobody who provides it`,
        expected,
        hint: needs.hint(token),
      })
    }
  }
  faults.push(...duplicates(parts, providers))
  return { levels: levelsOf(parts, faults), providers, consumers, unused: unusedOf(parts, asked, consumers) }
}

function has(tokens: readonly AnyToken[], token: AnyToken): boolean {
  return tokens.some(one => one.key === token.key)
}

function duplicates(parts: readonly Linkable[], providers: (token: AnyToken) => readonly string[]): Fault[] {
  const faults: Fault[] = []
  const told = new Set<symbol>()
  for (const part of parts) {
    for (const token of part.plugin.provides) {
      const ids = providers(token)
      if (token.cardinality !== 'one' || ids.length < 2 || told.has(token.key)) continue
      told.add(token.key)
      const places = parts.filter(one => ids.includes(one.id)).map(one => placeOf(one.origin))
      faults.push({
        code: 'ERR_LINK_DUPLICATE',
        place: places.join(' and '),
        found: `"${token.id}" provided by ${ids.map(id => `"${id}"`).join(' and ')}`,
        expected: `one provider of "${token.id}"`,
        hint: `take one out: { "id": "${ids.at(-1)}", "enabled": false }`,
      })
    }
  }
  return faults
}

function unusedOf(
  parts: readonly Linkable[],
  asked: readonly AnyToken[],
  consumers: (token: AnyToken) => readonly string[],
): string[] {
  const wanted = (part: Linkable): boolean =>
    part.plugin.provides.some(token => has(asked, token) || consumers(token).some(id => id !== part.id))
  return parts.filter(part => part.plugin.provides.length > 0 && !wanted(part)).map(part => part.id)
}

/** The parts whose values this one is given, in profile order. A part that joins a list it also reads does not wait for itself. */
function dependencies<P extends Linkable>(part: P, parts: readonly P[]): P[] {
  const wanted = [...part.plugin.requires, ...part.plugin.optional]
  return parts.filter(other =>
    wanted.some(token => has(other.plugin.provides, token) && (other !== part || token.cardinality === 'one')),
  )
}

function levelsOf<P extends Linkable>(parts: readonly P[], faults: Fault[]): P[][] {
  const depth = new Map<P, number>()
  const path: P[] = []
  const visit = (part: P): number => {
    const known = depth.get(part)
    if (known !== undefined) return known
    if (path.includes(part)) {
      faults.push(cycle([...path.slice(path.indexOf(part)), part]))
      return 0
    }
    path.push(part)
    const level = Math.max(-1, ...dependencies(part, parts).map(visit)) + 1
    path.pop()
    depth.set(part, level)
    return level
  }
  const levels: P[][] = []
  for (const part of parts) visit(part)
  for (const part of parts) (levels[depth.get(part) ?? 0] ??= []).push(part)
  return levels
}

function cycle(ring: readonly Linkable[]): Fault {
  const steps = ring.slice(1).map((part, i) => {
    const wants = [...(ring[i]?.plugin.requires ?? []), ...(ring[i]?.plugin.optional ?? [])]
    return ` -[${wants.find(token => has(part.plugin.provides, token))?.id}]-> ${part.id}`
  })
  return {
    code: 'ERR_LINK_CYCLE',
    place: ring
      .slice(1)
      .map(part => placeOf(part.origin))
      .join(' and '),
    found: `${ring[0]?.id}${steps.join('')}`,
    expected: 'plugins that do not require one another in a circle',
    hint: 'take one of them out, or replace it by a plugin that does without the other',
  }
}
