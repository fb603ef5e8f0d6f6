// From an error to the number a script sees: 1 a defect, 2 wrong usage, profile or torrent, 3 the machine said no.
import { NodeError } from '../base/errors.js'
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

/** The code of an error of the operating system; undefined for all others. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
