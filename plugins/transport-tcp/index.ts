// Peer connections over TCP, under the name "tcp".
import { PeerTransports } from '../../core/contracts/peer-transport.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { config } from './config.js'
import { TcpTransport } from './tcp-transport.js'

export default definePlugin({
  name: 'transport-tcp',
  config,
  provides: [PeerTransports],
  setup(ctx) {
    const transport = new TcpTransport(ctx.config, ctx.host.clock, ctx.host.log)
    ctx.provideNamed(PeerTransports, 'tcp', transport)
    return { stop: () => transport.close() }
  },
})
