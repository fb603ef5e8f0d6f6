// Networks as operators write them: an address, or one with a prefix length.
import { parseIp } from '../../core/base/address.js'

export interface Network {
  readonly ip: Uint8Array
  readonly bits: number
}

/** null unless the text is an address or ADDRESS/BITS. */
export function parseNetwork(text: string): Network | null {
  const slash = text.indexOf('/')
  const ip = parseIp(slash < 0 ? text : text.slice(0, slash))
  if (ip === null) return null
  if (slash < 0) return { ip, bits: ip.length * 8 }
  const digits = text.slice(slash + 1)
  const bits = Number(digits)
  return /^\d{1,3}$/.test(digits) && bits <= ip.length * 8 ? { ip, bits } : null
}

export function inNetwork(ip: Uint8Array, network: Network): boolean {
  if (ip.length !== network.ip.length) return false
  const whole = network.bits >> 3
  for (let i = 0; i < whole; i++) if (ip[i] !== network.ip[i]) return false
  const rest = network.bits & 7
  return rest === 0 || ((ip[whole] ?? 0) ^ (network.ip[whole] ?? 0)) >> (8 - rest) === 0
}
