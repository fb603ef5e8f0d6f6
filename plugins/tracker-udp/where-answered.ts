// What `explain` says of where packets will be answered, as far as that is known before anything runs.
import { AnnouncePolicies } from '../../core/contracts/announce-policy.js'
import { BatchedDatagrams } from '../../core/contracts/host.js'
import { SwarmStores } from '../../core/contracts/swarm-store.js'
import { Tracker } from '../../core/contracts/tracker.js'
import type { Links } from '../../core/kernel/plugin.js'

export interface AnswerOptions {
  readonly io: 'auto' | 'dgram' | 'mmsg'
  readonly threads: number
}

export function whereAnswered({ io, threads }: AnswerOptions, links: Links): readonly string[] {
  const idle = threads > 1 ? [`"threads": ${threads} has no effect there`] : []
  if (io === 'dgram') return ['answers on the main thread, packet by packet, as "io" says', ...idle]
  const [batched] = links.providers(BatchedDatagrams)
  const why =
    batched === undefined ? 'no plugin of this profile has batched system calls ("datagrams-mmsg")' : obstacle(links)
  if (why !== null && io === 'mmsg') return [`will not start: "io" is "mmsg", and ${why}`]
  if (why !== null) return [`answers on the main thread, packet by packet: ${why}`, ...idle]
  const where = threads === 1 ? 'a thread of its own' : `${threads} threads of its own`
  const otherwise =
    io === 'mmsg'
      ? 'else it does not start'
      : 'else packet by packet on the main thread, and its first line in the log says why'
  return [`answers in ${where}, by batched system calls of "${batched?.id}", where the machine can; ${otherwise}`]
}

/** Which plugins keep announces on the main thread, or null. */
function obstacle(links: Links): string | null {
  const parts = [SwarmStores, AnnouncePolicies].flatMap(token => links.providers(token))
  const held = parts.filter(({ threaded }) => !threaded)
  // A tracker of others may have reasons of its own.
  const found = held.length > 0 ? held : links.providers(Tracker).filter(({ threaded }) => !threaded)
  if (found.length === 0) return null
  const names = found.map(({ id }) => `"${id}"`).join(', ')
  return `${found.length === 1 ? 'plugin' : 'plugins'} ${names} can be asked on the main thread only`
}
