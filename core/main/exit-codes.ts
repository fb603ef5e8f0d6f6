// From an error to the number a script sees: 1 a defect, 2 wrong usage, profile or torrent, 3 the machine said no.
import { messageOf, NodeError } from '../base/errors.js'
import { kernelErrors } from '../kernel/errors.js'

/** Of the operator's errors, those that say "what you asked for is wrong" and not "this machine cannot". */
const USAGE = /^ERR_(USAGE|METAINFO|BENCODE)(_|$)/
const NO_SUCH = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ERR_FILE_ABSENT'])
const PROFILE: ReadonlySet<string> = new Set(kernelErrors.codes.filter(code => !code.startsWith('ERR_PHASE_')))

export function exitCodeOf(error: unknown): 1 | 2 | 3 {
  if (NodeError.is(error)) {
    if (error.blame === 'defect') return 1
    if (error.blame === 'remote') return 2
    return USAGE.test(error.code) || PROFILE.has(error.code) || NO_SUCH.has(error.code) ? 2 : 3
  }
  const code = systemCodeOf(error)
  if (code === undefined) return 1
  return NO_SUCH.has(code) ? 2 : 3
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of this path is not a folder',
  EISDIR: 'this is a folder, not a file',
  EACCES: 'permission denied; check who owns it, or choose another place',
  EPERM: 'not permitted; check who owns it, or choose another place',
  EROFS: 'this disk is read-only; choose another place',
  ENOSPC: 'the disk is full; make room, or choose another place',
  EADDRINUSE: 'in use by another program; choose another port',
}

/** What an error says to people: of the operating system's, what and where, in words. */
export function textOf(error: unknown): string {
  const words = WORDS[systemCodeOf(error) ?? '']
  if (words === undefined || !(error instanceof Error)) return messageOf(error)
  return 'path' in error && typeof error.path === 'string' ? `${error.path}: ${words}` : `${error.message}: ${words}`
}

/** The code of an error of the operating system; undefined for all others. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
