// UDP tracker packets as a client sees them (BEP 15, BEP 41). Replies are checked for length here; that the transaction
// and the sender are the right ones is checked by whoever asked.
import type { Endpoint } from '../base/address.js'
import { readU32, writeU16, writeU32, writeU64 } from '../base/bytes.js'
import { compactLength, readCompactPeers } from './compact-peers.js'
import { MAX_TRACKER_TEXT_BYTES, MAX_URL_DATA_BYTES } from './limits.js'
import {
  ANNOUNCE_HEAD_LENGTH,
  ANNOUNCE_LENGTH,
  CONNECT_LENGTH,
  CONNECT_MAGIC_HIGH,
  CONNECT_MAGIC_LOW,
  REQUEST_HEAD_LENGTH,
  SCRAPE_ENTRY_LENGTH,
  SCRAPE_HEAD_LENGTH,
  UdpAction,
} from './tracker-udp.js'

/** Eight bytes that a tracker gave us, in halves. */
export interface UdpConnectionId {
  readonly high: number
  readonly low: number
}

export interface UdpAnnounce {
  readonly infoHash: Uint8Array
  readonly peerId: Uint8Array
  readonly event: 0 | 1 | 2 | 3 | 4
  readonly left: number
  readonly uploaded: number
  readonly downloaded: number
  readonly numWant: number
  readonly key: number
  readonly port: number
}

export interface UdpAnnounceReply {
  readonly interval: number
  readonly leechers: number
  readonly seeders: number
  readonly peers: readonly Endpoint[]
}

/** Each writer gives the length of the packet. */
export function writeUdpConnect(out: Uint8Array, transaction: number): number {
  writeHead(out, { high: CONNECT_MAGIC_HIGH, low: CONNECT_MAGIC_LOW }, UdpAction.Connect, transaction)
  return CONNECT_LENGTH
}

/**
 * Takes 98 bytes, and with `urlData` (path and query of the tracker's URL, for trackers with passkeys) 2 bytes for each
 * 255 of it and one more; of urlData beyond 1 KiB nothing is sent.
 */
export function writeUdpAnnounce(
  out: Uint8Array,
  id: UdpConnectionId,
  transaction: number,
  announce: UdpAnnounce,
  urlData: Uint8Array,
): number {
  writeHead(out, id, UdpAction.Announce, transaction)
  out.set(announce.infoHash, 16)
  out.set(announce.peerId, 36)
  writeU64(out, 56, announce.downloaded)
  writeU64(out, 64, announce.left)
  writeU64(out, 72, announce.uploaded)
  writeU32(out, 80, announce.event)
  writeU32(out, 84, 0)
  writeU32(out, 88, announce.key)
  writeU32(out, 92, announce.numWant)
  writeU16(out, 96, announce.port)
  if (urlData.length === 0 || urlData.length > MAX_URL_DATA_BYTES) return ANNOUNCE_LENGTH
  let at = ANNOUNCE_LENGTH
  for (let from = 0; from < urlData.length; from += 255) {
    const part = urlData.subarray(from, from + 255)
    out[at] = 2
    out[at + 1] = part.length
    out.set(part, at + 2)
    at += 2 + part.length
  }
  out[at] = 0
  return at + 1
}

export function writeUdpScrape(
  out: Uint8Array,
  id: UdpConnectionId,
  transaction: number,
  hashes: readonly Uint8Array[],
): number {
  writeHead(out, id, UdpAction.Scrape, transaction)
  let at = REQUEST_HEAD_LENGTH
  for (const hash of hashes) {
    out.set(hash, at)
    at += 20
  }
  return at
}

function writeHead(out: Uint8Array, id: UdpConnectionId, action: number, transaction: number): void {
  writeU32(out, 0, id.high)
  writeU32(out, 4, id.low)
  writeU32(out, 8, action)
  writeU32(out, 12, transaction)
}

/** One of UdpAction, or another number; -1 where the packet is too short to be a reply. */
export function udpReplyAction(packet: Uint8Array): number {
  return packet.length < 8 ? -1 : readU32(packet, 0)
}

export function udpReplyTransaction(packet: Uint8Array): number {
  return readU32(packet, 4)
}

/** null: too short. So below. */
export function readUdpConnectReply(packet: Uint8Array): UdpConnectionId | null {
  return packet.length < CONNECT_LENGTH ? null : { high: readU32(packet, 8), low: readU32(packet, 12) }
}

/** `family`: of the tracker's address. A broken entry at the end is dropped. */
export function readUdpAnnounceReply(packet: Uint8Array, family: 4 | 6): UdpAnnounceReply | null {
  if (packet.length < ANNOUNCE_HEAD_LENGTH) return null
  const stride = compactLength(family)
  const bytes = Math.floor((packet.length - ANNOUNCE_HEAD_LENGTH) / stride) * stride
  return {
    interval: readU32(packet, 8),
    leechers: readU32(packet, 12),
    seeders: readU32(packet, 16),
    peers: readCompactPeers(packet.subarray(ANNOUNCE_HEAD_LENGTH, ANNOUNCE_HEAD_LENGTH + bytes), family) ?? [],
  }
}

/** One entry for each of the `count` hashes asked; zeros for those the tracker left out. */
export function readUdpScrapeReply(
  packet: Uint8Array,
  count: number,
): { readonly seeders: number; readonly completed: number; readonly leechers: number }[] | null {
  if (packet.length < SCRAPE_HEAD_LENGTH) return null
  return Array.from({ length: count }, (_, i) => {
    const at = SCRAPE_HEAD_LENGTH + SCRAPE_ENTRY_LENGTH * i
    const there = at + SCRAPE_ENTRY_LENGTH <= packet.length
    return {
      seeders: there ? readU32(packet, at) : 0,
      completed: there ? readU32(packet, at + 4) : 0,
      leechers: there ? readU32(packet, at + 8) : 0,
    }
  })
}

/** Text of a stranger: cut off, but not made fit for a terminal. */
export function readUdpError(packet: Uint8Array): string {
  const end = packet.indexOf(0, 8)
  const text = packet.subarray(8, end < 0 ? packet.length : end).subarray(0, MAX_TRACKER_TEXT_BYTES)
  return new TextDecoder().decode(text)
}
