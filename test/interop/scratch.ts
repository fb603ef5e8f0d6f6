import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder for the files of a test, gone with it. */
export class Scratch {
  readonly path = mkdtempSync(join(tmpdir(), 'shoal-interop-'))
  private made = 0

  /** A new folder in it. */
  folder(): string {
    const path = join(this.path, `${this.made++}`)
    mkdirSync(path)
    return path
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
