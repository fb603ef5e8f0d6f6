import { token } from '../base/token.js'
import type { Endpoint } from '../base/address.js'

/** One torrent at one moment; rates in bytes a second. */
export interface TorrentSnapshot {
  readonly infoHash: string
  readonly name: string
  readonly magnet: string
  readonly phase: 'checking' | 'running' | 'paused' | 'failed'
  readonly have: number
  readonly pieces: number
  readonly bytes: number
  readonly bytesDone: number
  readonly files: number
  readonly down: number
  readonly up: number
  readonly downloaded: number
  readonly uploaded: number
  readonly peers: number
  /** Where its .torrent file lies, when it lies anywhere; absolute. */
  readonly file?: string
  readonly error?: { readonly code: string; readonly message: string }
}

export interface NodeSnapshot {
  /** Wall-clock milliseconds. */
  readonly at: number
  /** Torrents, seeds and shared entries that the profile names and that are not yet open and checked (or failed). */
  readonly opening: number
  readonly torrents: readonly TorrentSnapshot[]
}

/**
 * The rows `torrent`, `complete`, `announce`, `warning`, `error` of the JSON output; progress is drawn from snapshots.
 * All but some warnings carry `infoHash`; `warning` and `error` carry `code`, `message` and the `plugin` that tells.
 */
export type NodeEvent = {
  readonly event: 'torrent' | 'complete' | 'announce' | 'warning' | 'error'
} & Readonly<Record<string, unknown>>

/** Bytes of content a second, not counting what the protocol adds (under 1 %); null: no limit. */
export interface RateLimits {
  readonly down: number | null
  readonly up: number | null
}

/** Which limits of the node hold: those the hour calls for, the usual ones, or the alternative ones at any hour. */
export type LimitMode = 'schedule' | 'usual' | 'alternative'

/** `down`, `up`: as set. `inForce`: as they hold now; for a torrent the node's, which it shares, may be lower. */
export interface LimitState extends RateLimits {
  readonly inForce: RateLimits
  readonly mode: LimitMode
}

export interface AddOptions {
  readonly limits?: Partial<RateLimits>
  readonly storage?: string
  readonly selector?: string
  readonly selectorOptions?: Readonly<Record<string, unknown>>
  /** The folder the content goes to or lies in. */
  readonly into?: string
  readonly paused?: boolean
}

/** All that a command line, an RPC or a page may ask of a node and order it to do. Plain data, built on demand. */
export interface NodeApi {
  snapshot(): NodeSnapshot
  /**
   * From set-up on, so that no event is missed. Returns what ends the observation. Listeners are called synchronously
   * and must not throw.
   */
  observe(listener: (event: NodeEvent) => void): () => void
  /** Where peers are accepted. */
  readonly listening: readonly Endpoint[]
  /** Resolves with the info-hash (hex) once the torrent is open and checked. `path`: a .torrent file. */
  add(source: { readonly torrent: Uint8Array } | { readonly path: string }, options?: AddOptions): Promise<string>
  pause(infoHash: string): Promise<void>
  resume(infoHash: string): Promise<void>
  /** Of the node, or of one torrent. */
  limits(infoHash?: string): LimitState
  /**
   * Sets the usual limits of the node, or those of one torrent; a direction left out stays as it is. They hold at once
   * and until the node stops. At least 1,024 bytes a second; anything else is ERR_CLIENT_LIMIT.
   */
  setLimits(change: Partial<RateLimits>, infoHash?: string): void
  /** Overrides the schedule, or follows it again. */
  setLimitMode(mode: LimitMode): void
  remove(infoHash: string, options?: { readonly deleteData?: boolean }): Promise<void>
}

export const Api = token.one<NodeApi>('node-api')
