import { Storages } from '../../core/contracts/storage.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { config } from './config.js'
import { MemoryStorageFactory } from './memory-storage.js'

export default definePlugin({
  name: 'storage-memory',
  config,
  provides: [Storages],
  setup(ctx) {
    ctx.provideNamed(Storages, 'memory', new MemoryStorageFactory(ctx.config.maxMiB * 2 ** 20, ctx.host.entropy))
  },
})
