// Who a request is from. The socket says so; a header and a parameter only where the operator trusts who wrote them.
import { parseIp } from '../../core/base/address.js'
import { inNetwork } from './network.js'
import type { HttpRequest } from '../../core/contracts/host.js'
import type { Network } from './network.js'

export class ClientAddress {
  constructor(private readonly trusted: readonly Network[]) {}

  /**
   * The client's address, or a failure reason. `claimed`: the `ip` parameter. Behind a trusted proxy the last hop that
   * is not one itself counts; a client that is trusted as a proxy may claim any address.
   */
  find(request: HttpRequest, claimed: string | null): Uint8Array | string {
    const socket = request.from.ip
    if (this.trusted.length === 0 || !this.trusts(socket)) return socket
    const hops = request.header('x-forwarded-for')
    let client = socket
    if (hops !== undefined) {
      const texts = hops.split(',')
      for (let i = texts.length - 1; i >= 0; i--) {
        const ip = parseIp(bare(texts[i] ?? ''))
        if (ip === null) return 'X-Forwarded-For is not a list of addresses'
        if (!this.trusts(ip)) return ip
        client = ip
      }
    }
    if (claimed === null) return client
    return parseIp(unescaped(claimed)) ?? 'ip is not an address'
  }

  private trusts(ip: Uint8Array): boolean {
    return this.trusted.some(network => inNetwork(ip, network))
  }
}

/** Some proxies write a port, or brackets around IPv6. */
function bare(text: string): string {
  const found = /^\s*(?:\[([^\]]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+|(\S*))\s*$/.exec(text)
  return found?.[1] ?? found?.[2] ?? found?.[3] ?? ''
}

/** The colons of an IPv6 address come escaped. */
function unescaped(text: string): string {
  return text.replace(/%3a/gi, ':')
}
