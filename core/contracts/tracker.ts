import { token } from '../base/token.js'
import type { Later } from '../base/later.js'
import type { Portable } from '../base/portable.js'
import type { InfoHash } from '../protocol/ids.js'
import type { Refusal, Refused } from './refusal.js'
import type { AnnounceReply, AnnounceRequest } from './swarm-store.js'

/** Called for each hash that may be scraped, by its place in the list. Partial seeds are some of the leechers. */
export type ScrapeVisit = (
  index: number,
  seeders: number,
  completed: number,
  leechers: number,
  partialSeeds: number,
) => void

/** What a tracker server (HTTP, UDP, later WebSocket) asks: policies, ceilings, store and intervals behind one door. */
export interface TrackerService {
  /** null: `reply` is filled. A Refusal: why not. A Later settles with a reply of its own, or a Refusal. */
  announce(request: AnnounceRequest, reply: AnnounceReply): null | Refusal | Later<AnnounceReply | Refused>
  /** Asked by a server before a scrape: may whoever is at this address (4 or 16 bytes) ask now? Yes where absent. */
  admitScraper?(ip: Uint8Array): Refusal | null
  /**
   * Family 0 sums both. Hashes that no policy admits are not visited; unknown swarms are, with zeros. null: every visit
   * was made. A Later settles with true when they were.
   */
  scrape(hashes: readonly InfoHash[], family: 0 | 4 | 6, visit: ScrapeVisit): null | Later<true>
  /**
   * Every swarm, both families summed, for at most about `budgetMs`. Starts with cursor 0 and goes on with what it gave,
   * which is 0 when all are through; a swarm may be visited twice. null where the tracker does not allow it (the default)
   * or the store cannot. The hash is valid during the visit.
   */
  scrapeAll(
    cursor: number,
    budgetMs: number,
    visit: (infoHash: InfoHash, seeders: number, completed: number, leechers: number, partialSeeds: number) => void,
  ): number | null
  /** The same tracker in a thread, where the store and every policy can be there too; else undefined. */
  readonly inThread?: Portable<TrackerService> | undefined
  /** Where there is no `inThread`: which part keeps it out, by its id in the profile, in words for an operator. */
  readonly whyNoThreads?: string | undefined
  /** A thread that had opened `inThread` is gone, whatever it was doing: what it held is free again. */
  threadEnded?(number: number): void
}

export const Tracker = token.one<TrackerService>('tracker')

/** A server that is up: the URLs under which clients reach it, known once it has started. */
export interface TrackerServer {
  readonly announceUrls: readonly string[]
}

export const TrackerServers = token.many<TrackerServer>('tracker-servers')

/** What this node shares: `client` writes it, `tracker-allow-shared` reads it; neither knows the other. */
export interface TorrentCatalog {
  add(infoHash: InfoHash): void
  remove(infoHash: InfoHash): void
  has(infoHash: Uint8Array): boolean
  readonly inThread?: Portable<{ has(infoHash: Uint8Array): boolean }> | undefined
}

export const Catalog = token.one<TorrentCatalog>('torrent-catalog')
