import { isLinkLocal, isLoopback, parseIp } from '../../core/base/address.js'
import type { Names } from '../../core/contracts/host.js'
import type { Route } from './tracker-record.js'

const systemsChoice: readonly Route[] = [0]
const both: readonly Route[] = [4, 6]

/**
 * BEP 7: a tracker sees one address of ours per announce, so one that is reached over both families, by a node that has
 * both, is told twice. Everything else, loopback and literal addresses among it, is the system's choice.
 */
export async function routesTo(url: URL, names: Names | undefined): Promise<readonly Route[]> {
  if (names === undefined) return systemsChoice
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (parseIp(host) !== null) return systemsChoice
  const own = names.own()
  if (!own.some(ip => ip.length === 4) || !own.some(ip => ip.length === 16 && !isLinkLocal(ip))) return systemsChoice
  const found = await names.resolve(host, 0)
  if (found.some(isLoopback)) return systemsChoice
  return found.some(ip => ip.length === 4) && found.some(ip => ip.length === 16) ? both : systemsChoice
}
