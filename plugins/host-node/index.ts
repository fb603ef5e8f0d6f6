// The machine's own network, files, names and processors, behind the contracts that the rest of a node knows.
import { Datagrams, Files, Hashing, Http, NameLookup } from '../../core/contracts/host.js'
import { MetricSources } from '../../core/contracts/metrics.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { config } from './config.js'
import { NodeDatagramNet } from './datagram-net.js'
import { NodeFileSystem } from './file-system.js'
import { createHashPool } from './hash-pool.js'
import { NodeHttpNet } from './http-net.js'
import { NodeNames } from './names.js'
import { processMetrics } from './process-metrics.js'

export default definePlugin({
  name: 'host-node',
  config,
  provides: [Datagrams, Http, Files, Hashing, NameLookup, MetricSources],
  setup(ctx) {
    const datagrams = new NodeDatagramNet(ctx.host.clock, ctx.host.log)
    const http = new NodeHttpNet(ctx.host.clock, ctx.host.log)
    const { workers } = ctx.config
    const hashing = createHashPool(workers === undefined ? {} : { workers })
    ctx.provide(Datagrams, datagrams)
    ctx.provide(Http, http)
    ctx.provide(Files, new NodeFileSystem())
    ctx.provide(Hashing, hashing)
    ctx.provide(NameLookup, new NodeNames())
    ctx.provide(MetricSources, processMetrics)
    return {
      // Those who opened sockets close them; this is for what a failed start left behind.
      async stop() {
        await Promise.all([datagrams.close(), http.close(), hashing.close()])
      },
    }
  },
})
