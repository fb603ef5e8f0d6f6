// The plugins of one node, from the entries of its profile to modules with checked options.
import { messageOf } from '../base/errors.js'
import type { Host } from '../base/host.js'
import { createRandom } from '../base/random.js'
import { configure, tryOptionsCheck, untold, type OptionsCheck } from './config.js'
import { placeOf, type Origin, type Sourced } from './document.js'
import type { Fault } from './faults.js'
import { GIVEN } from './graph.js'
import type { Living } from './lifecycle.js'
import { loadPlugin, type ModuleLoader } from './loader.js'
import type { LoadedPlugin } from './manifest.js'
import type { Lifecycle } from './plugin.js'
import { applyOverrides, type Profile } from './profile.js'
import type { ProfileReader } from './profile-files.js'
import { NodeScope } from './scope.js'

/** One plugin of a node, from the profile to its last hook. */
export interface Part extends Living {
  readonly use: string
  readonly rank: number
  readonly file: string
  readonly plugin: LoadedPlugin
  readonly check: OptionsCheck
  readonly origin: Origin
  readonly critical: boolean
  readonly scope: NodeScope
  /** As written, and as checked. */
  config: Sourced
  options: unknown
  hooks: Lifecycle
}

export async function loadParts(loader: ModuleLoader, profile: Profile, faults: Fault[]): Promise<Part[]> {
  const parts: Part[] = []
  for (const entry of profile.entries) {
    const found: Fault[] = []
    const loaded = await loadPlugin(loader, entry.use, entry.from, found)
    faults.push(...untold(found, faults))
    if (loaded === null) continue
    const id = entry.id ?? loaded.plugin.name
    const place = placeOf(entry.origin)
    const check = tryOptionsCheck(loaded.plugin.config)
    if (typeof check === 'string') {
      faults.push(schemaFault(place, loaded.file, check))
    } else if (id === GIVEN || parts.some(part => part.id === id)) {
      const hint = 'give one of the two an "id" of its own'
      const second = `a second plugin with the id "${id}"`
      faults.push({ code: 'ERR_PROFILE_ID', place, found: second, expected: 'one plugin an id', hint })
    } else {
      const { use, origin, critical, config } = entry
      const blank = { options: undefined, hooks: {}, timings: {}, scope: new NodeScope(id), rank: parts.length }
      parts.push({ id, use, origin, critical, config, check, ...loaded, ...blank })
    }
  }
  return parts
}

function schemaFault(place: string, file: string, why: string): Fault {
  const expected = 'options declared by a zod object or a JSON Schema object'
  const hint = 'this is a fault of the plugin: report it to its author'
  return { code: 'ERR_CONFIG_SCHEMA', place, found: `${file}: ${why}`, expected, hint }
}

/** Fills in and freezes every plugin's options. A place that has been complained of already is not told twice. */
export function configureParts(parts: readonly Part[], profile: Profile, reader: ProfileReader, faults: Fault[]): void {
  applyOverrides(profile, reader, parts, faults)
  const told = [...faults]
  for (const part of parts) {
    const found: Fault[] = []
    try {
      part.options = configure(part.check, part.config, profile.folder, found)
    } catch (error) {
      found.push(schemaFault(placeOf(part.origin), part.file, messageOf(error)))
    }
    faults.push(...untold(found, told))
  }
}

/** A plugin's own view of the host: its stream of randomness, its name in the log, and timers that cannot throw. */
export function hostOf(host: Host, id: string, seed: number | null, thrown: (error: unknown) => void): Host {
  const guard = (run: () => unknown) => (): void => {
    try {
      const result = run()
      if (result instanceof Promise) result.catch(thrown)
    } catch (error) {
      thrown(error)
    }
  }
  const { clock } = host
  return {
    clock: {
      now: () => clock.now(),
      epoch: () => clock.epoch(),
      utcOffset: epoch => clock.utcOffset?.(epoch) ?? 0,
      after: (ms, run) => clock.after(ms, guard(run)),
      every: (ms, run) => clock.every(ms, guard(run)),
    },
    random: (seed === null ? host.random : createRandom(seed)).fork(id),
    entropy: host.entropy,
    log: host.log.child({ plugin: id }),
  }
}
