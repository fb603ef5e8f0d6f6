import { messageOf, NodeError, systemCode } from '../../core/base/errors.js'
import { hostErrors } from './errors.js'

const faults = {
  ENOENT: ['ERR_FILE_ABSENT', 'no such file or folder'],
  ENOTDIR: ['ERR_FILE_ABSENT', 'a part of this path is not a folder'],
  EACCES: ['ERR_FILE_DENIED', 'not permitted'],
  EPERM: ['ERR_FILE_DENIED', 'not permitted'],
  EROFS: ['ERR_FILE_DENIED', 'the disk is read-only'],
  ENOSPC: ['ERR_FILE_FULL', 'the disk is full'],
  EDQUOT: ['ERR_FILE_FULL', 'the quota is used up'],
  EISDIR: ['ERR_FILE_KIND', 'it is a folder'],
} as const

/** What the system said, with the path, and a code to act on. */
export function fileFault(doing: string, path: string, error: unknown): NodeError {
  if (NodeError.is(error)) return error
  const system = systemCode(error)
  const known = system in faults ? faults[system as keyof typeof faults] : null
  const [code, why] = known === null ? (['ERR_FILE_FAILED', messageOf(error)] as const) : known
  return hostErrors.make(code, `cannot ${doing} ${path}: ${why}`, { cause: error, details: { path, system } })
}
