// What is to be opened: a torrent, where its content lies, and how it is to be worked on. Made by the sources, used by
// Torrent.
import type { Metainfo } from '../../core/protocol/metainfo.js'

export interface TorrentWork {
  readonly metainfo: Metainfo
  /** Where the .torrent lies; absolute. */
  readonly file?: string
  /** The folder the content lies in; absolute. */
  readonly folder: string
  /** What the content is called there, where that differs from the torrent's name. */
  readonly nameOnDisk?: string
  /** Where its lock and its progress are kept; absolute. */
  readonly stateFolder: string
  /** Its content was hashed just now, to make the torrent, and did not change meanwhile. */
  readonly made: boolean
  readonly storage: string
  readonly selector: string
  readonly selectorOptions: Readonly<Record<string, unknown>>
  /** Trackers, in tiers, those of the profile included. */
  readonly trackers: ReadonlyArray<readonly string[]>
}
