// Torrent content on the disk of a simulated machine, in place of storage-file.
import { Storages } from '../../core/contracts/storage.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { Machine } from '../../core/sim/node.js'
import { config } from './config.js'
import { SimStorageFactory } from './sim-storage.js'

export default definePlugin({
  name: 'sim-storage',
  config,
  requires: [Machine],
  provides: [Storages],
  setup(ctx) {
    ctx.provideNamed(Storages, ctx.config.name, new SimStorageFactory(ctx.get(Machine), ctx.config))
  },
})
