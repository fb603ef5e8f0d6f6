// Endpoints as bytes. Text goes through ipaddr.js; nothing here is called per packet but sameEndpoint and the classes.
import ipaddr = require('ipaddr.js')
import { equalBytes, readU16, writeU16 } from './bytes.js'

/** An address and a port. `ip` has 4 or 16 bytes as `family` says; a v4-mapped v6 address is always given as family 4. */
export interface Endpoint {
  readonly family: 4 | 6
  readonly ip: Uint8Array
  readonly port: number
}

/** null unless the text is one IPv4 (four decimal parts) or IPv6 address; v4-mapped comes back as 4 bytes. */
export function parseIp(text: string): Uint8Array | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return Uint8Array.from(ipaddr.IPv4.parse(text).toByteArray())
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return null
  return foldMapped(Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray()))
}

export function formatIp(ip: Uint8Array): string {
  if (ip.length === 4) return `${ip[0]}.${ip[1]}.${ip[2]}.${ip[3]}`
  return ipaddr.fromByteArray([...ip]).toString()
}

/** The 4 bytes of a v4-mapped v6 address (::ffff:a.b.c.d), any other address as it is. */
export function foldMapped(ip: Uint8Array): Uint8Array {
  return ip.length === 16 && isMapped(ip) ? ip.slice(12) : ip
}

/** Is this v4-mapped? Of 16 bytes of address, whatever follows them. */
export function isMapped(packed: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (packed[i] !== 0) return false
  return packed[10] === 0xff && packed[11] === 0xff
}

export function endpointOf(ip: Uint8Array, port: number): Endpoint {
  const folded = foldMapped(ip)
  return { family: folded.length === 4 ? 4 : 6, ip: folded, port }
}

/** "1.2.3.4:80" or "[2001:db8::1]:80". */
export function formatEndpoint(at: Endpoint): string {
  return at.family === 4 ? `${formatIp(at.ip)}:${at.port}` : `[${formatIp(at.ip)}]:${at.port}`
}

/** HOST:PORT split at its last colon, brackets taken off; null where there is no port from 0 to 65535. */
export function splitHostPort(text: string): { readonly host: string; readonly port: number } | null {
  const parts = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  if (parts === null) return null
  const port = Number(parts[3])
  return port > 65535 ? null : { host: parts[1] ?? parts[2] ?? '', port }
}

/** null unless the text is a literal address with a port. */
export function parseEndpoint(text: string): Endpoint | null {
  const split = splitHostPort(text)
  const ip = split === null ? null : parseIp(split.host)
  return split === null || ip === null ? null : endpointOf(ip, split.port)
}

export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && equalBytes(a.ip, b.ip)
}

/** 16 bytes of address (v4 mapped) and 2 of port: the form in which datagram senders are handed around. */
export function packEndpoint(at: Endpoint, out: Uint8Array): void {
  if (at.family === 4) {
    out.fill(0, 0, 10)
    out[10] = out[11] = 0xff
    out.set(at.ip, 12)
  } else out.set(at.ip, 0)
  writeU16(out, 16, at.port)
}

export function unpackEndpoint(packed: Uint8Array): Endpoint {
  return endpointOf(packed.slice(0, 16), readU16(packed, 16))
}

export function isLoopback(ip: Uint8Array): boolean {
  if (ip.length === 4) return ip[0] === 127
  if (ip[15] !== 1) return false
  for (let i = 0; i < 15; i++) if (ip[i] !== 0) return false
  return true
}

export function isUnspecified(ip: Uint8Array): boolean {
  return ip.every(byte => byte === 0)
}

/** Good on one wire only, and of IPv6 meaningless without naming its interface. */
export function isLinkLocal(ip: Uint8Array): boolean {
  if (ip.length === 4) return ip[0] === 169 && ip[1] === 254
  return ip[0] === 0xfe && (ip[1]! & 0xc0) === 0x80
}

/** Multicast, and the IPv4 broadcast and reserved ranges: nothing that could be a peer. */
export function isMulticast(ip: Uint8Array): boolean {
  return ip.length === 4 ? ip[0]! >= 224 : ip[0] === 0xff
}
