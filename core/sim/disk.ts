// A node's disk: files in memory, and the time that using them takes. It stays when the node's program stops, so a
// node that starts again finds what it left.
import { compareBytes } from '../base/bytes.js'
import { SparseFile } from './sparse-file.js'
import type { Timeline } from './timeline.js'

export interface DiskSpeed {
  /** What each operation costs before the first byte moves. */
  readonly operationMs: number
  readonly bytesPerSecond: number
}

export class SimDisk {
  /** By normal path. Folders that hold a file exist, whether they were made or not. */
  private readonly files = new Map<string, SparseFile>()
  private readonly folders = new Set<string>(['/'])
  /** Locked paths, each with who holds it. */
  readonly locks = new Map<string, string>()
  /** While it is set there is no room: whoever is about to write fails instead. */
  full = false
  private freeAt = 0

  constructor(
    private readonly timeline: Timeline,
    private readonly speed: DiskSpeed,
    /** Runs something in the turn of the machine whose disk this is. */
    private readonly act: (run: () => void) => void,
  ) {}

  /** Does something with the files once all that was asked before is done and `bytes` have moved. */
  queue(bytes: number, act: () => void): void {
    const { operationMs, bytesPerSecond } = this.speed
    this.freeAt = Math.max(this.freeAt, this.timeline.now) + operationMs + (1000 * bytes) / bytesPerSecond
    this.timeline.at(this.freeAt, () => this.act(act))
  }

  /** The same as a promise; it rejects with what `act` throws. */
  work<T>(bytes: number, act: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.queue(bytes, () => {
        try {
          resolve(act())
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  file(path: string): SparseFile | undefined {
    return this.files.get(normalPath(path))
  }

  isFolder(path: string): boolean {
    return this.folders.has(normalPath(path))
  }

  /** Creates the file, and its folders, where they are absent. */
  write(path: string, at: number, bytes: Uint8Array): void {
    const normal = normalPath(path)
    let file = this.files.get(normal)
    if (file === undefined) {
      file = new SparseFile()
      this.files.set(normal, file)
      this.makeFolder(parentOf(normal))
    }
    file.write(at, bytes)
    file.mtimeMs = this.timeline.now
  }

  /** In one step: whoever reads sees the old bytes or the new. */
  replace(path: string, bytes: Uint8Array): void {
    this.files.delete(normalPath(path))
    this.write(path, 0, bytes)
  }

  makeFolder(path: string): void {
    for (let normal = normalPath(path); !this.folders.has(normal); normal = parentOf(normal)) this.folders.add(normal)
  }

  /** A file, or a folder with all that is in it. False: nothing there. */
  move(from: string, to: string): boolean {
    const [source, target] = [normalPath(from), normalPath(to)]
    const moved = [...this.files].filter(([path]) => path === source || path.startsWith(`${source}/`))
    const folders = [...this.folders].filter(path => path === source || path.startsWith(`${source}/`))
    this.remove(source)
    if (moved.length + folders.length > 0) this.makeFolder(parentOf(target))
    for (const [path, file] of moved) this.files.set(target + path.slice(source.length), file)
    for (const path of folders) this.folders.add(target + path.slice(source.length))
    return moved.length + folders.length > 0
  }

  /** A file, or a folder with all that is in it. */
  remove(path: string): void {
    const normal = normalPath(path)
    for (const one of this.files.keys()) if (one === normal || one.startsWith(`${normal}/`)) this.files.delete(one)
    for (const one of this.folders) if (one === normal || one.startsWith(`${normal}/`)) this.folders.delete(one)
  }

  /** Names in a folder, in byte order. */
  list(path: string): string[] {
    const normal = normalPath(path)
    const prefix = normal === '/' ? '/' : `${normal}/`
    const names = new Set<string>()
    for (const one of [...this.files.keys(), ...this.folders]) {
      if (one.startsWith(prefix) && one.length > prefix.length) names.add(one.slice(prefix.length).split('/')[0] ?? '')
    }
    return [...names].sort(byBytes)
  }
}

/** Absolute, without "." and ".." and doubled slashes. */
export function normalPath(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

function parentOf(normal: string): string {
  return normal.slice(0, Math.max(1, normal.lastIndexOf('/')))
}

const utf8 = new TextEncoder()

function byBytes(a: string, b: string): number {
  return compareBytes(utf8.encode(a), utf8.encode(b))
}
