// What this node shares, in shared memory: the client changes it here while tracker threads ask it.
import { KeySetWriter } from '../../core/base/key-set-writer.js'
import { KeySet } from '../../core/base/key-set.js'
import type { Portable } from '../../core/base/portable.js'
import type { TorrentCatalog } from '../../core/contracts/tracker.js'

/** Address space is kept for so many. */
const MOST_TORRENTS = 4_000_000

export class TorrentSet extends KeySetWriter implements TorrentCatalog {
  readonly inThread: Portable<KeySet> = { module: import.meta.url, data: this.memory }

  constructor() {
    super(MOST_TORRENTS)
  }
}

/** In a tracker thread. @public */
export function open(memory: SharedArrayBuffer): KeySet {
  return new KeySet(memory)
}
