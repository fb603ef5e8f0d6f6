// The node's own small files. What is written is there whole or not at all, also after a power cut.
import { constants } from 'node:fs'
import { appendFile, mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { compareBytes } from '../../core/base/bytes.js'
import { systemCode } from '../../core/base/errors.js'
import { hostErrors } from './errors.js'
import { fileFault } from './file-fault.js'
import { lockFile } from './file-lock.js'
import { walkFolder } from './file-walk.js'
import type { FileFact, FileSystem } from '../../core/contracts/host.js'

/** A .torrent of a million pieces has 20 MB; nothing the node reads whole is larger than this. */
const MAX_READ = 256 * 1024 * 1024

export class NodeFileSystem implements FileSystem {
  private written = 0

  async read(path: string): Promise<Uint8Array> {
    return attempt('read', path, async () => {
      // Without O_NONBLOCK a pipe would hold a thread of the pool until somebody writes to it.
      const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
      try {
        const facts = await file.stat()
        if (!facts.isFile()) throw kindFault(path, 'not a regular file')
        if (facts.size > MAX_READ) throw kindFault(path, `${facts.size} bytes are more than are read whole`)
        return await readWhole(file, facts.size)
      } finally {
        await file.close()
      }
    })
  }

  async writeAtomic(path: string, bytes: Uint8Array, options: { readonly forOthers?: boolean } = {}): Promise<void> {
    const folder = dirname(path)
    const temporary = join(folder, `.${basename(path)}.${process.pid}-${++this.written}.tmp`)
    await attempt('write', path, async () => {
      try {
        const file = await open(temporary, 'w', options.forOthers === true ? 0o666 : 0o600)
        try {
          await file.writeFile(bytes)
          await file.sync()
        } finally {
          await file.close()
        }
        await rename(temporary, path)
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => undefined)
        throw error
      }
      await syncFolder(folder)
    })
  }

  append(path: string, bytes: Uint8Array): Promise<void> {
    return attempt('append to', path, () => appendFile(path, bytes, { mode: 0o600 }))
  }

  async stat(
    path: string,
  ): Promise<{ readonly directory: boolean; readonly length: number; readonly mtimeMs: number } | null> {
    return attempt('look at', path, async () => {
      try {
        const facts = await stat(path)
        return { directory: facts.isDirectory(), length: facts.size, mtimeMs: facts.mtimeMs }
      } catch (error) {
        if (isAbsent(error)) return null
        throw error
      }
    })
  }

  list(path: string): Promise<readonly string[]> {
    return attempt('list', path, async () => {
      try {
        const names = await readdir(path, { encoding: 'buffer' })
        return names.sort(compareBytes).map(name => name.toString('utf8'))
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return []
        throw error
      }
    })
  }

  walk(path: string): Promise<readonly FileFact[]> {
    return attempt('walk', path, () => walkFolder(path))
  }

  rename(from: string, to: string): Promise<void> {
    return attempt('rename', from, () => rename(from, to))
  }

  remove(path: string): Promise<void> {
    return attempt('remove', path, async () => {
      try {
        await rm(path, { force: true })
      } catch (error) {
        if (!isAbsent(error)) throw error
      }
    })
  }

  async makeDir(path: string): Promise<void> {
    await attempt('make the folder', path, () => mkdir(path, { recursive: true, mode: 0o755 }))
  }

  lock(path: string): Promise<{ release(): Promise<void> }> {
    return attempt('lock', path, () => lockFile(path))
  }
}

/** As long as it was found to be: what it has grown by meanwhile is left out. */
async function readWhole(file: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size)
  let length = 0
  while (length < size) {
    const { bytesRead } = await file.read(bytes, length, size - length, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return bytes.subarray(0, length)
}

async function attempt<T>(doing: string, path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw fileFault(doing, path, error)
  }
}

function isAbsent(error: unknown): boolean {
  const code = systemCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

function kindFault(path: string, why: string): Error {
  return hostErrors.make('ERR_FILE_KIND', `cannot read ${path}: ${why}`, { details: { path } })
}

/** Makes the new name durable; on systems that cannot sync a folder the rename has to do. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch (error) {
    if (systemCode(error) !== 'EINVAL') throw error
  } finally {
    await handle.close()
  }
}
