// The extension protocol (BEP 10): its handshake, a dictionary, and the metadata messages of BEP 9 as spoken by a side
// that has the metadata or may come to want it.
import { NodeError } from '../base/errors.js'
import { encodeBencode } from './bencode.js'
import { scanBencode, type BencodeRules } from './bencode-scan.js'
import type { Bencoded } from './bencoded.js'
import {
  MAX_EXTENSION_DEPTH,
  MAX_EXTENSION_TOKENS,
  MAX_FRAME_LENGTH,
  MAX_METADATA_BYTES,
  MAX_QUEUED_REQUESTS,
  METADATA_PIECE_LENGTH,
} from './limits.js'

/** By which number we want to be sent metadata messages; a peer tells us its own in its handshake. */
export const OUR_METADATA_ID = 1

/** Lenient: some clients write their handshake's keys in an order of their own. */
const RULES: BencodeRules = {
  maxBytes: MAX_FRAME_LENGTH,
  maxDepth: MAX_EXTENSION_DEPTH,
  maxTokens: MAX_EXTENSION_TOKENS,
  lenient: true,
}

export interface ExtensionHandshake {
  /** The peer's number for ut_metadata; 0: it does not speak it (or took it back). */
  readonly metadataId: number
  /** Bytes of the info dictionary; 0 where the peer has none, or says nonsense. */
  readonly metadataSize: number
  /** Requests the peer lets wait; null where it says nothing of use. */
  readonly reqq: number | null
  /** The peer's listening port, 0 where it does not say. */
  readonly port: number
  /** The client's name and version, as it calls itself. Text of a stranger: not for a terminal as it is. */
  readonly client: string
  /** Our address as the peer sees it: 4 or 16 bytes. */
  readonly yourIp: Uint8Array | null
}

export interface OurHandshake {
  readonly client: string
  /** 0: we do not listen. */
  readonly port: number
  /** 0: we have no metadata to serve. */
  readonly metadataSize: number
  /** The peer's address, told back to it. */
  readonly yourIp: Uint8Array
  /** BEP 21: we want nothing more, whole or not. Absent: not said. */
  readonly uploadOnly?: boolean
}

/** null: not a dictionary we can read; the peer is to be treated as one without extensions. */
export function readExtensionHandshake(payload: Uint8Array): ExtensionHandshake | null {
  const scanned = scanBencode(payload, RULES)
  if (scanned instanceof NodeError || !scanned.isDictionary(0)) return null
  const reqq = numberIn(scanned, 0, 'reqq', 1, 0x7fffffff)
  const yourIp = scanned.string(scanned.get(0, 'yourip'))
  return {
    metadataId: numberIn(scanned, scanned.get(0, 'm'), 'ut_metadata', 1, 255) ?? 0,
    metadataSize: numberIn(scanned, 0, 'metadata_size', 1, MAX_METADATA_BYTES) ?? 0,
    reqq,
    port: numberIn(scanned, 0, 'p', 1, 65535) ?? 0,
    client: (scanned.text(scanned.get(0, 'v')) ?? '').slice(0, 64),
    yourIp: yourIp !== null && (yourIp.length === 4 || yourIp.length === 16) ? yourIp.slice() : null,
  }
}

/** The payload of extended message 0. */
export function writeExtensionHandshake(ours: OurHandshake): Uint8Array {
  return encodeBencode({
    m: { ut_metadata: OUR_METADATA_ID },
    metadata_size: ours.metadataSize > 0 ? ours.metadataSize : undefined,
    p: ours.port > 0 ? ours.port : undefined,
    reqq: MAX_QUEUED_REQUESTS,
    upload_only: ours.uploadOnly === undefined ? undefined : Number(ours.uploadOnly),
    v: ours.client,
    yourip: ours.yourIp,
  })
}

/** As numbered by BEP 9. */
export const MetadataMessage = { Request: 0, Data: 1, Reject: 2 } as const

export interface MetadataPart {
  /** One of MetadataMessage, or a number of a later version: to be ignored. */
  readonly kind: number
  readonly piece: number
  /** As a data message says; 0 elsewhere. */
  readonly totalSize: number
  /** What follows the dictionary of a data message; a view. */
  readonly data: Uint8Array
}

/** null: nonsense. */
export function readMetadataMessage(payload: Uint8Array): MetadataPart | null {
  const scanned = scanBencode(payload, { ...RULES, trailing: true })
  if (scanned instanceof NodeError) return null
  const kind = numberIn(scanned, 0, 'msg_type', 0, 255)
  const piece = numberIn(scanned, 0, 'piece', 0, Math.ceil(MAX_METADATA_BYTES / METADATA_PIECE_LENGTH))
  if (kind === null || piece === null) return null
  return {
    kind,
    piece,
    totalSize: numberIn(scanned, 0, 'total_size', 1, MAX_METADATA_BYTES) ?? 0,
    data: payload.subarray(scanned.raw(0).length),
  }
}

/** How many pieces of 16 KiB an info dictionary has. */
export function metadataPieces(size: number): number {
  return Math.ceil(size / METADATA_PIECE_LENGTH)
}

export function writeMetadataRequest(piece: number): Uint8Array {
  return encodeBencode({ msg_type: MetadataMessage.Request, piece })
}

export function writeMetadataReject(piece: number): Uint8Array {
  return encodeBencode({ msg_type: MetadataMessage.Reject, piece })
}

/** The answer to a request for a piece of `info`, the raw info dictionary: its bytes, or a reject where there is no such piece. */
export function writeMetadataAnswer(info: Uint8Array, piece: number): Uint8Array {
  if (piece >= metadataPieces(info.length)) return writeMetadataReject(piece)
  const head = encodeBencode({ msg_type: MetadataMessage.Data, piece, total_size: info.length })
  const data = info.subarray(piece * METADATA_PIECE_LENGTH, (piece + 1) * METADATA_PIECE_LENGTH)
  const out = new Uint8Array(head.length + data.length)
  out.set(head)
  out.set(data, head.length)
  return out
}

function numberIn(from: Bencoded, dictionary: number, key: string, least: number, most: number): number | null {
  const value = from.integer(from.get(dictionary, key))
  return value === null || value < least || value > most ? null : value
}
