// A folder for the files of a measurement: in memory where the machine has room there, since the disk is not what is
// measured. It goes with the process, however that ends.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { atEnd } from './at-end.js'

const IN_MEMORY = '/dev/shm'

export class Scratch {
  readonly path: string

  /** `bytes`: how much will lie in it at most. `below`: where, instead. */
  constructor(bytes: number, below?: string) {
    this.path = fs.mkdtempSync(path.join(below ?? (room(IN_MEMORY) > bytes ? IN_MEMORY : os.tmpdir()), 'shoal-bench-'))
    atEnd(() => this.remove())
  }

  at(...names: readonly string[]): string {
    return path.join(this.path, ...names)
  }

  /** Empty, whatever lay there before. */
  folder(name: string): string {
    const at = this.at(name)
    fs.rmSync(at, { recursive: true, force: true })
    fs.mkdirSync(at, { recursive: true })
    return at
  }

  remove(): void {
    fs.rmSync(this.path, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Free bytes; half of what the memory of the machine has, for a folder in memory must not take it all. */
function room(folder: string): number {
  try {
    const { bavail, bsize } = fs.statfsSync(folder)
    return Math.min(bavail * bsize, os.freemem() / 2)
  } catch {
    return 0
  }
}
