// Opening files below a folder so that nothing is ever written outside it. What is written has only real folders above
// it, looked at again on every opening, and is itself no link (O_NOFOLLOW) and a regular file. Reading may follow
// links: content that lies elsewhere can be seeded, and a wrong target only fails its hash.
import fs from 'node:fs'
import path from 'node:path'
import { systemCode } from '../../core/base/errors.js'
import { DiskFault, faultOf, Outcome } from './disk-fault.js'

/** Absent on Windows, where following is decided by the look before. */
const NO_FOLLOW = fs.constants.O_NOFOLLOW ?? 0
/** So that opening a FIFO does not wait for its other end. */
const NO_WAIT = fs.constants.O_NONBLOCK ?? 0

export const READ_FLAGS = fs.constants.O_RDONLY | NO_WAIT
export const WRITE_FLAGS = fs.constants.O_RDWR | NO_WAIT | NO_FOLLOW

/** True for elements that name something in the folder itself: the last fence, whatever was checked before. */
export function safeElements(elements: readonly string[]): boolean {
  const separators = process.platform === 'win32' ? /[\\/:\0]/ : /[/\0]/
  return elements.length > 0 && elements.every(e => e !== '' && e !== '.' && e !== '..' && !separators.test(e))
}

export function openForReading(root: string, elements: readonly string[], file: number): number {
  return regular(open(path.join(root, ...elements), READ_FLAGS, file), file)
}

/** Makes the folders that are missing and the file; a longer file is cut to `length`. */
export function openForWriting(root: string, elements: readonly string[], length: number, file: number): number {
  walkFolders(root, elements, file, true)
  const fd = regular(open(path.join(root, ...elements), WRITE_FLAGS | fs.constants.O_CREAT, file), file)
  try {
    if (fs.fstatSync(fd).size > length) fs.ftruncateSync(fd, length)
  } catch (error) {
    fs.closeSync(fd)
    throw faultOf(error, file)
  }
  return fd
}

/** Looks at every folder above the file; false where one is missing and not to be made. */
export function walkFolders(root: string, elements: readonly string[], file: number, make: boolean): boolean {
  let folder = root
  for (const element of elements.slice(0, -1)) {
    folder = path.join(folder, element)
    let found = lstat(folder, file)
    if (found === undefined && make) {
      makeFolder(folder, file)
      found = lstat(folder, file)
    }
    if (found === undefined) return false
    if (found.isSymbolicLink()) throw new DiskFault(Outcome.Link, file)
    if (!found.isDirectory()) throw new DiskFault(Outcome.NotFolder, file)
  }
  return true
}

function lstat(at: string, file: number): fs.Stats | undefined {
  try {
    return fs.lstatSync(at, { throwIfNoEntry: false })
  } catch (error) {
    throw faultOf(error, file)
  }
}

function makeFolder(folder: string, file: number): void {
  try {
    fs.mkdirSync(folder, 0o755)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw faultOf(error, file)
  }
}

function open(at: string, flags: number, file: number): number {
  try {
    return fs.openSync(at, flags, 0o644)
  } catch (error) {
    const code = systemCode(error)
    if ((code === 'ELOOP' || code === 'EMLINK') && (flags & NO_FOLLOW) !== 0) throw new DiskFault(Outcome.Link, file)
    if (code === 'EISDIR' || code === 'ENXIO') throw new DiskFault(Outcome.NotFile, file)
    if (code === 'ENOTDIR') throw new DiskFault(Outcome.NotFolder, file)
    if (code === 'ENOENT' && (flags & fs.constants.O_CREAT) === 0) throw new DiskFault(Outcome.Short, file)
    throw faultOf(error, file)
  }
}

function regular(fd: number, file: number): number {
  if (fs.fstatSync(fd).isFile()) return fd
  fs.closeSync(fd)
  throw new DiskFault(Outcome.NotFile, file)
}
