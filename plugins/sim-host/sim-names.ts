// Names in a world: each machine is found under its own, at all its addresses.
import { parseIp } from '../../core/base/address.js'
import type { Names } from '../../core/contracts/host.js'
import type { SimNode } from '../../core/sim/node.js'
import { errors } from './errors.js'

export class SimNames implements Names {
  constructor(private readonly machine: SimNode) {}

  resolve(host: string, family: 0 | 4 | 6): Promise<readonly Uint8Array[]> {
    const found = this.lookUp(host).filter(ip => family === 0 || ip.length === (family === 4 ? 4 : 16))
    if (found.length > 0) return Promise.resolve(found)
    const kind = family === 0 ? 'address' : `IPv${family} address`
    return Promise.reject(errors.make('ERR_NAME_UNKNOWN', `no ${kind} is known for ${host}`))
  }

  own(): readonly Uint8Array[] {
    return this.machine.addresses
  }

  private lookUp(host: string): readonly Uint8Array[] {
    const literal = parseIp(host)
    if (literal !== null) return [literal]
    if (host === 'localhost') return [Uint8Array.of(127, 0, 0, 1)]
    return this.machine.world.network.named(host)?.addresses ?? []
  }
}
