// The `listen` option: where it leads, and who could read there.
import { endpointOf, isLoopback, parseEndpoint, splitHostPort } from '../../core/base/address.js'
import { NodeError } from '../../core/base/errors.js'
import { metricsErrors } from './errors.js'
import type { Endpoint } from '../../core/base/address.js'
import type { Names } from '../../core/contracts/host.js'

export type Listen = string | readonly string[]

export function listed(listen: Listen): readonly string[] {
  return typeof listen === 'string' ? [listen] : listen
}

/** For the operator: addresses that others may reach. Of a name nobody can say. */
export function exposed(listen: Listen): readonly string[] {
  return listed(listen).flatMap(text => {
    const at = parseEndpoint(text)
    return at === null || isLoopback(at.ip) ? [] : [`whoever reaches ${text} reads the metrics: there is no password`]
  })
}

/** Opens every endpoint that the option names, in order; an error says which option is to blame. */
export async function listenAt(
  option: string,
  listen: Listen,
  names: Names,
  open: (at: Endpoint) => Promise<void>,
): Promise<void> {
  for (const text of listed(listen)) {
    const at = await endpointOfText(option, text, names)
    try {
      await open(at)
    } catch (error) {
      if (!NodeError.is(error)) throw error
      const { code, blame, details } = error
      throw new NodeError(code, blame, `${error.message} (option ${option})`, { cause: error, details })
    }
  }
}

async function endpointOfText(option: string, text: string, names: Names): Promise<Endpoint> {
  const { host, port } = splitHostPort(text) ?? { host: '', port: 0 }
  let found: readonly Uint8Array[] = []
  try {
    found = await names.resolve(host, 0)
  } catch (cause) {
    throw metricsErrors.make('ERR_METRICS_LISTEN', nowhere(option, text), { cause })
  }
  const ip = found.find(one => one.length === 4) ?? found[0]
  if (ip === undefined) throw metricsErrors.make('ERR_METRICS_LISTEN', nowhere(option, text))
  return endpointOf(ip, port)
}

function nowhere(option: string, text: string): string {
  return `${option}: "${text}" leads to no address: give ADDRESS:PORT`
}
