import { NodePace, type TorrentPace } from '../../../core/torrent/pace.js'

/** The pace of a torrent that nothing holds back. */
export function unlimited(): TorrentPace {
  return new NodePace(
    () => 0,
    () => {},
  ).torrent()
}
