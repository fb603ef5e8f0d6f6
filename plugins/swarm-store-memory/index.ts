import { Probes } from '../../core/contracts/probe.js'
import { SwarmStores } from '../../core/contracts/swarm-store.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { config } from './config.js'
import { MemoryStore } from './memory-store.js'

export default definePlugin({
  name: 'swarm-store-memory',
  config,
  provides: [SwarmStores, Probes],
  threaded: ({ shared }) => (shared ? [SwarmStores] : []),
  setup(ctx) {
    const store = MemoryStore.create(ctx.config.memoryMiB * 2 ** 20, ctx.config.shared, ctx.host)
    ctx.provide(SwarmStores, store)
    ctx.provide(Probes, store)
  },
})
