// storage-file with a count of what is hashed and what is written, given to a node in place of the plugin.
import { silentLogger } from '../../core/base/log.js'
import { Storages, type StorageFactory, type StorageSpec, type TorrentStorage } from '../../core/contracts/storage.js'
import type { Given } from '../../core/kernel/kernel.js'
import { FileStorageFactory } from '../../plugins/storage-file/file-storage-factory.js'
import { IoPool } from '../../plugins/storage-file/io-pool.js'

export class CountedStorage implements StorageFactory {
  /** Pieces in the order in which they were hashed from disk, or written. */
  readonly hashed: number[] = []
  readonly written: number[] = []
  private readonly pool = new IoPool({ workers: 0, openFiles: 16 }, silentLogger)

  get given(): readonly Given[] {
    return [[Storages, this, 'file']]
  }

  async open(spec: StorageSpec, signal: AbortSignal): Promise<TorrentStorage> {
    const inner = await new FileStorageFactory(this.pool, undefined).open(spec, signal)
    return {
      read: job => inner.read(job),
      write: (piece, data) => inner.write(piece, data),
      verifyAndWrite: async (piece, data, digest) => {
        const right = await inner.verifyAndWrite?.(piece, data, digest)
        if (right === true) this.written.push(piece)
        return right === true
      },
      check: async (piece, digest) => {
        this.hashed.push(piece)
        return (await inner.check?.(piece, digest)) === true
      },
      present: () => inner.present(),
      stamp: () => inner.stamp(),
      flush: () => inner.flush(),
      remove: async () => inner.remove?.(),
      move: async (folder, how) => inner.move?.(folder, how),
      close: () => inner.close(),
    }
  }

  close(): Promise<void> {
    return this.pool.close()
  }
}
