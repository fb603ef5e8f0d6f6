// Addresses between the text that Node's sockets speak and the 18 bytes in which datagram senders are handed around.
// Runs once or twice a packet, so it makes no objects; the text comes from the system and is taken to be well formed.
import { isMapped } from '../../core/base/address.js'
import { readU16, writeU16 } from '../../core/base/bytes.js'
import type { Endpoint } from '../../core/base/address.js'

const COLON = 0x3a
const DOT = 0x2e
const PERCENT = 0x25

/** Writes 16 bytes of address (v4 mapped) and 2 of port. A scope ("%eth0") is left out. */
export function packAddress(text: string, port: number, out: Uint8Array): void {
  out.fill(0, 0, 16)
  if (text.includes(':')) packV6(text, out)
  else {
    out[10] = out[11] = 0xff
    packV4(text, 0, out, 12)
  }
  writeU16(out, 16, port)
}

function packV4(text: string, from: number, out: Uint8Array, at: number): void {
  let value = 0
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === PERCENT) break
    if (c === DOT) {
      out[at++] = value
      value = 0
    } else value = value * 10 + c - 48
  }
  out[at] = value
}

function packV6(text: string, out: Uint8Array): void {
  let at = 0
  let gap = -1
  let value = 0
  let start = 0
  for (let i = 0; i <= text.length; i++) {
    const c = i === text.length ? PERCENT : text.charCodeAt(i)
    if (c === DOT) {
      packV4(text, start, out, at)
      at += 4
      break
    }
    if (c === COLON || c === PERCENT) {
      if (i > start) {
        writeU16(out, at, value)
        at += 2
      } else if (c === COLON && i > 0) gap = at
      if (c === PERCENT) break
      value = 0
      start = i + 1
    } else value = value * 16 + (c <= 57 ? c - 48 : (c | 0x20) - 87)
  }
  if (gap >= 0 && at < 16) {
    out.copyWithin(16 - (at - gap), gap, at)
    out.fill(0, gap, 16 - (at - gap))
  }
}

/** Text that a socket of the family takes as a destination; "" where it cannot reach the address. */
export function packedText(packed: Uint8Array, family: 4 | 6): string {
  if (isMapped(packed)) return v4Text(packed, 12, family)
  return family === 4 ? '' : v6Text(packed)
}

export function endpointText(to: Endpoint, family: 4 | 6): string {
  if (to.family === 4) return v4Text(to.ip, 0, family)
  return family === 4 ? '' : v6Text(to.ip)
}

function v4Text(bytes: Uint8Array, at: number, family: 4 | 6): string {
  const text = `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`
  return family === 4 ? text : `::ffff:${text}`
}

function v6Text(bytes: Uint8Array): string {
  let text = readU16(bytes, 0).toString(16)
  for (let i = 2; i < 16; i += 2) text += `:${readU16(bytes, i).toString(16)}`
  return text
}

// One at a time: nothing here waits.
const scratch = new Uint8Array(18)

/** The same as an Endpoint of its own; v4-mapped comes as IPv4. */
export function endpointFrom(text: string, port: number): Endpoint {
  if (!text.includes(':')) {
    const ip = new Uint8Array(4)
    packV4(text, 0, ip, 0)
    return { family: 4, ip, port }
  }
  packAddress(text, port, scratch)
  return isMapped(scratch)
    ? { family: 4, ip: scratch.slice(12, 16), port }
    : { family: 6, ip: scratch.slice(0, 16), port }
}
