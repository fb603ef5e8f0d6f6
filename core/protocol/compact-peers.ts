// Lists of peers as trackers and peers send them: 6 bytes each for IPv4 (BEP 23), 18 for IPv6 (BEP 7).
import { endpointOf, type Endpoint } from '../base/address.js'
import { readU16, writeU16 } from '../base/bytes.js'

export const COMPACT_V4_LENGTH = 6
export const COMPACT_V6_LENGTH = 18

export function compactLength(family: 4 | 6): number {
  return family === 4 ? COMPACT_V4_LENGTH : COMPACT_V6_LENGTH
}

/** null unless the length is a whole number of entries. Entries with port 0 are left out: nobody can be there. */
export function readCompactPeers(bytes: Uint8Array, family: 4 | 6): Endpoint[] | null {
  const stride = compactLength(family)
  if (bytes.length % stride !== 0) return null
  const peers: Endpoint[] = []
  for (let at = 0; at < bytes.length; at += stride) {
    const port = readU16(bytes, at + stride - 2)
    if (port !== 0) peers.push(endpointOf(bytes.slice(at, at + stride - 2), port))
  }
  return peers
}

/** Writes one peer, as long as its family asks; gives the offset behind it. */
export function writeCompactPeer(out: Uint8Array, at: number, peer: Endpoint): number {
  out.set(peer.ip, at)
  writeU16(out, at + peer.ip.length, peer.port)
  return at + peer.ip.length + 2
}

/** The peers of one family, in order. */
export function compactPeers(peers: readonly Endpoint[], family: 4 | 6): Uint8Array {
  const chosen = peers.filter(peer => peer.family === family)
  const out = new Uint8Array(chosen.length * compactLength(family))
  let at = 0
  for (const peer of chosen) at = writeCompactPeer(out, at, peer)
  return out
}
