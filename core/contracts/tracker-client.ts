import { token } from '../base/token.js'
import type { Endpoint } from '../base/address.js'
import type { InfoHash } from '../protocol/ids.js'
import type { AnnounceRequest, ScrapeCounts } from './swarm-store.js'

export interface TrackerAnnounce {
  readonly url: URL
  readonly request: Readonly<Omit<AnnounceRequest, 'from' | 'urlData' | 'numWant'>> & {
    /** Where this node listens for peers. */
    readonly port: number
    /** Peers wanted; -1 leaves it to the tracker. */
    readonly numWant: number
    /** Sent back as the tracker gave it (BEP 3 `trackerid`). */
    readonly trackerId?: string
    /** Announce over this family only; the other is a second announce with the same key (BEP 7). */
    readonly family?: 4 | 6
  }
}

export interface AnnounceResult {
  /** Seconds, as the tracker said, clamped to 60 s to 2 h. */
  readonly interval: number
  readonly minInterval?: number
  readonly seeders: number
  readonly leechers: number
  readonly peers: readonly Endpoint[]
  readonly warning?: string
  readonly trackerId?: string
  /** BEP 24: our address as the tracker sees it. */
  readonly externalIp?: Uint8Array
}

/** What is told of a swarm; partial seeds count as leechers. */
export type TrackerCounts = Readonly<Omit<ScrapeCounts, 'partialSeeds'>>

/**
 * Speaks to trackers of one URL scheme. Rejections are NodeErrors blaming the remote (failure reason, time-out, bad
 * reply) or the operator (a URL that must not be asked); `details.retryIn` (seconds, or 'never') where the tracker said
 * so (BEP 31). Secrets in URLs never stand in a message. The signal ends everything at once.
 */
export interface TrackerClient {
  /** Paused is told as None where the protocol has no word for it. */
  announce(announce: TrackerAnnounce, signal: AbortSignal): Promise<AnnounceResult>
  /** One entry a hash, in order; a hash the tracker left out counts zeros. */
  scrape(url: URL, hashes: readonly InfoHash[], signal: AbortSignal): Promise<readonly TrackerCounts[]>
}

/** By URL scheme: 'http', 'https', 'udp'. */
export const TrackerClients = token.named<TrackerClient>('tracker-clients')
