// What is transferred, and the comparing of two folders without any of our own code in between.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createRandom } from '../../core/base/random.js'

const MIB = 1 << 20

/** Writes a folder of many files, one of them empty, of odd sizes, some nested, of 64 MiB and a bit. */
export function writeContent(folder: string): void {
  const random = createRandom(20)
  const put = (path: string, length: number): void => {
    const bytes = Buffer.alloc(length)
    let at = 0
    for (; at + 4 <= length; at += 4) bytes.writeUInt32LE(random.u32(), at)
    for (; at < length; at++) bytes[at] = random.u32() & 255
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), bytes)
  }
  put('film.mkv', 40 * MIB + 1)
  put('nested/deeper/archive.tar', 20 * MIB - 12_345)
  put('nested/deeper/one byte', 1)
  put('nested/empty', 0)
  put('caf\u00e9.txt', 16_384)
  for (let i = 0; i < 60; i++) put(`pictures/${i % 7}/${i}.jpg`, 3_000 * i + 17)
}

/** SHA-256 of every file below, by path. */
export function digests(folder: string, below = ''): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of readdirSync(join(folder, below)).toSorted()) {
    const path = join(below, name)
    if (statSync(join(folder, path)).isDirectory()) Object.assign(found, digests(folder, path))
    else
      found[path] = createHash('sha256')
        .update(readFileSync(join(folder, path)))
        .digest('hex')
  }
  return found
}

export function withoutEmpty(tree: Readonly<Record<string, string>>): Record<string, string> {
  const nothing = createHash('sha256').digest('hex')
  return Object.fromEntries(Object.entries(tree).filter(([, digest]) => digest !== nothing))
}
