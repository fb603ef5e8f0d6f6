// Peer links of a simulated world, in place of transport-tcp.
import { PeerTransports } from '../../core/contracts/peer-transport.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { Machine } from '../../core/sim/node.js'
import { config } from './config.js'
import { SimTransport } from './sim-transport.js'

export default definePlugin({
  name: 'sim-transport',
  config,
  requires: [Machine],
  provides: [PeerTransports],
  setup(ctx) {
    ctx.provideNamed(PeerTransports, ctx.config.name, new SimTransport(ctx.get(Machine)))
  },
})
