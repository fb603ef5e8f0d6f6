// One torrent at one moment, as NodeApi shows it.
import type { NodeError } from '../../core/base/errors.js'
import type { TorrentPhase, TorrentSnapshot } from '../../core/contracts/node-api.js'
import type { TorrentSession } from '../../core/torrent/torrent-session.js'
import type { Standing } from './open-torrent.js'
import type { Wanted } from './torrent-files.js'
import type { TorrentWork } from './torrent-work.js'

export interface TorrentFacts {
  readonly hash: string
  readonly magnet: string
  readonly phase: TorrentPhase
  /** In the queue. */
  readonly place: number
  readonly folder: string
  readonly standing: Standing
  readonly wanted: Wanted
  readonly progress: TorrentSnapshot['progress'] | null
  readonly failure: NodeError | null
}

export function snapshotOf(plan: TorrentWork, session: TorrentSession | null, facts: TorrentFacts): TorrentSnapshot {
  const { name, geometry, files } = plan.metainfo
  const { hash, magnet, phase, place, folder, standing, wanted, progress, failure } = facts
  const rates = session?.rates
  return {
    infoHash: hash,
    name,
    magnet,
    phase,
    place,
    pieces: geometry.pieceCount,
    bytes: geometry.totalLength,
    files: files.filter(one => !one.padding).length,
    down: Math.round(rates?.down ?? 0),
    up: Math.round(rates?.up ?? 0),
    ...standing,
    ...wanted,
    peers: session?.peers.liveCount ?? 0,
    folder,
    ...(plan.file === undefined ? {} : { file: plan.file }),
    ...(progress === null || progress === undefined ? {} : { progress }),
    ...(failure === null ? {} : { error: { code: failure.code, message: failure.message } }),
  }
}
