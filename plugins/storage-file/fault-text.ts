// Faults of the disk as errors an operator can act on: which file, what the system said, what to do.
import os from 'node:os'
import path from 'node:path'
import { getSystemErrorMap } from 'node:util'
import type { NodeError } from '../../core/base/errors.js'
import type { ContentSpec } from './disk-content.js'
import { type DiskFault, Outcome } from './disk-fault.js'
import { storageErrors } from './errors.js'

export function faultError({ outcome, file, errno }: DiskFault, spec: ContentSpec, doing: string): NodeError {
  const at = path.join(spec.root, ...(spec.files[file]?.path ?? []))
  const details = { path: at }
  switch (outcome) {
    case Outcome.Short:
      return storageErrors.make(
        'ERR_STORAGE_MISSING',
        `${at} is missing or shorter than it should be; put it back, or check the torrent again to fetch what is gone`,
        { details },
      )
    case Outcome.Link:
      return refused(`${at} is, or lies below, a symbolic link; nothing is written through links: remove it`)
    case Outcome.NotFile:
      return refused(`${at} is a folder or a special file, where a file of the torrent belongs: move it away`)
    case Outcome.NotFolder:
      return refused(`${at} cannot be made: one of the folders above it is a file; move that away`)
    case Outcome.System:
      return systemError(errno, at, doing)
    case Outcome.Done:
    case Outcome.Wrong:
    case Outcome.Lost:
      return storageErrors.make('ERR_STORAGE_WORKER', `the thread that was ${doing} ${at} died; this is a defect`, {
        details,
      })
  }

  function refused(message: string): NodeError {
    return storageErrors.make('ERR_STORAGE_PATH', message, { details })
  }
}

export function systemError(errno: number, at: string, doing: string): NodeError {
  const [name, text] = getSystemErrorMap().get(errno) ?? beyondNode(errno)
  const said = `${doing} ${at}: ${text} (${name})`
  const options = { details: { path: at, errno: name } }
  if (name === 'ENOSPC' || name === 'EDQUOT') {
    return storageErrors.make('ERR_STORAGE_FULL', `${said}; make room, and the transfer goes on`, options)
  }
  if (name === 'EACCES' || name === 'EPERM' || name === 'EROFS') {
    return storageErrors.make('ERR_STORAGE_PERMISSION', `${said}; give this user the right to it`, options)
  }
  if (name === 'EMFILE' || name === 'ENFILE') {
    return storageErrors.make('ERR_STORAGE_IO', `${said}; raise the limit (ulimit -n) or lower openFiles`, options)
  }
  return storageErrors.make('ERR_STORAGE_IO', `${said}; look at the disk`, options)
}

/** Errors that Node's table leaves out, EDQUOT among them. */
function beyondNode(errno: number): [name: string, text: string] {
  const known = Object.entries(os.constants.errno).find(([, number]) => number === -errno)
  return [known?.[0] ?? `errno ${-errno}`, known?.[0] === 'EDQUOT' ? 'disk quota exceeded' : 'system error']
}
