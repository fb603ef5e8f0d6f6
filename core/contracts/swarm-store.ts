import { token } from '../base/token.js'
import type { Endpoint } from '../base/address.js'
import type { Later } from '../base/later.js'
import type { Portable } from '../base/portable.js'
import type { InfoHash, PeerId } from '../protocol/ids.js'
import type { Refusal, Refused } from './refusal.js'

/**
 * As numbered in a UDP announce (BEP 15). Paused is told by a partial seed, which lacks something and wants nothing, each
 * time it announces (BEP 21); that has no number for it, libtorrent sends this one.
 */
export const AnnounceEvent = { None: 0, Completed: 1, Started: 2, Stopped: 3, Paused: 4 } as const
export type AnnounceEvent = (typeof AnnounceEvent)[keyof typeof AnnounceEvent]

/**
 * One announce, read and checked. Servers keep one such object and fill it again for each packet, so nobody may keep
 * it, or the bytes in it, after the call.
 */
export interface AnnounceRequest {
  infoHash: InfoHash
  peerId: PeerId
  /** The source address as the tracker believes it, with the port that was announced (1 to 65535). */
  from: Endpoint
  event: AnnounceEvent
  /** Bytes still missing; 0 makes a seeder. */
  left: number
  uploaded: number
  downloaded: number
  /** Peers wanted: never negative; the tracker core has put in its default and its ceiling. */
  numWant: number
  key: number
  /** BEP 41 URLData, or the path and query of an HTTP announce; null where there is none. For policies. */
  urlData: Uint8Array | null
}

/** Filled by the store (counts, peers) and by the tracker core (intervals, in seconds). */
export interface AnnounceReply {
  interval: number
  minInterval: number
  /** Both counts include the announcer. */
  seeders: number
  leechers: number
  /** Compact peers (6 or 18 bytes each) go to the front of this buffer, which the server provides; no more than fit. */
  peers: Uint8Array
  /** How many bytes of `peers` are filled. */
  peerBytes: number
}

export interface ScrapeCounts {
  seeders: number
  leechers: number
  completed: number
  /** Of the leechers, those whose last announce was Paused. */
  partialSeeds: number
}

/** What the tracker's options say of its memory. */
export interface SwarmLimits {
  /** An info-hash counts once for each family it has peers in. */
  readonly maxSwarms: number
  readonly maxPeers: number
  /** In one swarm. IPv6 addresses count by their /64, since whoever has one address there has them all. */
  readonly maxPeersPerAddress: number
  /** A peer silent for so long is dead. */
  readonly peerTimeoutSeconds: number
}

export interface FamilyTotals {
  readonly family: 4 | 6
  readonly swarms: number
  readonly peers: number
  /** Of these. */
  readonly seeders: number
}

export interface SwarmTotals {
  /** An info-hash counts once for each family it has peers in. */
  readonly swarms: number
  readonly peers: number
  /** The same by family; absent where the store does not know. */
  readonly families?: readonly FamilyTotals[]
  /** Calls refused since the start because another thread kept what they needed for too long. */
  readonly refusedBusy?: number
}

/**
 * The tracker's memory: which peers are in which swarm.
 *
 * Obligations. IPv4 and IPv6 swarms are kept apart and a reply holds the requester's family only. A peer is its
 * endpoint: one entry per address and port, so inventing peer ids grows nothing. The requester's own entry is never
 * handed out. A seeder is given leechers only. `stopped` removes. Counts are exact at every moment. `completed` is
 * counted only when a peer known as incomplete reports it. Peers silent for the store's time-out and swarms left empty
 * go in `sweep`, in slices. A scrape creates nothing. At a cap (swarms, peers, peers per address in a swarm) a new
 * entry is refused and everything else goes on.
 *
 * A store that answers at once fills `reply` and returns true, or, refused, a Refusal for the client. One on the far
 * side of a network returns a Later that settles with a reply of its own: `request` and `reply` are the server's again when
 * the call returns, and the server keeps a copy of whom to answer.
 */
export interface SwarmStore {
  /** Once, before anything else is asked. */
  limit(limits: SwarmLimits): void
  /** `now`: monotonic seconds of the caller's clock. A Refusal: why not, to be shown to the client. */
  announce(request: AnnounceRequest, now: number, reply: AnnounceReply): true | Refusal | Later<AnnounceReply | Refused>
  /** False: no such swarm (`out` is zeroed). */
  scrape(infoHash: InfoHash, family: 4 | 6, out: ScrapeCounts): boolean | Later<ScrapeCounts>
  /** Forgets what is dead, for at most about `budgetMs`. True: more to do in this round. */
  sweep(now: number, budgetMs: number): boolean
  totals(): SwarmTotals
  /**
   * Visits info-hashes, for a full scrape, for at most about `budgetMs`; absent where the store cannot. Starts with cursor
   * 0 and goes on with what it gave, which is 0 when all are through. A swarm that is there throughout is visited at least
   * once, mostly once. The bytes are valid during the visit, in which the store may be asked.
   */
  walk?(cursor: number, budgetMs: number, visit: (infoHash: InfoHash) => void): number
  /** The same store, opened in a tracker thread over shared memory. `limit` and `sweep` are called on the main thread alone. */
  readonly inThread?: Portable<SwarmStore>
  /** A thread that had opened `inThread` is gone, maybe in the middle of a call: nobody waits for it, its swarms stay. */
  threadEnded?(number: number): void
}

export const SwarmStores = token.one<SwarmStore>('swarm-store')
