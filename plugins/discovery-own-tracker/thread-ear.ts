// The policy in a tracker thread: hears every announce, admits them all, and passes on those of watched torrents.
import { KeySet } from '../../core/base/key-set.js'
import type { Portable } from '../../core/base/portable.js'
import type { AnnouncePolicy } from '../../core/contracts/announce-policy.js'
import type { AnnounceRequest } from '../../core/contracts/swarm-store.js'
import { Pigeonholes } from './pigeonholes.js'
import { worthHearing } from './worth-hearing.js'

interface Data {
  readonly watched: SharedArrayBuffer
  readonly holes: SharedArrayBuffer
}

class ThreadEar implements AnnouncePolicy {
  constructor(
    private readonly watched: KeySet,
    private readonly holes: Pigeonholes,
  ) {}

  admit(request: AnnounceRequest): null {
    if (worthHearing(request) && this.watched.has(request.infoHash)) this.holes.put(request)
    return null
  }
}

export function threadEar(watched: KeySet, holes: Pigeonholes): Portable<AnnouncePolicy> {
  return { module: import.meta.url, data: { watched: watched.memory, holes: holes.memory } satisfies Data }
}

/** In a tracker thread. @public */
export function open({ watched, holes }: Data): AnnouncePolicy {
  return new ThreadEar(new KeySet(watched), new Pigeonholes(holes))
}
