// Message ids of the peer wire protocol, the length each fixed message must have, and what a decoder may object to.

export const MessageId = {
  Choke: 0,
  Unchoke: 1,
  Interested: 2,
  NotInterested: 3,
  Have: 4,
  Bitfield: 5,
  Request: 6,
  Piece: 7,
  Cancel: 8,
  /** BEP 5; the port of a DHT node. Recognised and passed over. */
  Port: 9,
  /** BEP 6. */
  Suggest: 13,
  HaveAll: 14,
  HaveNone: 15,
  Reject: 16,
  AllowedFast: 17,
  /** BEP 10. */
  Extended: 20,
} as const

/** Length prefix, id, and the fields of a piece message before its block. */
export const PIECE_HEADER_LENGTH = 13

/** The frame length of each message that has a fixed one, by id; 0 for those that have not. */
export const FIXED_LENGTH: Uint8Array = Uint8Array.from([
  1, 1, 1, 1, 5, 0, 13, 0, 13, 3, 0, 0, 0, 5, 1, 1, 13, 5, 0, 0, 0,
])

/** Why a stream of messages is given up. Numbers, for `WireDecoder.push` must not throw. */
export const WireFault = {
  None: 0,
  /** The length prefix is beyond every message that could be meant. */
  FrameTooLong: 1,
  /** A message of fixed length with another one. */
  BadLength: 2,
  /** A bitfield of the wrong length, or with bits set past the last piece. */
  BadBitfield: 3,
  /** A piece index that the torrent has not. */
  BadIndex: 4,
  /** A BEP 6 message although the handshakes did not agree on it. */
  FastNotAgreed: 5,
} as const
export type WireFault = (typeof WireFault)[keyof typeof WireFault]

const texts = [
  'no fault',
  'frame too long',
  'message of the wrong length',
  'bad bitfield',
  'piece index out of range',
  'fast extension message without agreement',
]

export function wireFaultText(fault: WireFault): string {
  return texts[fault] ?? 'unknown fault'
}
