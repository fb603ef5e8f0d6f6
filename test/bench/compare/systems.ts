// All that can be compared, Shoal first. A system that is not on this machine is told and left out.
import { aria2 } from './systems/aria2.js'
import { bittorrentTracker } from './systems/bittorrent-tracker.js'
import { libtorrent } from './systems/libtorrent.js'
import { mktorrent } from './systems/mktorrent.js'
import { opentracker } from './systems/opentracker.js'
import { shoal } from './systems/shoal.js'
import { transmission } from './systems/transmission.js'
import { createTorrent, webtorrent } from './systems/webtorrent.js'
import type { System } from './system.js'

export const systems: readonly System[] = [
  shoal,
  webtorrent,
  libtorrent,
  aria2,
  transmission,
  mktorrent,
  createTorrent,
  opentracker,
  bittorrentTracker,
]
