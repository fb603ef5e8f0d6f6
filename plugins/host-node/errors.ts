// The codes of this plugin, and how a failing system call is put to whoever has to act.
import { messageOf } from '../../core/base/errors.js'
import { formatEndpoint } from '../../core/base/address.js'
import { errorTable } from '../../core/kernel/plugin.js'
import type { Endpoint } from '../../core/base/address.js'
import type { NodeError } from '../../core/base/errors.js'

export const hostErrors = errorTable({
  ERR_DATAGRAM_BIND: 'operator',
  ERR_HTTP_LISTEN: 'operator',
  ERR_HTTP_URL: 'operator',
  ERR_HTTP_TIMEOUT: 'remote',
  ERR_HTTP_ABORTED: 'remote',
  ERR_HTTP_TOO_BIG: 'remote',
  ERR_HTTP_REDIRECT: 'remote',
  ERR_HTTP_ADDRESS: 'remote',
  ERR_HTTP_ENCODING: 'remote',
  ERR_HTTP_FAILED: 'remote',
  ERR_FILE_ABSENT: 'operator',
  ERR_FILE_DENIED: 'operator',
  ERR_FILE_FULL: 'operator',
  ERR_FILE_KIND: 'operator',
  ERR_FILE_NAME: 'operator',
  ERR_FILE_LOCKED: 'operator',
  ERR_FILE_FAILED: 'operator',
  ERR_NAME_UNKNOWN: 'remote',
})

/** The system's own code of a failed call, "" where there is none. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

const advice: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use: choose another one, or stop the program that has it',
  EACCES: 'not permitted: ports below 1024 need privileges, choose a higher one',
  EPERM: 'not permitted: choose another port, or allow it',
  EADDRNOTAVAIL: 'this machine has no such address: listen on one of its own, or on 0.0.0.0 or [::]',
  EAFNOSUPPORT: 'this machine has no IPv6: listen on an IPv4 address',
}

export function bindFault(
  code: 'ERR_DATAGRAM_BIND' | 'ERR_HTTP_LISTEN',
  protocol: string,
  at: Endpoint,
  error: unknown,
): NodeError {
  const system = systemCode(error)
  const why = advice[system] ?? messageOf(error)
  return hostErrors.make(code, `cannot listen on ${protocol} ${formatEndpoint(at)}: ${why}`, {
    cause: error,
    details: { address: formatEndpoint(at), system },
  })
}
