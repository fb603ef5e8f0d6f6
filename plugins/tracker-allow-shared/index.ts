import { AnnouncePolicies } from '../../core/contracts/announce-policy.js'
import { Catalog } from '../../core/contracts/tracker.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import type { Refused } from '../../core/contracts/refusal.js'

/** The node may share it soon: it may be checking it now. */
const REFUSED: Refused = {
  reason: 'this tracker tracks only what its own node shares',
  kind: 'not_tracked',
  retryMinutes: 5,
}

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
