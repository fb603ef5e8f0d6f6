// The profile of a node: its files merged by id, later ones over earlier ones, and what was said on the command line
// over all of them.
import { resolve } from 'node:path'
import type { LogLevel } from '../base/log.js'
import { withPaths } from './config.js'
import { locate, merge, placeOf, plain, secretsIn, sourced } from './document.js'
import type { Origin, Sourced, SourcedMap } from './document.js'
import { nearest, show, suggest, type Fault } from './faults.js'
import { nodeShape, profileJson, ProfileFiles, type InlineProfile, type ProfileReader } from './profile-files.js'

/** One plugin of the merged profile. The id of a path or npm entry is open until its plugin is loaded. */
export interface Entry {
  readonly id: string | null
  readonly use: string
  /** The file that wrote `use`: relative paths and node_modules are looked for from there. */
  readonly from: Origin
  readonly origin: Origin
  readonly critical: boolean
  readonly config: Sourced
}

export interface NodeOptions {
  readonly name: string
  readonly dataDir: string
  readonly log: LogLevel
  readonly seed: number | null
}

/** `--set ID.KEY=VALUE`, once for a plugin that is known by its id only when it has been loaded. */
export interface Override {
  readonly path: string
  readonly value: unknown
  readonly origin: Origin
}

export interface Profile {
  readonly source: string
  readonly folder: string
  readonly node: NodeOptions
  readonly entries: readonly Entry[]
  readonly overrides: readonly Override[]
  /** What came out of the environment, with the text that stands for it. */
  readonly secrets: ReadonlyArray<readonly [value: string, raw: string]>
}

/** Reads and merges; whatever is wrong goes to `faults`, and the rest is given all the same, to be looked at further. */
export async function readProfile(
  reader: ProfileReader,
  from: string | InlineProfile,
  set: readonly string[],
  faults: Fault[],
): Promise<Profile> {
  const files = new ProfileFiles(reader, faults)
  const inline = typeof from !== 'string'
  const main = inline
    ? { source: from.name, folder: from.folder, pointer: '' }
    : files.originOf(resolve(reader.workingDir, from))
  if (inline) await files.addContent(from.content, main)
  else await files.addFile(resolve(reader.workingDir, from))
  const overrides = set.map(text => parseSet(text, reader.workingDir, faults)).filter(one => one !== null)
  for (const { path, value, origin } of overrides) {
    if (path.startsWith('node.')) await files.addContent(nested(path.split('.'), value), origin)
  }
  let node: SourcedMap = { kind: 'map', origin: main, entries: new Map() }
  const merged: SourcedMap[] = []
  const complete = !faults.some(fault => /_(READ|JSON|CYCLE)$/.test(fault.code))
  for (const document of files.documents) {
    const own = locate(document, ['node']).node
    if (own?.kind === 'map') node = mergeMaps(node, own)
    layEntries(document, merged, complete, faults)
  }
  const entries = merged.filter(entry => scalarAt(entry, 'enabled') !== false)
  return {
    source: main.source,
    folder: main.folder,
    node: nodeOptions(node, main, reader.workingDir),
    entries: entries.map(entryOf),
    overrides: overrides.filter(one => !one.path.startsWith('node.')),
    secrets: [node, ...entries].flatMap(secretsIn),
  }
}

function layEntries(document: Sourced, merged: SourcedMap[], complete: boolean, faults: Fault[]): void {
  const list = locate(document, ['plugins']).node
  const here = new Set<string>()
  for (const entry of list?.kind === 'list' ? list.items : []) {
    const id = idOf(entry)
    if (entry.kind !== 'map' || (id === null && typeof scalarAt(entry, 'use') !== 'string')) continue
    const fault = (found: string, expected: string, hint: string): number =>
      faults.push({ code: 'ERR_PROFILE_ID', place: placeOf(entry.origin), found, expected, hint })
    if (id !== null && here.has(id)) {
      fault(
        `a second entry with the id "${id}"`,
        'one entry an id in one file',
        'give one of the two an "id" of its own',
      )
      continue
    }
    if (id !== null) here.add(id)
    const index = id === null ? -1 : merged.findIndex(other => idOf(other) === id)
    const under = merged[index]
    if (under !== undefined) merged[index] = mergeMaps(under, entry)
    else if (entry.entries.has('use')) merged.push(entry)
    else if (complete) {
      const known = merged.map(idOf).filter(other => other !== null)
      const near = nearest(id ?? '', known)
      const hint = near === undefined ? `add "use", or name one of: ${known.join(', ')}` : `did you mean "${near}"?`
      fault(`the id "${id}" alone, which no profile below this one has`, 'an id to merge with, or a "use"', hint)
    }
  }
}

