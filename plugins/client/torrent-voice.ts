// What one torrent tells whoever observes the node.
import { toHex } from '../../core/base/bytes.js'
import type { NodeError } from '../../core/base/errors.js'
import type { NodeEvent, TorrentPhase } from '../../core/contracts/node-api.js'
import type { AnnounceNote } from '../../core/contracts/peer-discovery.js'
import { magnetOf } from '../../core/protocol/magnet.js'
import { clientErrors } from './errors.js'
import type { TorrentWork } from './torrent-work.js'

export class TorrentVoice {
  /** Of the torrent, in hex. */
  readonly hash: string
  /** Empty for a private torrent: a peer gives no one its metadata, and its trackers' URLs are often secret. */
  readonly magnet: string
  private told: TorrentPhase = 'checking'

  constructor(
    private readonly plan: TorrentWork,
    private readonly say: (event: NodeEvent) => void,
  ) {
    this.hash = toHex(plan.metainfo.infoHash)
    this.magnet = plan.metainfo.private ? '' : magnetOf(plan.metainfo, plan.trackers)
  }

  opened(have: number, bytesLeft: number): void {
    this.told = 'running'
    const { name, geometry } = this.plan.metainfo
    const { totalLength: bytes, pieceCount: pieces } = geometry
    this.say({ event: 'torrent', infoHash: this.hash, name, bytes, pieces, have, bytesLeft, magnet: this.magnet })
  }

  /** `bytes`: of all that is wanted. */
  completed(seconds: number, bytes: number): void {
    this.say({ event: 'complete', infoHash: this.hash, seconds, bytes })
  }

  announced(note: AnnounceNote): void {
    this.say({ event: 'announce', infoHash: this.hash, ...note })
    if (note.warning === undefined) return
    this.warn(clientErrors.make('ERR_CLIENT_ANNOUNCE', `the tracker ${note.url} says: ${note.warning}`))
  }

  /** What it is at, where that has changed and nothing else says so: being checked is news only when it was ordered. */
  at(phase: TorrentPhase, ordered: boolean): void {
    if (phase === this.told) return
    this.told = phase
    if (phase === 'running' || phase === 'failed' || (phase === 'checking' && !ordered)) return
    this.say({ event: 'state', infoHash: this.hash, name: this.plan.metainfo.name, phase })
  }

  warn({ code, message }: NodeError): void {
    this.say({ event: 'warning', infoHash: this.hash, code, message })
  }

  failed({ code, blame, message }: NodeError): void {
    this.told = 'failed'
    this.say({ event: 'error', infoHash: this.hash, code, blame, message })
  }
}
