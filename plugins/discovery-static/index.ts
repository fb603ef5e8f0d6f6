import { NameLookup } from '../../core/contracts/host.js'
import { PeerDiscoveries } from '../../core/contracts/peer-discovery.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { config } from './config.js'
import { StaticDiscovery } from './static-discovery.js'

export default definePlugin({
  name: 'discovery-static',
  config,
  requires: [NameLookup],
  provides: [PeerDiscoveries],
  setup(ctx) {
    const { clock, log } = ctx.host
    ctx.provide(PeerDiscoveries, new StaticDiscovery(ctx.config.peers, ctx.get(NameLookup), clock, log))
  },
})
