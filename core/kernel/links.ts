// What is known of a node before anything of it runs: who provides what, and what of it can be opened in other threads.
import type { AnyToken } from '../base/token.js'
import type { Graph } from './graph.js'
import type { Part } from './parts.js'
import type { Links } from './plugin.js'
import type { Provisions } from './setup-context.js'

export function linksOf(parts: readonly Part[], graph: Graph<Part>): Links {
  // A plugin may ask for what it provides itself: in that case the answer is no, and not a circle.
  const asking = new Set<Part>()
  const links: Links = {
    providers: token =>
      graph.providers(token).map(id => {
        const part = parts.find(one => one.id === id)
        return { id, threaded: part !== undefined && threaded(part, token) }
      }),
  }
  const threaded = (part: Part, token: AnyToken): boolean => {
    if (asking.has(part)) return false
    asking.add(part)
    try {
      return threadedBy(part, links).some(one => one.key === token.key)
    } catch {
      return false
    } finally {
      asking.delete(part)
    }
  }
  return links
}

/** May throw: it asks the plugin. */
export function threadedBy({ plugin, options }: Part, links: Links): readonly AnyToken[] {
  return plugin.threaded?.(options, links) ?? []
}

/** Of what the part has provided, that of which it says in vain that it can be opened in threads. */
export function notThreaded(part: Part, links: Links, provisions: Provisions): readonly AnyToken[] {
  const portable = (value: unknown): boolean => typeof value === 'object' && value !== null && 'inThread' in value
  return threadedBy(part, links).filter(token => {
    const own = provisions.of(token).filter(({ by }) => by === part.id)
    return own.length === 0 || !own.every(({ value }) => portable(value))
  })
}
