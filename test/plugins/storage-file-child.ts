// Run under strace by the fault tests: writes a file of four pieces one after the other, does what it is told, and
// prints how each step ended, one line of JSON at the end.
import { silentLogger } from '../../core/base/log.js'
import { FileStorageFactory } from '../../plugins/storage-file/file-storage-factory.js'
import { IoPool } from '../../plugins/storage-file/io-pool.js'
import { readBytes, StorageContent } from '../conformance/storage-content.js'

const [folder = '', ...steps] = process.argv.slice(2)
const pool = new IoPool({ workers: 1, openFiles: 8 }, silentLogger)
const content = StorageContent.oneFile(folder, 4 * 65_536, 65_536)
const storage = await new FileStorageFactory(pool, undefined).open(content.spec, new AbortController().signal)
const ended: Record<string, string> = {}

/** A step is one letter and, but for f (flush), a piece: w2 writes, r2 reads, c2 checks. */
async function run(step: string): Promise<string> {
  if (step === 'f') return storage.flush().then(() => 'ok')
  const piece = content.piece(Number(step[1]))
  if (step[0] === 'w') return content.write(storage, piece).then(() => 'ok')
  if (step[0] === 'c') return String(await storage.check?.(piece, content.digest(piece)))
  return Buffer.from(await readBytes(storage, piece, 0, 65_536)).equals(content.bytes(piece)) ? 'ok' : 'other bytes'
}

for (const [i, step] of steps.entries()) {
  ended[`${i} ${step}`] = await run(step).catch(
    (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
  )
}
await storage.close()
await pool.close()
process.stdout.write(JSON.stringify(ended))
