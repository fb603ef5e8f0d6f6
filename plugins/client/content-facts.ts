// What tells that content has changed since it was hashed: names, sizes, times.
import type { FileFact } from '../../core/contracts/host.js'

export function contentFacts(name: string, facts: readonly FileFact[]): string {
  return JSON.stringify([name, ...facts.map(fact => [fact.path, fact.length, fact.mtimeMs])])
}
