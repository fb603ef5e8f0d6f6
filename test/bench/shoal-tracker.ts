// A tracker of this tree with options that `shoal track` has no words for: the profile it would print, with these changed.
import fs from 'node:fs'
import path from 'node:path'
import { type ProfileContent, seederProfile, trackerProfile } from '../../core/main/built-in-profiles.js'
import { shoalWords } from './shoal-words.js'
import type { Command } from './child.js'

export interface ShoalTracker {
  /** HTTP and UDP, at 127.0.0.1. */
  readonly port: number
  /** For the profile and the state. */
  readonly folder: string
  /** By plugin. */
  readonly options?: Readonly<Record<string, object>>
  /** Seeds this in the same node. */
  readonly seeds?: { readonly path: string; readonly torrent: string; readonly port: number; readonly up: string }
}

export function shoalTracker({ port, folder, options = {}, seeds }: ShoalTracker): Command {
  const at = `127.0.0.1:${port}`
  const dataDir = path.join(folder, 'state')
  const tracker = trackerProfile({ http: at, udp: at, dataDir })
  const known = new Set(tracker.plugins.map(({ use }) => use))
  const seeder = seeds === undefined ? [] : seederPlugins(seeds, dataDir).filter(({ use }) => !known.has(use))
  const plugins = [...tracker.plugins, ...seeder].map(({ use, config }) => {
    const changed = options[use.replace('builtin:', '')]
    return { use, ...(config === undefined && changed === undefined ? {} : { config: { ...config, ...changed } }) }
  })
  const profile = path.join(folder, 'profile.json')
  fs.writeFileSync(profile, JSON.stringify({ ...tracker, plugins }))
  return { words: shoalWords('start', profile, '--json') }
}

function seederPlugins(seeds: NonNullable<ShoalTracker['seeds']>, dataDir: string): ProfileContent['plugins'] {
  const { path, torrent, port, up } = seeds
  return seederProfile({ path, torrent, announce: [], port, dataDir, limits: { up } }).plugins
}
