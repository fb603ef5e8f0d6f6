// A lock is a file that says which process holds it. It appears whole (written aside, then linked into place, which
// fails if the name is taken), so nobody ever reads half of one; a holder that is dead is replaced.
import { link, readFile, unlink, writeFile } from 'node:fs/promises'
import { systemCode } from '../../core/base/errors.js'
import { hostErrors } from './errors.js'

interface Holder {
  readonly pid: number
  /** The process's start as the system counts it, so that a number used again is told apart; "" where unknown. */
  readonly start: string
}

let asides = 0
/** Of this process: it does not change. */
let ownStart: Promise<string> | undefined

export async function lockFile(path: string): Promise<{ release(): Promise<void> }> {
  ownStart ??= startOf(process.pid)
  const own: Holder = { pid: process.pid, start: await ownStart }
  if (!(await claim(path, own))) await takeOver(path, own)
  let released = false
  return {
    async release() {
      if (released) return
      released = true
      await remove(path)
    },
  }
}

/** Nothing there is fine; a system call less than `rm`, and there are thousands of locks. */
async function remove(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
}

/** False: the name is taken. */
async function claim(path: string, own: Holder): Promise<boolean> {
  const aside = `${path}.${own.pid}-${++asides}`
  await writeFile(aside, JSON.stringify(own), { mode: 0o600 })
  try {
    await link(aside, path)
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw error
  } finally {
    await remove(aside)
  }
}

/**
 * Replaces a dead holder. Of several that find it dead only the one that holds `.takeover` may, and it looks again:
 * else the second would remove the first one's new lock.
 */
async function takeOver(path: string, own: Holder): Promise<void> {
  await refuseLiving(path)
  const guard = `${path}.takeover`
  if (!(await claim(guard, own))) {
    await refuseLiving(guard)
    // Left by one that died while taking over.
    await remove(guard)
    if (!(await claim(guard, own))) throw locked(path, await read(guard))
  }
  try {
    await refuseLiving(path)
    await remove(path)
    if (!(await claim(path, own))) throw locked(path, await read(path))
  } finally {
    await remove(guard)
  }
}

async function refuseLiving(path: string): Promise<void> {
  const holder = await read(path)
  if (holder !== null && (await lives(holder))) throw locked(path, holder)
}

function locked(path: string, holder: Holder | null): Error {
  const who = holder === null ? 'another process' : `process ${holder.pid}`
  return hostErrors.make('ERR_FILE_LOCKED', `${path} is held by ${who}: stop it, or use another data folder`, {
    details: { path, pid: holder?.pid },
  })
}

/** null where there is none, or one that a power cut left without its content. */
async function read(path: string): Promise<Holder | null> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('start' in value)) return null
    return typeof value.pid === 'number' && typeof value.start === 'string'
      ? { pid: value.pid, start: value.start }
      : null
  } catch (error) {
    if (error instanceof SyntaxError || systemCode(error) === 'ENOENT') return null
    throw error
  }
}

async function lives(holder: Holder): Promise<boolean> {
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
  const start = await startOf(holder.pid)
  return start === '' || holder.start === '' || start === holder.start
}

/** Field 22 of /proc/PID/stat, counted behind the name, which may hold anything; "" where there is no such file. */
async function startOf(pid: number): Promise<string> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}
