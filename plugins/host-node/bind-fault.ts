// How a socket that cannot be bound is put to the operator.
import { formatEndpoint } from '../../core/base/address.js'
import { bindAdvice } from '../../core/base/bind-advice.js'
import { messageOf, systemCode } from '../../core/base/errors.js'
import { hostErrors } from './errors.js'
import type { Endpoint } from '../../core/base/address.js'
import type { NodeError } from '../../core/base/errors.js'

export function bindFault(
  code: 'ERR_DATAGRAM_BIND' | 'ERR_HTTP_LISTEN',
  protocol: string,
  at: Endpoint,
  error: unknown,
): NodeError {
  const system = systemCode(error)
  const why = bindAdvice(system) ?? messageOf(error)
  return hostErrors.make(code, `cannot listen on ${protocol} ${formatEndpoint(at)}: ${why}`, {
    cause: error,
    details: { address: formatEndpoint(at), system },
  })
}
