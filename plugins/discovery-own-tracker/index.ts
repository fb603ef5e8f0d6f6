import { AnnouncePolicies } from '../../core/contracts/announce-policy.js'
import { PeerDiscoveries } from '../../core/contracts/peer-discovery.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { OwnTrackerDiscovery } from './own-tracker-discovery.js'

export default definePlugin({
  name: 'discovery-own-tracker',
  provides: [AnnouncePolicies, PeerDiscoveries],
  threaded: () => [AnnouncePolicies],
  setup(ctx) {
    const discovery = new OwnTrackerDiscovery(ctx.host.clock)
    ctx.provide(AnnouncePolicies, discovery)
    ctx.provide(PeerDiscoveries, discovery)
  },
})
