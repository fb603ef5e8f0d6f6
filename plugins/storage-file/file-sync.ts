// Makes written files durable, on the main thread by asynchronous calls: an fsync may take seconds, and the threads
// have reads to serve meanwhile.
import fs from 'node:fs/promises'
import path from 'node:path'
import type { ContentSpec } from './disk-content.js'
import { systemCode } from '../../core/base/errors.js'
import { DiskFault, faultOf, Outcome } from './disk-fault.js'
import { WRITE_FLAGS } from './safe-path.js'

/** Few at a time: the calls take threads that name look-ups need as well. */
const AT_ONCE = 2

export class FileSync {
  private readonly dirty = new Set<number>()
  /** Files whose entry in their folder is durable too. */
  private readonly entered = new Set<number>()
  private failure: DiskFault | null = null
  private latest: Promise<void> = Promise.resolve()

  constructor(private readonly spec: ContentSpec) {}

  touched(file: number): void {
    this.dirty.add(file)
  }

  /**
   * Rejects with a DiskFault. After a failed fsync every later call fails as well: the system has dropped what it could
   * not write, and a second fsync would report success over the hole.
   */
  flush(): Promise<void> {
    // One after the other: a later call vouches for what an earlier one still syncs.
    const flushed = this.latest.then(() => this.flushDirty())
    this.latest = flushed.catch(() => undefined)
    return flushed
  }

  private async flushDirty(): Promise<void> {
    const files = [...this.dirty]
    this.dirty.clear()
    const folders = new Map<string, number>()
    let next = 0
    const work = async (): Promise<void> => {
      while (this.failure === null && next < files.length) {
        const file = files[next++]!
        await this.syncFile(file)
        if (!this.entered.has(file)) this.foldersAbove(file, folders)
      }
    }
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, work))
      if (this.failure === null) for (const [folder, file] of folders) await this.syncFolder(folder, file)
    } catch (error) {
      for (const file of files) this.dirty.add(file)
      throw error
    }
    if (this.failure !== null) throw this.failure
    for (const file of files) this.entered.add(file)
  }

  private async syncFile(file: number): Promise<void> {
    const at = path.join(this.spec.root, ...this.spec.files[file]!.path)
    const handle = await fs.open(at, WRITE_FLAGS).catch((error: unknown) => {
      throw systemCode(error) === 'ENOENT' ? new DiskFault(Outcome.Short, file) : faultOf(error, file)
    })
    try {
      await handle.sync()
    } catch (error) {
      this.failure = faultOf(error, file)
    } finally {
      await handle.close()
    }
  }

  private foldersAbove(file: number, into: Map<string, number>): void {
    const { path: elements } = this.spec.files[file]!
    for (let up = elements.length - 1; up >= 0; up--) {
      into.set(path.join(this.spec.root, ...elements.slice(0, up)), file)
    }
  }

  private async syncFolder(folder: string, file: number): Promise<void> {
    // Windows opens no folders, and keeps entries safe by itself.
    if (process.platform === 'win32') return
    try {
      const handle = await fs.open(folder, 'r')
      try {
        await handle.sync()
      } finally {
        await handle.close()
      }
    } catch (error) {
      this.failure = faultOf(error, file)
    }
  }
}
