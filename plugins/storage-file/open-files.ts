// The file handles of one thread, the least recently used closed first. Work is done one call at a time in a thread, so
// a handle in use is never the one that is closed.
import fs from 'node:fs'
import { getSystemErrorName } from 'node:util'
import { systemCode } from '../../core/base/errors.js'
import { DiskFault, Outcome } from './disk-fault.js'

interface OpenFile {
  readonly fd: number
  readonly writable: boolean
}

export class OpenFiles {
  /** In order of use: a Map keeps the order of insertion. */
  private readonly files = new Map<number, OpenFile>()

  constructor(private readonly limit: number) {}

  /** The handle kept under `key`, else what `open` gives. A handle for writing serves reading too. */
  use(key: number, writable: boolean, open: () => number): number {
    const kept = this.files.get(key)
    if (kept !== undefined) {
      this.files.delete(key)
      if (kept.writable || !writable) {
        this.files.set(key, kept)
        return kept.fd
      }
      close(kept.fd)
    }
    while (this.files.size >= this.limit) this.closeOldest()
    const fd = this.openPatiently(open)
    this.files.set(key, { fd, writable })
    return fd
  }

  /** Closes what is kept under the keys from `from` to before `to`. */
  forget(from: number, to: number): void {
    for (const [key, file] of this.files) {
      if (key < from || key >= to) continue
      this.files.delete(key)
      close(file.fd)
    }
  }

  /** The process has no handle left, sockets count too: gives back its own, then tries again. */
  private openPatiently(open: () => number): number {
    for (;;) {
      try {
        return open()
      } catch (error) {
        if (!outOfHandles(error) || this.files.size === 0) throw error
        this.closeOldest()
      }
    }
  }

  private closeOldest(): void {
    for (const [key, file] of this.files) {
      this.files.delete(key)
      return close(file.fd)
    }
  }
}

function outOfHandles(error: unknown): boolean {
  if (!(error instanceof DiskFault) || error.outcome !== Outcome.System) return false
  return ['EMFILE', 'ENFILE'].includes(getSystemErrorName(error.errno))
}

/** What a network disk only reports at closing, fsync reports too: nothing is lost by not asking here. */
function close(fd: number): void {
  try {
    fs.closeSync(fd)
  } catch (error) {
    if (systemCode(error) === 'EBADF') throw error
  }
}
