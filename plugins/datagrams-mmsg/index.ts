// Many datagrams in two system calls, answered in threads, on machines that can.
import { BatchedDatagrams, Datagrams } from '../../core/contracts/host.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { MmsgDatagramNet } from './batched-net.js'
import { config } from './config.js'
import { loadKoffi } from './system-calls.js'

export default definePlugin({
  name: 'datagrams-mmsg',
  config,
  requires: [Datagrams],
  provides: [BatchedDatagrams],
  setup(ctx) {
    const { clock } = ctx.host
    const net = new MmsgDatagramNet(ctx.host, ctx.get(Datagrams), {
      bufferBytes: ctx.config.bufferBytes,
      failed(error) {
        // Nobody waits for an answer any more: out of a timer it is told under this plugin's name, and is the node's end
        // where the plugin is critical.
        clock.after(0, () => {
          throw error
        })
      },
    })
    ctx.provide(BatchedDatagrams, net)
    return {
      start: () => net.start({ platform: process.platform, arch: process.arch, load: loadKoffi }),
      stop: () => net.close(),
    }
  },
})
