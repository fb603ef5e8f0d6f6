// The order in which peers are dialled when there are too many (BEP 40): both ends compute the same number, and nobody
// can choose an address that everyone prefers.
import type { Endpoint } from '../base/address.js'
import { compareBytes, writeU16 } from '../base/bytes.js'

/** 0 to 2^32 - 1, higher first. 0 for endpoints of two families. */
export function peerPriority(a: Endpoint, b: Endpoint): number {
  if (a.family !== b.family) return 0
  if (compareBytes(a.ip, b.ip) === 0) return crc32c(sorted(port(a.port), port(b.port)))
  // Kept whole: a network's size at least, and one byte past what the addresses share; behind that every second bit.
  const kept = Math.max(a.family === 4 ? 2 : 6, sharedPrefix(a.ip, b.ip) + 1)
  return crc32c(sorted(masked(a.ip, kept), masked(b.ip, kept)))
}

function sharedPrefix(a: Uint8Array, b: Uint8Array): number {
  let i = 0
  while (i < a.length && a[i] === b[i]) i++
  return i
}

function masked(ip: Uint8Array, kept: number): Uint8Array {
  return ip.map((byte, i) => (i < kept ? byte : byte & 0x55))
}

function port(number: number): Uint8Array {
  const bytes = new Uint8Array(2)
  writeU16(bytes, 0, number)
  return bytes
}

function sorted(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Uint8Array.from(compareBytes(a, b) < 0 ? [...a, ...b] : [...b, ...a])
}

/** Castagnoli's polynomial, bit by bit: dialling is rare. */
function crc32c(bytes: Uint8Array): number {
  let crc = -1
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  }
  return ~crc >>> 0
}
