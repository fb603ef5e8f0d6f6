// What is to be opened: a torrent, where its content lies, and how it is to be worked on. Made by the sources, used by
// Torrent.
import type { StorageSpec } from '../../core/contracts/storage.js'
import type { Metainfo } from '../../core/protocol/metainfo.js'
import type { FileChoice } from '../../core/torrent/file-choice.js'
import type { TorrentOptions } from './torrent-options.js'

export interface TorrentWork {
  readonly metainfo: Metainfo
  /** Where the .torrent lies; absolute. */
  readonly file?: string
  /** The folder the content is meant to lie in; absolute. Where it was moved, the state knows better. */
  readonly folder: string
  /** Its content came by this node, or will; else it is somebody's own, shared from where it lies. */
  readonly fetched: boolean
  /** What the content is called there, where that differs from the torrent's name. */
  readonly nameOnDisk?: string
  /** Where its lock and its progress are kept; absolute. */
  readonly stateFolder: string
  /** Its content was hashed just now, to make the torrent, and did not change meanwhile. */
  readonly made: boolean
  readonly storage: string
  readonly selector: string
  /** What the profile or the caller wants of its files; null: everything, in no order. */
  readonly choice: FileChoice | null
  /** As the profile or the caller gave them; where the fields above say the same, those hold. */
  readonly options: TorrentOptions
  /** Trackers, in tiers, those of the profile included. */
  readonly trackers: ReadonlyArray<readonly string[]>
}

/** What a storage is told of it. */
export function storageSpec({ metainfo, nameOnDisk }: TorrentWork, folder: string): StorageSpec {
  const { infoHash, geometry, files } = metainfo
  if (nameOnDisk === undefined) return { folder, infoHash, geometry, files }
  const renamed = files.map(file => ({ ...file, path: [nameOnDisk, ...file.path.slice(1)] }))
  return { folder, infoHash, geometry, files: renamed }
}
