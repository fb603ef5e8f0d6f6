import { NameLookup } from '../../core/contracts/host.js'
import { PeerDiscoveries } from '../../core/contracts/peer-discovery.js'
import { TrackerClients } from '../../core/contracts/tracker-client.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { config } from './config.js'
import { TrackerDiscovery } from './tracker-discovery.js'

export default definePlugin({
  name: 'discovery-tracker',
  config,
  requires: [TrackerClients],
  optional: [NameLookup],
  provides: [PeerDiscoveries],
  setup(ctx) {
    const { clock, entropy, random } = ctx.host
    const parts = {
      clients: ctx.named(TrackerClients),
      names: ctx.find(NameLookup),
      clock,
      entropy,
      config: ctx.config,
    }
    ctx.provide(PeerDiscoveries, new TrackerDiscovery(parts, random))
  },
})
