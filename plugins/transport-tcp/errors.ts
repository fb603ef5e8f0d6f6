import { formatEndpoint } from '../../core/base/address.js'
import { bindAdvice } from '../../core/base/bind-advice.js'
import { messageOf, systemCode } from '../../core/base/errors.js'
import { errorTable } from '../../core/kernel/plugin.js'
import type { Endpoint } from '../../core/base/address.js'
import type { NodeError } from '../../core/base/errors.js'

export const transportErrors = errorTable({
  ERR_TRANSPORT_LISTEN: 'operator',
  ERR_TRANSPORT_EXHAUSTED: 'operator',
  ERR_TRANSPORT_REFUSED: 'remote',
  ERR_TRANSPORT_UNREACHABLE: 'remote',
  ERR_TRANSPORT_ABORTED: 'remote',
  ERR_TRANSPORT_LOST: 'remote',
})

/** What this machine lacks, whoever was dialled. */
const lacking = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL', 'EAGAIN'])

export function listenFault(at: Endpoint, error: unknown): NodeError {
  const system = systemCode(error)
  const address = formatEndpoint(at)
  const why = bindAdvice(system) ?? messageOf(error)
  return transportErrors.make('ERR_TRANSPORT_LISTEN', `cannot accept peers on TCP ${address}: ${why}`, {
    cause: error,
    details: { address, system },
  })
}

export function dialFault(to: Endpoint, error: unknown): NodeError {
  const system = systemCode(error)
  const address = formatEndpoint(to)
  const options = { cause: error, details: { address, system } }
  if (lacking.has(system)) {
    return transportErrors.make(
      'ERR_TRANSPORT_EXHAUSTED',
      `cannot dial ${address}: this machine is out of sockets (${system}); raise the limit on open files, or lower the limits on peers`,
      options,
    )
  }
  if (system === 'ECONNREFUSED') {
    return transportErrors.make('ERR_TRANSPORT_REFUSED', `${address} refused the connection`, options)
  }
  return transportErrors.make('ERR_TRANSPORT_UNREACHABLE', `${address} cannot be reached: ${messageOf(error)}`, options)
}

export function lostLink(to: Endpoint, error: unknown): NodeError {
  return transportErrors.make('ERR_TRANSPORT_LOST', `${formatEndpoint(to)}: ${messageOf(error)}`, {
    cause: error,
    details: { system: systemCode(error) },
  })
}
