// How a socket that cannot be bound is put to the operator.
import { formatEndpoint } from '../../core/base/address.js'
import { messageOf, systemCode } from '../../core/base/errors.js'
import { hostErrors } from './errors.js'
import type { Endpoint } from '../../core/base/address.js'
import type { NodeError } from '../../core/base/errors.js'

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
