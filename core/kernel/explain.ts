// A linked node as text for people: who provides what to whom, with which options, and in which order it starts.
import { messageOf } from '../base/errors.js'
import type { AnyToken } from '../base/token.js'
import { placeOf, secretsIn } from './document.js'
import type { Graph } from './graph.js'
import { linksOf, threadedBy } from './links.js'
import type { Part } from './parts.js'
import type { Links } from './plugin.js'
import type { Profile } from './profile.js'

export function explain(profile: Profile, parts: readonly Part[], graph: Graph<Part>): string {
  const { name, dataDir } = profile.node
  const lines = [`node "${name}", state in ${dataDir}, ${parts.length} plugins`, '', 'start order']
  graph.levels.forEach((level, i) => lines.push(`  ${i + 1}  ${level.map(part => part.id).join(', ')}`))
  const links = linksOf(parts, graph)
  for (const part of parts) lines.push('', ...explainPart(part, graph, links))
  if (graph.unused.length > 0) lines.push('', 'notes', ...graph.unused.map(id => `  ${unusedNote(id)}`))
  return hideSecrets(lines.join('\n'), [...profile.secrets, ...parts.flatMap(part => secretsIn(part.config))])
}

export function unusedNote(id: string): string {
  return `nothing in this profile uses what "${id}" provides`
}

function explainPart(part: Part, graph: Graph<Part>, links: Links): string[] {
  const { requires, optional, provides } = part.plugin
  const others = (ids: readonly string[]): string => ids.filter(id => id !== part.id).join(', ') || 'nobody'
  const row = (label: string, token: AnyToken, arrow: string, ids: readonly string[]): string =>
    `  ${label.padEnd(9)} ${token.id} ${arrow} ${others(ids)}`
  const threads = (token: AnyToken): string =>
    links.providers(token).some(({ id, threaded }) => id === part.id && threaded) ? ', in threads too' : ''
  const took = Object.entries(part.timings).map(([phase, ms]) => `${phase} ${ms.toFixed(1)} ms`)
  return [
    `${part.id}  (${part.use}, ${placeOf(part.origin)})${part.critical ? '  critical' : ''}`,
    ...provides.map(token => row('provides', token, '->', graph.consumers(token)) + threads(token)),
    ...requires.map(token => row('requires', token, '<-', graph.providers(token))),
    ...optional.map(token => row('optional', token, '<-', graph.providers(token))),
    `  options   ${JSON.stringify(part.options)}`,
    ...notesOf(part, links).map(note => `  note      ${note}`),
    ...(took.length === 0 ? [] : [`  took      ${took.join(', ')}`]),
  ]
}

function notesOf(part: Part, links: Links): readonly string[] {
  const { plugin, options } = part
  try {
    threadedBy(part, links)
    return plugin.notes?.(options, links) ?? []
  } catch (error) {
    return [`its notes cannot be read: ${messageOf(error)}`]
  }
}

/** What came from the environment is shown by the name of its variable. */
function hideSecrets(text: string, secrets: Profile['secrets']): string {
  return secrets.reduce((shown, [value, raw]) => {
    const written = JSON.stringify(value).slice(1, -1)
    return written.length < 3 ? shown : shown.replaceAll(written, () => raw)
  }, text)
}
