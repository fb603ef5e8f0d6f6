import fs from 'node:fs/promises'
import type { StorageFactory, StorageSpec, TorrentStorage } from '../../core/contracts/storage.js'
import type { ContentSpec } from './disk-content.js'
import { DiskFault, errnoOf } from './disk-fault.js'
import { storageErrors } from './errors.js'
import { faultError, systemError } from './fault-text.js'
import { FileStorage } from './file-storage.js'
import type { IoPool } from './io-pool.js'
import { safeElements } from './safe-path.js'

export class FileStorageFactory implements StorageFactory {
  readonly root?: string

  constructor(
    private readonly pool: IoPool,
    root: string | undefined,
  ) {
    if (root !== undefined) this.root = root
  }

  async open(spec: StorageSpec, signal: AbortSignal): Promise<TorrentStorage> {
    refuse(spec)
    signal.throwIfAborted()
    const content = this.pool.enter(await contentOf(spec))
    try {
      await this.pool.ask('inspect', content)
      signal.throwIfAborted()
    } catch (error) {
      await this.pool.release(content)
      throw error instanceof DiskFault ? faultError(error, content.spec, 'looking at') : error
    }
    return new FileStorage(this.pool, content, spec.geometry)
  }
}

/** What the caller should have seen to; the storage does not depend on it. */
function refuse({ files, geometry }: StorageSpec): void {
  const seen = new Set<string>()
  let total = 0
  for (const file of files) {
    total += file.length
    if (file.padding) continue
    const key = file.path.join('/')
    if (!safeElements(file.path)) throw specError(`the path ${JSON.stringify(file.path)} could lead out of the folder`)
    if (seen.has(key)) throw specError(`two files of the torrent have the path ${JSON.stringify(key)}`)
    seen.add(key)
  }
  if (total !== geometry.totalLength) throw specError(`the files have ${total} bytes, not ${geometry.totalLength}`)
}

function specError(message: string): Error {
  return storageErrors.make('ERR_STORAGE_SPEC', message)
}

/** Makes the folder; links in the way to it are the operator's own, so they are resolved once and for all. */
async function contentOf(spec: StorageSpec): Promise<ContentSpec> {
  try {
    await fs.mkdir(spec.folder, { recursive: true, mode: 0o755 })
    return {
      root: await fs.realpath(spec.folder),
      files: spec.files.map(({ path, length, padding }) => ({ path, length, padding })),
      pieceLength: spec.geometry.pieceLength,
      totalLength: spec.geometry.totalLength,
    }
  } catch (error) {
    throw errnoOf(error) === 0 ? error : systemError(errnoOf(error), spec.folder, 'opening the folder')
  }
}
