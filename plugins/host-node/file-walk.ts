// Every regular file below a folder, in one order everywhere: elements of a path are compared as bytes, one after the other.
import { lstat, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { compareBytes } from '../../core/base/bytes.js'
import { systemCode } from '../../core/base/errors.js'
import { hostErrors } from './errors.js'
import type { Dirent } from 'node:fs'
import type { FileFact } from '../../core/contracts/host.js'

const utf8 = new TextDecoder('utf-8', { fatal: true })
const DOT = 0x2e
/** Enough to keep the pool's four threads at work. */
const AT_ONCE = 16

/** What was named may be a link, what is found below may not. */
export async function walkFolder(root: string): Promise<readonly FileFact[]> {
  const facts = await stat(root)
  if (facts.isFile()) return [{ path: [], length: facts.size, mtimeMs: facts.mtimeMs }]
  const found: FileFact[] = []
  if (facts.isDirectory()) await visit(root, [], found)
  return found
}

async function visit(folder: string, path: readonly string[], found: FileFact[]): Promise<void> {
  const entries = (await readdir(folder, { withFileTypes: true, encoding: 'buffer' }))
    .filter(entry => entry.name[0] !== DOT && (entry.isDirectory() || entry.isFile()))
    .sort((a, b) => compareBytes(a.name, b.name))
  for (let from = 0; from < entries.length; from += AT_ONCE) {
    const some = entries.slice(from, from + AT_ONCE)
    const facts = await Promise.all(some.map(entry => factOf(folder, path, entry)))
    for (const [i, entry] of some.entries()) {
      const fact = facts[i]
      if (entry.isDirectory()) await visit(join(folder, nameOf(folder, entry)), [...path, nameOf(folder, entry)], found)
      else if (fact) found.push(fact)
    }
  }
}

/** null for a folder, and for a file that has gone since it was listed. */
async function factOf(folder: string, path: readonly string[], entry: Dirent<Buffer>): Promise<FileFact | null> {
  if (!entry.isFile()) return null
  const name = nameOf(folder, entry)
  try {
    const facts = await lstat(join(folder, name))
    return facts.isFile() ? { path: [...path, name], length: facts.size, mtimeMs: facts.mtimeMs } : null
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw error
  }
}

function nameOf(folder: string, entry: Dirent<Buffer>): string {
  try {
    return utf8.decode(entry.name)
  } catch {
    const shown = join(folder, entry.name.toString('latin1'))
    throw hostErrors.make('ERR_FILE_NAME', `${shown}: the name is not UTF-8; rename it, or leave it out`, {
      details: { path: shown },
    })
  }
}
