// A node's own small files on its simulated disk.
import type { FileFact, FileSystem } from '../../core/contracts/host.js'
import { normalPath } from '../../core/sim/disk.js'
import type { SparseFile } from '../../core/sim/sparse-file.js'
import type { SimNode } from '../../core/sim/node.js'
import { errors } from './errors.js'

export class SimFiles implements FileSystem {
  constructor(private readonly machine: SimNode) {}

  read(path: string): Promise<Uint8Array> {
    const { disk } = this.machine
    return disk.work(disk.file(path)?.length ?? 0, () => {
      const file = disk.file(path)
      if (file === undefined) throw this.absent(path)
      return file.bytes()
    })
  }

  writeAtomic(path: string, bytes: Uint8Array): Promise<void> {
    const copy = bytes.slice()
    return this.machine.disk.work(bytes.length, () => {
      this.refuseIfFull(path)
      this.machine.disk.replace(path, copy)
      this.machine.note(`wrote ${copy.length} bytes to ${path}`)
    })
  }

  append(path: string, bytes: Uint8Array): Promise<void> {
    const { disk } = this.machine
    const copy = bytes.slice()
    return disk.work(bytes.length, () => {
      this.refuseIfFull(path)
      disk.write(path, disk.file(path)?.length ?? 0, copy)
    })
  }

  stat(
    path: string,
  ): Promise<{ readonly directory: boolean; readonly length: number; readonly mtimeMs: number } | null> {
    const { disk } = this.machine
    return disk.work(0, () => {
      const file = disk.file(path)
      if (file !== undefined) return { directory: false, length: file.length, mtimeMs: file.mtimeMs }
      return disk.isFolder(path) ? { directory: true, length: 0, mtimeMs: 0 } : null
    })
  }

  list(path: string): Promise<readonly string[]> {
    return this.machine.disk.work(0, () => this.machine.disk.list(path))
  }

  walk(path: string): Promise<readonly FileFact[]> {
    return this.machine.disk.work(0, () => {
      const file = this.machine.disk.file(path)
      if (file !== undefined) return [fact([], file)]
      if (!this.machine.disk.isFolder(path)) throw this.absent(path)
      return this.below(path, [])
    })
  }

  rename(from: string, to: string): Promise<void> {
    return this.machine.disk.work(0, () => {
      if (!this.machine.disk.move(from, to)) throw this.absent(from)
    })
  }

  remove(path: string): Promise<void> {
    return this.machine.disk.work(0, () => this.machine.disk.remove(path))
  }

  makeDir(path: string): Promise<void> {
    return this.machine.disk.work(0, () => this.machine.disk.makeFolder(path))
  }

  lock(path: string): Promise<{ release(): Promise<void> }> {
    const { disk, name } = this.machine
    const normal = normalPath(path)
    return disk.work(0, () => {
      const holder = disk.locks.get(normal)
      if (holder !== undefined) {
        throw errors.make('ERR_FILE_LOCKED', `${path} is in use by ${holder}`, { details: { path, holder } })
      }
      disk.locks.set(normal, name)
      const letGo = this.machine.hold(`lock ${normal}`)
      let held = true
      return {
        release: async () => {
          if (held) disk.locks.delete(normal)
          held = false
          letGo()
          await Promise.resolve()
        },
      }
    })
  }

  private below(folder: string, names: readonly string[]): FileFact[] {
    const { disk } = this.machine
    return disk.list(folder).flatMap(name => {
      const path = `${folder}/${name}`
      if (name.startsWith('.')) return []
      const file = disk.file(path)
      return file === undefined ? this.below(path, [...names, name]) : [fact([...names, name], file)]
    })
  }

  private refuseIfFull(path: string): void {
    if (this.machine.disk.full)
      throw errors.make('ERR_FILE_FULL', `${path}: no room on the disk`, { details: { path } })
  }

  private absent(path: string): Error {
    return errors.make('ERR_FILE_ABSENT', `${path}: no such file`, { details: { path } })
  }
}

function fact(path: readonly string[], file: SparseFile): FileFact {
  return { path, length: file.length, mtimeMs: file.mtimeMs }
}
