import { AnnouncePolicies } from '../../core/contracts/announce-policy.js'
import { Catalog } from '../../core/contracts/tracker.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { SharedOnly } from './shared-only.js'

export default definePlugin({
  name: 'tracker-allow-shared',
  requires: [Catalog],
  provides: [AnnouncePolicies],
  threaded: (_, links) => (links.providers(Catalog).every(({ threaded }) => threaded) ? [AnnouncePolicies] : []),
  setup(ctx) {
    ctx.provide(AnnouncePolicies, new SharedOnly(ctx.get(Catalog)))
  },
})
