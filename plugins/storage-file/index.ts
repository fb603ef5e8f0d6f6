import os from 'node:os'
import { Storages } from '../../core/contracts/storage.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { config } from './config.js'
import { FileStorageFactory } from './file-storage-factory.js'
import { IoPool } from './io-pool.js'

/** Disks rarely gain from more. */
const THREADS = 4

export default definePlugin({
  name: 'storage-file',
  config,
  provides: [Storages],
  setup(ctx) {
    const workers = ctx.config.workers ?? Math.min(THREADS, os.availableParallelism())
    const pool = new IoPool({ workers, openFiles: ctx.config.openFiles }, ctx.host.log)
    ctx.provideNamed(Storages, 'file', new FileStorageFactory(pool, ctx.config.root))
    return { stop: () => pool.close() }
  },
})
