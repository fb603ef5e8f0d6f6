// Moves a torrent's files below another folder. First all of them come to be there as well: by a second name on the same
// file system, else by a copy that gets its name when it is whole and durable. Only then the old names go. So whatever
// happens, and whenever, every file is whole somewhere; and a name that is taken is never taken over.
import { createHash } from 'node:crypto'
import type { Stats } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { systemCode } from '../../core/base/errors.js'
import type { StorageMove } from '../../core/contracts/storage.js'
import { copyFile } from './copy-file.js'
import type { ContentSpec } from './disk-content.js'
import { DiskFault, errnoOf, faultOf, Outcome } from './disk-fault.js'
import { deleteEmptyFolders } from './empty-folders.js'
import { storageErrors } from './errors.js'
import { faultError, systemError } from './fault-text.js'
import { walkFolders } from './safe-path.js'

/** Some clocks of file systems tick every two seconds. */
const SAME_TIME_MS = 2_000

interface Found {
  readonly file: number
  readonly from: string
  readonly to: string
  readonly here: Stats | undefined
  readonly there: Stats | undefined
}

interface Moving extends Found {
  readonly here: Stats
}

/** Nobody has the files open. */
export async function moveContent(spec: ContentSpec, folder: string, how: StorageMove): Promise<void> {
  const target = { ...spec, root: folder }
  const made: Moving[] = []
  let files: readonly Moving[] = []
  try {
    await fs.mkdir(folder, { recursive: true, mode: 0o755 })
    target.root = await fs.realpath(folder)
    if (target.root === spec.root) return
    const found: Found[] = []
    for (let file = 0; file < spec.files.length; file++) {
      if (!spec.files[file]!.padding) found.push(await look(spec, target, file))
    }
    files = found.filter(isHere)
    refuseTaken(found, files, how.resumed)
    for (const moving of files) {
      how.signal.throwIfAborted()
      walkFolders(target.root, spec.files[moving.file]!.path, moving.file, true)
      if (moving.there !== undefined) await fs.rm(partOf(moving.to), { force: true })
      else {
        await bring(moving, how)
        made.push(moving)
      }
    }
    await syncFolders(target.root, files)
  } catch (error) {
    // What was told to end is gone on with; what failed leaves nothing behind.
    if (!how.signal.aborted && !how.resumed) {
      await Promise.allSettled(made.map(({ to }) => fs.unlink(to)))
      deleteEmptyFolders(target.root, spec.files)
    }
    throw told(error, target)
  }
  // It is all there. What cannot be deleted here stays behind, and does no harm.
  await Promise.allSettled(files.map(({ from }) => fs.unlink(from)))
  deleteEmptyFolders(spec.root, spec.files)
}

async function look(spec: ContentSpec, target: ContentSpec, file: number): Promise<Found> {
  const { path: elements } = spec.files[file]!
  const [from, to] = [path.join(spec.root, ...elements), path.join(target.root, ...elements)]
  const inside = walkFolders(target.root, elements, file, false)
  const [here, there] = [await lstat(from, file), inside ? await lstat(to, file) : undefined]
  if (here?.isFile() === false)
    throw faultError(new DiskFault(here.isSymbolicLink() ? Outcome.Link : Outcome.NotFile, file), spec, '')
  return { file, from, to, here, there }
}

function isHere(found: Found): found is Moving {
  return found.here !== undefined
}

/**
 * A file that is still to be fetched must not fall on somebody else's either. One that is only there is ours where the
 * old names were being deleted, which begins when everything has arrived.
 */
function refuseTaken(found: readonly Found[], files: readonly Moving[], resumed: boolean): void {
  const ours = ({ here, there }: Found): boolean =>
    here !== undefined &&
    there !== undefined &&
    ((there.ino === here.ino && there.dev === here.dev) || alike(here, there))
  const arrived = files.every(ours)
  for (const one of found) {
    if (one.there === undefined || (resumed && (one.here === undefined ? arrived : ours(one)))) continue
    throw storageErrors.make(
      'ERR_STORAGE_EXISTS',
      `${one.to} is there already; move it away, or choose another folder`,
      {
        details: { path: one.to },
      },
    )
  }
}

function told(error: unknown, target: ContentSpec): unknown {
  if (error instanceof DiskFault) return faultError(error, target, 'moving to')
  const errno = errnoOf(error)
  return errno === 0 ? error : systemError(errno, target.root, 'moving to')
}

/** A copy has the size and the time of what it was made from. */
function alike(a: { size: number; mtimeMs: number }, b: { size: number; mtimeMs: number }): boolean {
  return a.size === b.size && Math.abs(a.mtimeMs - b.mtimeMs) <= SAME_TIME_MS
}

async function bring({ file, from, to, here }: Moving, how: StorageMove): Promise<void> {
  if (await linked(from, to, file)) return how.moved(here.size)
  const part = partOf(to)
  try {
    await copyFile(from, part, how)
    if (!(await linked(part, to, file))) await renamed(part, to)
  } finally {
    await fs.rm(part, { force: true })
  }
}

/** What a copy is called until it is whole. */
function partOf(to: string): string {
  const name = createHash('sha1').update(to).digest('hex').slice(0, 16)
  return path.join(path.dirname(to), `.shoal-${name}`)
}

/** False: this takes a copy. */
async function linked(from: string, to: string, file: number): Promise<boolean> {
  try {
    await fs.link(from, to)
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') throw new DiskFault(Outcome.NotFile, file)
    return false
  }
}

/** Where a file has one name only. */
async function renamed(from: string, to: string): Promise<void> {
  await (await fs.open(to, 'wx')).close()
  await fs.rename(from, to)
}

async function lstat(at: string, file: number): Promise<Stats | undefined> {
  try {
    return await fs.lstat(at)
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw faultOf(error, file)
  }
}

/** Every folder that may have a new entry, that of the root included. */
async function syncFolders(root: string, files: readonly Moving[]): Promise<void> {
  // Windows opens no folders, and keeps entries safe by itself.
  if (process.platform === 'win32') return
  const folders = new Set<string>()
  for (const { to } of files) {
    for (let at = path.dirname(to); at.length >= root.length && !folders.has(at); at = path.dirname(at)) folders.add(at)
  }
  for (const folder of folders) await syncFolder(folder)
  // What is above need not be ours to read.
  if (folders.size > 0) await syncFolder(path.dirname(root)).catch(() => {})
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await fs.open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
