// A pool and a folder for tests of storage-file, gone after each test.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { silentLogger } from '../../core/base/log.js'
import type { StorageSpec, TorrentStorage } from '../../core/contracts/storage.js'
import { FileStorageFactory } from '../../plugins/storage-file/file-storage-factory.js'
import { IoPool } from '../../plugins/storage-file/io-pool.js'

export class FileBed {
  readonly top = fs.mkdtempSync(path.join(os.tmpdir(), 'shoal-storage-'))
  /** Where content goes; `top` has room for what must stay untouched. */
  readonly folder = path.join(this.top, 'into')
  readonly pool: IoPool
  private readonly opened: TorrentStorage[] = []

  constructor(workers = 0, openFiles = 16) {
    this.pool = new IoPool({ workers, openFiles }, silentLogger)
    fs.mkdirSync(this.folder)
  }

  async open(spec: StorageSpec): Promise<TorrentStorage> {
    const storage = await new FileStorageFactory(this.pool, undefined).open(spec, new AbortController().signal)
    this.opened.push(storage)
    return storage
  }

  at(...elements: string[]): string {
    return path.join(this.folder, ...elements)
  }

  /** Every entry below the folder, sorted; folders end in a slash. */
  entries(): string[] {
    return fs
      .readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .map(
        entry => path.relative(this.folder, path.join(entry.parentPath, entry.name)) + (entry.isDirectory() ? '/' : ''),
      )
      .sort()
  }

  async close(): Promise<void> {
    await Promise.all(this.opened.map(storage => storage.close()))
    await this.pool.close()
    fs.rmSync(this.top, { recursive: true, force: true })
  }
}

/** The error a promise rejects with, for its code and text. */
export async function errorOf(work: Promise<unknown>): Promise<{ code: string; blame: string; message: string }> {
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (e: unknown) => e,
  )
  const { code, blame, message } = error as { code?: string; blame?: string; message: string }
  return { code: code ?? 'none', blame: blame ?? 'none', message }
}
