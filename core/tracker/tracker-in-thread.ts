// A tracker for other threads: its store and its policies opened there, beside the socket, as they are here.
import { PrefixRate } from './prefix-rate.js'
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
}

interface Data {
  readonly options: TrackerOptions
  readonly store: Portable<SwarmStore>
  readonly policies: readonly Portable<AnnouncePolicy>[]
  readonly rate: SharedArrayBuffer | null
}

/** A text: which plugin keeps the tracker out of threads. */
export function portableTracker({ options, store, policies, rate }: TrackerParts): Portable<TrackerService> | string {
  if (store.part.inThread === undefined) return mainOnly(store.id)
  const portables: Portable<AnnouncePolicy>[] = []
  for (const { id, part } of policies) {
    if (part.inThread === undefined) return mainOnly(id)
    portables.push(part.inThread)
  }
  const data: Data = { options, store: store.part.inThread, policies: portables, rate: rate?.memory ?? null }
  return { module: import.meta.url, data }
}

const mainOnly = (id: string): string => `plugin "${id}" can be asked on the main thread only`

export async function open({ options, store, policies, rate }: Data, place: ThreadPlace): Promise<TrackerService> {
  const opened = await place.open(store)
  const asked = await Promise.all(policies.map(policy => place.open(policy)))
  const shared = rate === null ? null : new PrefixRate(rate)
  return new TrackerCore(opened, asked, options, place.clock, place.random, place.log, shared)
}
