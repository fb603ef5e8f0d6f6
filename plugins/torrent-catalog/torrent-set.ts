import { latin1 } from '../../core/base/bytes.js'
import type { TorrentCatalog } from '../../core/contracts/tracker.js'
import type { InfoHash } from '../../core/protocol/ids.js'

export class TorrentSet implements TorrentCatalog {
  private readonly keys = new Set<string>()

  add(infoHash: InfoHash): void {
    this.keys.add(latin1(infoHash))
  }

  remove(infoHash: InfoHash): void {
    this.keys.delete(latin1(infoHash))
  }

  has(infoHash: Uint8Array): boolean {
    return this.keys.has(latin1(infoHash))
  }
}
