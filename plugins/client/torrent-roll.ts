// All torrents of the node: by info-hash, and in the order of the queue.
import { fromHex, toHex } from '../../core/base/bytes.js'
import type { NodeEvent } from '../../core/contracts/node-api.js'
import { clientErrors } from './errors.js'
import type { ClientParts } from './session-parts.js'
import { Torrent } from './torrent.js'
import { TorrentQueue } from './torrent-queue.js'
import type { TorrentWork } from './torrent-work.js'

export class TorrentRoll {
  readonly queue: TorrentQueue<Torrent>
  private readonly torrents = new Map<string, Torrent>()

  constructor(
    private readonly parts: ClientParts,
    private readonly say: (event: NodeEvent) => void,
    /** No torrent is taken in any more. */
    private readonly stopping: AbortSignal,
  ) {
    this.queue = new TorrentQueue(parts.config.queue)
  }

  get all(): readonly Torrent[] {
    return [...this.torrents.values()]
  }

  /** Once a second. */
  tick(now: number): void {
    for (const torrent of this.torrents.values()) torrent.tick(now)
    this.queue.tick(now)
  }

  find(infoHash: Uint8Array): Torrent | undefined {
    return this.torrents.get(toHex(infoHash))
  }

  named(infoHash: string): Torrent {
    const bytes = fromHex(infoHash)
    const torrent = bytes === null ? undefined : this.find(bytes)
    if (torrent === undefined) throw clientErrors.make('ERR_CLIENT_UNKNOWN', `there is no torrent ${infoHash}`)
    return torrent
  }

  /** For orders to a node that is not stopping. */
  running(infoHash: string): Torrent {
    const torrent = this.named(infoHash)
    this.refuseWhenStopping()
    return torrent
  }

  /** A new torrent, last in the queue. */
  async enter(plan: TorrentWork): Promise<Torrent> {
    this.refuseWhenStopping()
    const hash = toHex(plan.metainfo.infoHash)
    const known = this.torrents.get(hash)
    if (known !== undefined && known.phase !== 'failed') {
      throw clientErrors.make('ERR_CLIENT_TWICE', `torrent ${plan.metainfo.name} (${hash}) is there already`)
    }
    if (known !== undefined) this.drop(known)
    this.parts.speed.torrent(hash, plan.options.limits)
    const torrent: Torrent = new Torrent(this.parts, plan, {
      say: this.say,
      changed: () => this.queue.changed(torrent),
      completed: () => this.queue.put(torrent, Infinity),
    })
    this.torrents.set(hash, torrent)
    this.queue.add(torrent)
    // What failed may still be letting go of its lock.
    await known?.close()
    this.refuseWhenStopping()
    return torrent
  }

  drop(torrent: Torrent): void {
    if (this.torrents.get(torrent.hash) === torrent) this.torrents.delete(torrent.hash)
    this.queue.remove(torrent)
    this.parts.speed.forget(torrent.hash)
  }

  private refuseWhenStopping(): void {
    if (this.stopping.aborted) throw clientErrors.make('ERR_CLIENT_STOPPING', 'the node is stopping')
  }
}
