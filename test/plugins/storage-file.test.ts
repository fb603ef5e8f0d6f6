import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { silentLogger } from '../../core/base/log.js'
import { FileStorageFactory } from '../../plugins/storage-file/file-storage-factory.js'
import { IoPool } from '../../plugins/storage-file/io-pool.js'
import { register } from '../conformance/case.js'
import { storageCases } from '../conformance/storage.js'

for (const workers of [0, 2]) {
  register(
    `storage-file: contract, ${workers === 0 ? 'on the main thread' : 'in threads'}`,
    storageCases(async () => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shoal-storage-'))
      const pool = new IoPool({ workers, openFiles: 16 }, silentLogger)
      return {
        factory: new FileStorageFactory(pool, undefined),
        folder,
        persistent: true,
        async breakWrites(content) {
          const at = path.join(folder, ...content.files.at(-1)!.path)
          fs.mkdirSync(at, { recursive: true })
          return async () => fs.rmdirSync(at)
        },
        async close() {
          await pool.close()
          fs.rmSync(folder, { recursive: true, force: true })
        },
      }
    }),
  )
}
