import { Datagrams, NameLookup } from '../../core/contracts/host.js'
import { TrackerClients } from '../../core/contracts/tracker-client.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { UdpExchange } from './exchange.js'
import { UdpTrackerClient } from './udp-tracker-client.js'

export default definePlugin({
  name: 'announce-udp',
  requires: [Datagrams, NameLookup],
  provides: [TrackerClients],
  setup(ctx) {
    const { clock, entropy } = ctx.host
    const exchange = new UdpExchange(ctx.get(Datagrams), clock, entropy)
    ctx.provideNamed(TrackerClients, 'udp', new UdpTrackerClient(exchange, ctx.get(NameLookup), clock))
    return { stop: () => exchange.close() }
  },
})
