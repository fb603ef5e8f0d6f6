// Where a tracker server listens, and under which URL others reach it.
import { endpointOf, formatEndpoint, isUnspecified, splitHostPort } from '../base/address.js'
import { NodeError } from '../base/errors.js'
import { trackerErrors } from './errors.js'
import type { Endpoint } from '../base/address.js'
import type { Names } from '../contracts/host.js'

/** The `listen` option of a server: HOST:PORT or a list of them. */
export interface ListenOption {
  /** As an operator writes it: tracker-udp.listen. */
  readonly name: string
  readonly value: string | readonly string[]
}

/** Opens every endpoint the option names, in order; an error says which option is to blame. */
export async function listenAt(
  option: ListenOption,
  names: Names,
  open: (at: Endpoint) => Promise<void>,
): Promise<void> {
  const texts = typeof option.value === 'string' ? [option.value] : option.value
  for (const text of texts) {
    const at = await endpointOfText(option.name, text, names)
    try {
      await open(at)
    } catch (error) {
      if (!NodeError.is(error)) throw error
      throw new NodeError(error.code, error.blame, `${error.message} (option ${option.name})`, {
        cause: error,
        details: error.details,
      })
    }
  }
}

/** Of a name that has several addresses an IPv4 one counts. */
async function endpointOfText(option: string, text: string, names: Names): Promise<Endpoint> {
  const split = splitHostPort(text)
  if (split === null) throw trackerErrors.make('ERR_TRACKER_LISTEN', `${option}: "${text}" is not HOST:PORT`)
  let found: readonly Uint8Array[]
  try {
    found = await names.resolve(split.host, 0)
  } catch (cause) {
    const message = `${option}: the name in "${text}" cannot be resolved: give an address`
    throw trackerErrors.make('ERR_TRACKER_LISTEN', message, { cause })
  }
  const ip = found.find(one => one.length === 4) ?? found[0]
  if (ip === undefined) throw trackerErrors.make('ERR_TRACKER_LISTEN', `${option}: "${split.host}" has no address`)
  return endpointOf(ip, split.port)
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