function mergeMaps(under: SourcedMap, over: SourcedMap): SourcedMap {
  const merged = merge(under, over)
  return merged.kind === 'map' ? merged : over
}

function scalarAt(node: Sourced, key: string): unknown {
  const found = locate(node, [key]).node
  return found?.kind === 'leaf' ? found.value : undefined
}

function idOf(entry: Sourced): string | null {
  const id = scalarAt(entry, 'id')
  if (typeof id === 'string') return id
  const use = scalarAt(entry, 'use')
  return typeof use === 'string' && use.startsWith('builtin:') ? use.slice('builtin:'.length) : null
}

function entryOf(entry: SourcedMap): Entry {
  const { node: config, origin } = locate(entry, ['config'])
  return {
    id: idOf(entry),
    use: String(scalarAt(entry, 'use')),
    from: locate(entry, ['use']).origin,
    origin: entry.origin,
    critical: scalarAt(entry, 'critical') === true,
    config: config?.kind === 'map' ? config : { kind: 'map', origin, entries: new Map() },
  }
}

function nodeOptions(node: SourcedMap, main: Origin, workingDir: string): NodeOptions {
  const json = profileJson.properties?.['node']
  const given = nodeShape.safeParse(plain(typeof json === 'object' ? withPaths(node, json) : node)).data ?? {}
  const file = main.source.split(/[\\/]/).at(-1) ?? main.source
  return {
    name: given.name ?? file.replace(/\.json$/, ''),
    dataDir: given.dataDir ?? resolve(workingDir, '.shoal'),
    log: given.log ?? 'info',
    seed: given.seed ?? null,
  }
}

function parseSet(text: string, workingDir: string, faults: Fault[]): Override | null {
  const origin: Origin = { source: `--set ${text}`, folder: workingDir, pointer: '' }
  const equals = text.indexOf('=')
  const path = text.slice(0, Math.max(0, equals))
  if (!/^[^.]+(\.[^.]+)+$/.test(path)) {
    const hint = 'for example: --set client.listen=127.0.0.1:0'
    faults.push({ code: 'ERR_PROFILE_SET', place: origin.source, found: show(text), expected: 'ID.KEY=VALUE', hint })
    return null
  }
  const written = text.slice(equals + 1)
  try {
    return { path, value: JSON.parse(written), origin }
  } catch {
    return { path, value: written, origin }
  }
}

/** Lays what `--set` said over the options of the plugins, whose ids are all known by now. */
export function applyOverrides(
  profile: Profile,
  reader: ProfileReader,
  plugins: ReadonlyArray<{ readonly id: string; config: Sourced }>,
  faults: Fault[],
): void {
  for (const { path, value, origin } of profile.overrides) {
    const ids = plugins.map(one => one.id).filter(id => path.startsWith(`${id}.`))
    const id = ids.sort((a, b) => b.length - a.length)[0]
    const plugin = plugins.find(one => one.id === id)
    if (plugin === undefined || id === undefined) {
      const found = path.split('.')[0] ?? ''
      const hint = suggest(found, [...plugins.map(one => one.id), 'node'], 'ids')
      const expected = 'the id of a plugin of this profile'
      faults.push({ code: 'ERR_PROFILE_SET', place: origin.source, found: show(found), expected, hint })
      continue
    }
    const content = nested(path.slice(id.length + 1).split('.'), value)
    plugin.config = merge(plugin.config, sourced(content, origin, reader.env, faults))
  }
}

function nested(path: readonly string[], value: unknown): unknown {
  return path.reduceRight((inner, key) => Object.fromEntries([[key, inner]]), value)
}
