// UDP tracker packets as a tracker sees them (BEP 15, options of BEP 41). Nothing is allocated for a request without
// options, nor for a reply. A reader of requests first asks for the kind, then checks the connection id, then reads.
import { readI32, readU16, readU32, readU64, writeU32 } from '../base/bytes.js'
import type { AnnounceFields } from './announce-fields.js'
import { MAX_SCRAPE_HASHES, MAX_TRACKER_TEXT_BYTES, MAX_URL_DATA_BYTES } from './limits.js'

export const UdpAction = { Connect: 0, Announce: 1, Scrape: 2, Error: 3 } as const

/** The constant with which a connect request begins, in halves: 0x41727101980. */
export const CONNECT_MAGIC_HIGH = 0x417
export const CONNECT_MAGIC_LOW = 0x27101980

export const CONNECT_LENGTH = 16
export const ANNOUNCE_LENGTH = 98
/** An announce reply before its peers. */
export const ANNOUNCE_HEAD_LENGTH = 20
export const SCRAPE_HEAD_LENGTH = 8
export const SCRAPE_ENTRY_LENGTH = 12
/** Connection id, action and transaction: what every request begins with. */
export const REQUEST_HEAD_LENGTH = 16

/** No request of BEP 15: too short, or an action that is none. It gets no answer. */
export const NO_REQUEST = -1

/** Of packet[0..length): one of UdpAction but Error, or NO_REQUEST. Longer packets than BEP 15 asks for pass. */
export function udpRequestKind(packet: Uint8Array, length = packet.length): number {
  if (length < REQUEST_HEAD_LENGTH) return NO_REQUEST
  const action = readU32(packet, 8)
  if (action === UdpAction.Announce) return length < ANNOUNCE_LENGTH ? NO_REQUEST : action
  if (action === UdpAction.Scrape) return length < REQUEST_HEAD_LENGTH + 20 ? NO_REQUEST : action
  const connects = readU32(packet, 0) === CONNECT_MAGIC_HIGH && readU32(packet, 4) === CONNECT_MAGIC_LOW
  return action === UdpAction.Connect && connects ? action : NO_REQUEST
}

/** What the reply must repeat. */
export function udpTransaction(packet: Uint8Array): number {
  return readU32(packet, 12)
}

/** null: `into` is filled. A text: what is wrong, for the client (whose connection id was right). */
export function readUdpAnnounce(packet: Uint8Array, into: AnnounceFields, length = packet.length): string | null {
  for (let i = 0; i < 20; i++) {
    into.infoHash[i] = packet[16 + i]!
    into.peerId[i] = packet[36 + i]!
  }
  into.downloaded = readU64(packet, 56)
  into.left = readU64(packet, 64)
  into.uploaded = readU64(packet, 72)
  const event = readU32(packet, 80)
  // 84: an address the client claims to have. Whoever could set it could send others against a victim.
  into.key = readU32(packet, 88)
  into.numWant = readI32(packet, 92)
  into.port = readU16(packet, 96)
  into.urlData = null
  // 4 is no event of BEP 15, but what clients on libtorrent send for the paused of BEP 21.
  if (event !== 0 && event !== 1 && event !== 2 && event !== 3 && event !== 4) return 'unknown event'
  into.event = event
  if (into.port === 0) return 'port 0'
  if (length === ANNOUNCE_LENGTH) return null
  const urlData = readUrlData(packet, ANNOUNCE_LENGTH, length)
  if (urlData === undefined) return 'malformed options'
  into.urlData = urlData
  return null
}

const END_OF_OPTIONS = 0
const NOP = 1
const URL_DATA = 2

/** BEP 41: the URL's path and query, in as many parts as the client liked. null: none. undefined: malformed. */
export function readUrlData(packet: Uint8Array, from: number, to = packet.length): Uint8Array | null | undefined {
  let found: Uint8Array | null = null
  let at = from
  while (at < to) {
    const kind = packet[at++]!
    if (kind === END_OF_OPTIONS) break
    if (kind === NOP) continue
    const length = at < to ? packet[at++]! : Infinity
    if (length > to - at) return undefined
    if (kind === URL_DATA && length > 0) {
      const part = packet.subarray(at, at + length)
      found = found === null ? part : joined(found, part)
      if (found.length > MAX_URL_DATA_BYTES) return undefined
    }
    at += length
  }
  return found
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length)
  out.set(a)
  out.set(b, a.length)
  return out
}

/** The hashes of a scrape, as views; more than 74 are cut off. */
export function readUdpScrape(packet: Uint8Array, length = packet.length): Uint8Array[] {
  const count = Math.min(Math.floor((length - REQUEST_HEAD_LENGTH) / 20), MAX_SCRAPE_HASHES)
  return Array.from({ length: count }, (_, i) => {
    const at = REQUEST_HEAD_LENGTH + 20 * i
    return packet.subarray(at, at + 20)
  })
}

function writeReplyHead(out: Uint8Array, action: number, transaction: number): void {
  writeU32(out, 0, action)
  writeU32(out, 4, transaction)
}

/** Each writer gives the length of the packet. The connection id goes in halves. */
export function writeUdpConnectReply(out: Uint8Array, transaction: number, idHigh: number, idLow: number): number {
  writeReplyHead(out, UdpAction.Connect, transaction)
  writeU32(out, 8, idHigh)
  writeU32(out, 12, idLow)
  return CONNECT_LENGTH
}

/** The 20 bytes before the peers, which the caller has put or will put behind them. */
export function writeUdpAnnounceHead(
  out: Uint8Array,
  transaction: number,
  interval: number,
  leechers: number,
  seeders: number,
): number {
  writeReplyHead(out, UdpAction.Announce, transaction)
  writeU32(out, 8, interval)
  writeU32(out, 12, leechers)
  writeU32(out, 16, seeders)
  return ANNOUNCE_HEAD_LENGTH
}

export function writeUdpScrapeHead(out: Uint8Array, transaction: number): number {
  writeReplyHead(out, UdpAction.Scrape, transaction)
  return SCRAPE_HEAD_LENGTH
}

/** The counts of the hash at `index` of the request; gives the length of the packet up to and with it. */
export function writeUdpScrapeEntry(
  out: Uint8Array,
  index: number,
  seeders: number,
  completed: number,
  leechers: number,
): number {
  const at = SCRAPE_HEAD_LENGTH + SCRAPE_ENTRY_LENGTH * index
  writeU32(out, at, seeders)
  writeU32(out, at + 4, completed)
  writeU32(out, at + 8, leechers)
  return at + SCRAPE_ENTRY_LENGTH
}

const encoder = new TextEncoder()

/** For clients whose connection id was right, and for them only. */
export function writeUdpError(out: Uint8Array, transaction: number, text: string): number {
  writeReplyHead(out, UdpAction.Error, transaction)
  const room = out.subarray(8, Math.min(out.length, 8 + MAX_TRACKER_TEXT_BYTES))
  return 8 + encoder.encodeInto(text, room).written
}
