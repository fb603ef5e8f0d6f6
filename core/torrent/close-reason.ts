// Why a link was closed: a number where it happens, a name where it is counted. Never an exception.

export const CloseReason = {
  Ours: 0,
  Remote: 1,
  NotPlain: 2,
  HandshakeTimeout: 3,
  UnknownTorrent: 4,
  WrongTorrent: 5,
  Self: 6,
  Duplicate: 7,
  Full: 8,
  Banned: 9,
  Protocol: 10,
  BadIndex: 11,
  BadRequests: 12,
  Idle: 13,
  Flood: 14,
  BothSeeds: 15,
  Unrequested: 16,
  Deaf: 17,
} as const
export type CloseReason = (typeof CloseReason)[keyof typeof CloseReason]

const HARMLESS: readonly CloseReason[] = [CloseReason.Idle, CloseReason.BothSeeds, CloseReason.Deaf]

/** Reasons after which the endpoint is not worth another dial for a long time. */
export function isFault(reason: CloseReason): boolean {
  return reason >= CloseReason.Protocol && !HARMLESS.includes(reason)
}
