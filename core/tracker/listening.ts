// Where a tracker server listens, and under which URL others reach it.
import { endpointOf, formatEndpoint, isUnspecified, splitHostPort } from '../base/address.js'
import { trackerErrors } from './errors.js'
import type { Endpoint } from '../base/address.js'
import type { Names } from '../contracts/host.js'

/** The endpoints of a `listen` option: HOST:PORT or a list of them. Of a name that has several addresses an IPv4 one counts. */
export async function listenEndpoints(listen: string | readonly string[], names: Names): Promise<Endpoint[]> {
  const texts = typeof listen === 'string' ? [listen] : listen
  return Promise.all(
    texts.map(async text => {
      const split = splitHostPort(text)
      if (split === null) throw trackerErrors.make('ERR_TRACKER_LISTEN', `listen: "${text}" is not HOST:PORT`)
      const found = await addressesOf(text, split.host, names)
      const ip = found.find(one => one.length === 4) ?? found[0]
      if (ip === undefined) throw trackerErrors.make('ERR_TRACKER_LISTEN', `listen: "${split.host}" has no address`)
      return endpointOf(ip, split.port)
    }),
  )
}

async function addressesOf(text: string, host: string, names: Names): Promise<readonly Uint8Array[]> {
  try {
    return await names.resolve(host, 0)
  } catch (cause) {
    throw trackerErrors.make(
      'ERR_TRACKER_LISTEN',
      `listen: the name in "${text}" cannot be resolved: give an address`,
      {
        cause,
      },
    )
  }
}

/**
 * HOST:PORT for an announce URL: the address itself where one is listened on; for a wildcard `announceHost` unless it is
 * "auto", else an address of this machine that others may reach, else loopback.
 */
export function announceAuthority(local: Endpoint, announceHost: string, names: Names): string {
  if (announceHost !== 'auto') return `${announceHost.includes(':') ? `[${announceHost}]` : announceHost}:${local.port}`
  if (!isUnspecified(local.ip)) return formatEndpoint(local)
  // A socket on 0.0.0.0 is not reached by IPv6; one on [::] by both.
  const own = names.own().find(ip => local.family === 6 || ip.length === 4)
  return own === undefined ? `127.0.0.1:${local.port}` : formatEndpoint(endpointOf(own, local.port))
}

/** For the log: what is listened on. */
export function listeningText(locals: readonly Endpoint[]): string {
  return locals
    .map(local => (isUnspecified(local.ip) ? `every address, port ${local.port}` : formatEndpoint(local)))
    .join(', ')
}
