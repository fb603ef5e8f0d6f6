import { Catalog } from '../../core/contracts/tracker.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { TorrentSet } from './torrent-set.js'

export default definePlugin({
  name: 'torrent-catalog',
  provides: [Catalog],
  threaded: () => [Catalog],
  setup(ctx) {
    ctx.provide(Catalog, new TorrentSet())
  },
})
