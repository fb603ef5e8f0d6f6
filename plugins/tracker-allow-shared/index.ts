import { AnnouncePolicies } from '../../core/contracts/announce-policy.js'
import { Catalog } from '../../core/contracts/tracker.js'
import { definePlugin } from '../../core/kernel/plugin.js'

const REFUSED = 'this tracker tracks only what its own node shares'

export default definePlugin({
  name: 'tracker-allow-shared',
  requires: [Catalog],
  provides: [AnnouncePolicies],
  setup(ctx) {
    const catalog = ctx.get(Catalog)
    ctx.provide(AnnouncePolicies, {
      admit: request => (catalog.has(request.infoHash) ? null : REFUSED),
      admitScrape: infoHash => catalog.has(infoHash),
    })
  },
})
