// A tracker for other threads: its store and its policies opened there, beside the socket, as they are here.
import { PrefixRate } from './prefix-rate.js'
import { refusalCounts, type RefusalCounts } from './refusal-counts.js'
import { TrackerCore } from './tracker-core.js'
import type { Portable, ThreadPlace } from '../base/portable.js'
import type { AnnouncePolicy } from '../contracts/announce-policy.js'
import type { SwarmStore } from '../contracts/swarm-store.js'
import type { TrackerService } from '../contracts/tracker.js'
import type { TrackerOptions } from './tracker-core.js'

/** A part of the tracker and the plugin it is of, as the profile names that. */
export interface Named<T> {
  readonly id: string
  readonly part: T
}

export interface TrackerParts {
  readonly options: TrackerOptions
  readonly store: Named<SwarmStore>
  readonly policies: readonly Named<AnnouncePolicy>[]
  readonly rate: PrefixRate | null
  readonly refusals?: RefusalCounts
}

interface Data {
  readonly options: TrackerOptions
  readonly store: Portable<SwarmStore>
  readonly policies: readonly Portable<AnnouncePolicy>[]
  readonly rate: SharedArrayBuffer | null
  readonly refusals: SharedArrayBuffer | undefined
}

/** A text: which plugin keeps the tracker out of threads. */
export function portableTracker(parts: TrackerParts): Portable<TrackerService> | string {
  const { options, store, policies, rate, refusals } = parts
  if (store.part.inThread === undefined) return mainOnly(store.id)
  const portables: Portable<AnnouncePolicy>[] = []
  for (const { id, part } of policies) {
    if (part.inThread === undefined) return mainOnly(id)
    portables.push(part.inThread)
  }
  const data: Data = {
    options,
    store: store.part.inThread,
    policies: portables,
    rate: rate?.memory ?? null,
    refusals: refusals?.memory,
  }
  return { module: import.meta.url, data }
}

const mainOnly = (id: string): string => `plugin "${id}" can be asked on the main thread only`

export async function open(data: Data, place: ThreadPlace): Promise<TrackerService> {
  const { options, store, policies, rate, refusals } = data
  const opened = await place.open(store)
  const asked = await Promise.all(policies.map(policy => place.open(policy)))
  const shared = rate === null ? null : new PrefixRate(rate)
  const row = refusalCounts(refusals).row(place.number)
  return new TrackerCore(opened, asked, options, place.clock, place.random, place.log, shared, row)
}
