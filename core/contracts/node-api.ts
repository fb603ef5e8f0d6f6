import { token } from '../base/token.js'
import type { Endpoint } from '../base/address.js'

/**
 * `checking`: it is opened, and what is there is looked at. `running`: it meets peers. `queued`: it waits for a place.
 * `finished`: it has been seeded enough. `moving`: its content is on the way to another folder. `paused`, `failed`: until
 * it is resumed. Only the first two have anything open.
 */
export type TorrentPhase = 'checking' | 'running' | 'queued' | 'finished' | 'moving' | 'paused' | 'failed'

/** One torrent at one moment; rates in bytes a second. */
export interface TorrentSnapshot {
  readonly infoHash: string
  readonly name: string
  /** Empty for a private torrent. */
  readonly magnet: string
  readonly phase: TorrentPhase
  /** In the queue, counted from 0. */
  readonly place: number
  readonly have: number
  readonly pieces: number
  readonly bytes: number
  readonly bytesDone: number
  /** Pieces that hold anything wanted, here or not; their bytes; and those of them that are missing. */
  readonly wanted: number
  readonly bytesWanted: number
  readonly bytesLeft: number
  readonly files: number
  readonly down: number
  readonly up: number
  readonly downloaded: number
  readonly uploaded: number
  /** Milliseconds spent seeding, like the bytes above over all runs. */
  readonly seedingMs: number
  readonly peers: number
  /** Where its content lies; absolute. */
  readonly folder: string
  /** While it is checked: pieces hashed, of those to hash; while it is moved: bytes. */
  readonly progress?: { readonly done: number; readonly of: number }
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
 * The rows `torrent`, `complete`, `announce`, `state`, `warning`, `error` of the JSON output; progress is drawn from
 * snapshots. `state` tells the `phase` a torrent has come to: queued, paused, finished, moving, or checking on order; that
 * it runs is told by `torrent`, that it failed by `error`. `complete`: nothing that is wanted is missing; it comes again
 * when more was wanted and is here. `torrent` carries `bytesLeft`, 0 where there is nothing to do.
 * All but some warnings carry `infoHash`; `warning` and `error` carry `code`, `message` and the `plugin` that tells.
 */
export type NodeEvent = {
  readonly event: 'torrent' | 'complete' | 'announce' | 'state' | 'warning' | 'error'
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

/** Whichever is reached first; without either a torrent is seeded for ever. */
export interface SeedGoal {
  /** Bytes uploaded, for each byte of the content that is here. */
  readonly ratio?: number | undefined
  /** Spent seeding, earlier runs included. */
  readonly minutes?: number | undefined
}

/** How much a file is wanted: by name, or from 0 (skip) over 1 (low), 4 (normal) and 6 (high) to 7. */
export type FileWish = 'skip' | 'low' | 'normal' | 'high' | number

/**
 * Wishes by file: by its number, as `shoal show` gives it, a range of numbers ("2-5", "5-"), or a pattern for names ("*.mkv",
 * "subs/**"). Numbers count over patterns, else the later over the earlier.
 */
export type FileWishes = Readonly<Record<string, FileWish>>

/** One file of a torrent; its number is its place in the list, from 1 on. */
export interface FileSnapshot {
  /** The torrent's name first, joined by "/". */
  readonly path: string
  readonly length: number
  /** 0 skip, 1 lowest to 7 highest. */
  readonly priority: number
  readonly bytesDone: number
}

export interface AddOptions {
  /** Announce URLs, added to the torrent's own: also to those of a private one. */
  readonly announceTo?: readonly string[]
  /** In place of the node's goal. */
  readonly seedGoal?: SeedGoal
  /** The folder the content is moved to once the download is whole. */
  readonly moveTo?: string
  readonly limits?: Partial<RateLimits>
  readonly storage?: string
  readonly selector?: string
  readonly selectorOptions?: Readonly<Record<string, unknown>>
  /** The folder the content goes to or lies in. */
  readonly into?: string
  /** Nothing is opened before it is resumed. */
  readonly paused?: boolean
  /** The files that are wanted, by numbers, ranges and patterns; by default all. */
  readonly files?: ReadonlyArray<string | number>
  /** What of these is wanted sooner, later or not at all. */
  readonly priorities?: FileWishes
  /** The first and the last piece of every wanted file before all others. */
  readonly firstAndLast?: boolean
}

/** All that a command line, an RPC or a page may ask of a node and order it to do. Plain data, built on demand. */
export interface NodeApi {
  /** As a snapshot has it; asking often costs nothing. */
  readonly opening: number
  snapshot(): NodeSnapshot
  /**
   * From set-up on, so that no event is missed. Returns what ends the observation. Listeners are called synchronously
   * and must not throw.
   */
  observe(listener: (event: NodeEvent) => void): () => void
  /** Where peers are accepted. */
  readonly listening: readonly Endpoint[]
  /**
   * Resolves with the info-hash (hex) once the torrent is open and checked, or waits in the queue, or for `resume`.
   * `path`: a .torrent file. Rejects with ERR_CLIENT_TWICE where it is there already, unless that has failed.
   *
   * This and all orders below reject with ERR_CLIENT_STOPPING once the node stops, and with ERR_CLIENT_UNKNOWN where no
   * torrent has the info-hash. Orders for one torrent are carried out one after the other.
   */
  add(source: { readonly torrent: Uint8Array } | { readonly path: string }, options?: AddOptions): Promise<string>
  /** Resolves once nothing of it is open: its state is saved and its trackers are told. It holds no place in the queue. */
  pause(infoHash: string): Promise<void>
  /**
   * Goes on without hashing what was known. What has failed is tried again; what is finished is seeded on, without a
   * goal. Resolves as `add` does, and rejects with why it failed.
   */
  resume(infoHash: string): Promise<void>
  /** To a place in the queue counted from 0, as in the snapshot; past the end is the end. Takes effect at once. */
  enqueue(infoHash: string, place: number): void
  /** In place of the goal it had; {} for none. Until the node stops. */
  setSeedGoal(infoHash: string, goal: SeedGoal): void
  /**
   * Closes its links and hashes all that may be there; what is damaged is told (ERR_CLIENT_DAMAGED) and fetched again.
   * A torrent that was waiting or paused is so again afterwards. Resolves once that is done, or it was paused meanwhile;
   * rejects with why it failed.
   */
  recheck(infoHash: string): Promise<void>
  /**
   * Moves its content to another folder, absolute, which the node's state remembers. Peers are left for as long as it
   * takes. Rejects with ERR_STORAGE_EXISTS where something lies there, with ERR_CLIENT_MOVE where that content is not to
   * be moved, or with what the disk said; the content is then where it was.
   */
  move(infoHash: string, folder: string): Promise<void>
  /** Of the node, or of one torrent. */
  limits(infoHash?: string): LimitState
  /**
   * Sets the usual limits of the node, or those of one torrent; a direction left out stays as it is. They hold at once
   * and until the node stops. At least 1,024 bytes a second; anything else is ERR_CLIENT_LIMIT.
   */
  setLimits(change: Partial<RateLimits>, infoHash?: string): void
  /** Overrides the schedule, or follows it again. */
  setLimitMode(mode: LimitMode): void
  /** What is stored, in the order of the torrent. */
  files(infoHash: string): Promise<readonly FileSnapshot[]>
  /**
   * Changes what is wanted, in whatever phase the torrent is; it is kept for later runs, until the profile says otherwise
   * than it does now. Files that are not wanted any more stay as they are on the disk.
   */
  prioritize(infoHash: string, changes: FileWishes): Promise<void>
  /** The same for the first and last pieces. */
  setFirstAndLast(infoHash: string, on: boolean): Promise<void>
  /** Forgets it. With `deleteData` its own files are deleted too, and the folders that are empty then. */
  remove(infoHash: string, options?: { readonly deleteData?: boolean }): Promise<void>
}

export const Api = token.one<NodeApi>('node-api')
