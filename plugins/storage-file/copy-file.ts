// A durable copy of a file, with its time and its holes, that can be ended in the middle.
import fs from 'node:fs/promises'
import { constants } from 'node:fs'
import type { StorageMove } from '../../core/contracts/storage.js'
import { storageErrors } from './errors.js'

const CHUNK = 1 << 20
const ZEROS = Buffer.alloc(CHUNK)

/** Over what lies at `to`. */
export async function copyFile(from: string, to: string, how: StorageMove): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | (constants.O_NOFOLLOW ?? 0)
  const source = await fs.open(from, 'r')
  try {
    const { size, mode, atimeMs, mtimeMs } = await source.stat()
    const copy = await fs.open(to, flags, mode & 0o777)
    try {
      await copy.truncate(size)
      const buffer = Buffer.allocUnsafe(CHUNK)
      for (let at = 0; at < size;) {
        how.signal.throwIfAborted()
        const { bytesRead } = await source.read(buffer, 0, CHUNK, at)
        if (bytesRead === 0)
          throw storageErrors.make('ERR_STORAGE_MISSING', `${from} became shorter while it was copied`)
        const bytes = buffer.subarray(0, bytesRead)
        if (!bytes.equals(ZEROS.subarray(0, bytesRead))) await writeAll(copy, bytes, at)
        at += bytesRead
        how.moved(bytesRead)
      }
      await copy.utimes(atimeMs / 1000, mtimeMs / 1000)
      await copy.sync()
    } finally {
      await copy.close()
    }
  } finally {
    await source.close()
  }
}

async function writeAll(file: fs.FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten
  }
}
