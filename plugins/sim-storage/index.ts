// Torrent content on the disk of a simulated machine, in place of storage-file.
import { Storages } from '../../core/contracts/storage.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { Machine } from '../../core/sim/node.js'
import { config } from './config.js'
import { HashingStorage, SimStorage } from './sim-storage.js'

export default definePlugin({
  name: 'sim-storage',
  config,
  requires: [Machine],
  provides: [Storages],
  setup(ctx) {
    const machine = ctx.get(Machine)
    const Storage = ctx.config.hashing ? HashingStorage : SimStorage
    ctx.provideNamed(Storages, ctx.config.name, {
      open: (spec, signal) => {
        signal.throwIfAborted()
        return Promise.resolve(new Storage(machine, spec))
      },
    })
  },
})
