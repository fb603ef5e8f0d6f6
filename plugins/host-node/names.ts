import { lookup } from 'node:dns'
import { networkInterfaces } from 'node:os'
import { isLinkLocal, isLoopback, parseIp } from '../../core/base/address.js'
import { hostErrors } from './errors.js'
import type { Names } from '../../core/contracts/host.js'

/** Names as the system resolves them (hosts file included), and the machine's own addresses. */
export class NodeNames implements Names {
  resolve(host: string, family: 0 | 4 | 6): Promise<readonly Uint8Array[]> {
    const literal = parseIp(host.replace(/^\[(.*)\]$/, '$1'))
    if (literal !== null) {
      const fits = family === 0 || (family === 4) === (literal.length === 4)
      return fits ? Promise.resolve([literal]) : Promise.reject(unknown(host, `is not IPv${family}`))
    }
    return new Promise((resolve, reject) => {
      lookup(host, { family, all: true }, (error, found) => {
        if (error !== null) return reject(unknown(host, `does not resolve (${error.code ?? error.message})`, error))
        const ips = found.map(one => parseIp(one.address)).filter(ip => ip !== null)
        if (ips.length === 0) return reject(unknown(host, 'has no address'))
        resolve(ips)
      })
    })
  }

  own(): readonly Uint8Array[] {
    const v4: Uint8Array[] = []
    const v6: Uint8Array[] = []
    for (const entries of Object.values(networkInterfaces())) {
      for (const entry of entries ?? []) {
        const ip = parseIp(entry.address)
        if (ip === null || entry.internal || isLoopback(ip)) continue
        if (ip.length === 4) v4.push(ip)
        else if (!isLinkLocal(ip)) v6.push(ip)
      }
    }
    return [...v4, ...v6]
  }
}

function unknown(host: string, why: string, cause?: unknown): Error {
  return hostErrors.make('ERR_NAME_UNKNOWN', `${host} ${why}`, cause === undefined ? {} : { cause })
}
