// A program that is compared: what it can do, as command lines.
import type { Command } from '../child.js'
import type { Content } from '../content.js'

/** Where content is downloaded to, and from whom. */
export interface GetJob {
  readonly content: Content
  readonly into: string
  /** At 127.0.0.1. */
  readonly peerPort: number
  /** An HTTP tracker that knows that peer alone. */
  readonly tracker: string
  /** Free, for a program that must be told one. */
  readonly ownPort: number
  /** A folder for whatever it wants to keep. */
  readonly state: string
}

export interface SeedJob {
  readonly content: Content
  readonly port: number
  readonly state: string
}

export interface CreateJob {
  readonly content: Content
  /** Where the .torrent goes. */
  readonly target: string
}

export interface TrackJob {
  /** At 127.0.0.1, over UDP and HTTP. */
  readonly port: number
  /** Empty, and open to every user. */
  readonly folder: string
  /** How many torrents will be announced, those of the load, for a tracker that wants a list. */
  readonly swarms: number
  /** Options of Shoal's UDP tracker; the others have nothing to choose. */
  readonly io?: string
  readonly threads?: number
}

export interface System {
  readonly name: string
  /** In one line, with the package that has it; null: it is here. */
  readonly missing: string | null
  readonly version: string
  /** Downloads, and ends once all is there. */
  get?(job: GetJob): Command
  /** Serves what lies there, until it is ended. */
  seed?(job: SeedJob): Command
  /** Requests it lets wait at once: more could have it drop some. */
  readonly pipeline?: number
  create?(job: CreateJob): Command
  /** Runs a tracker, until it is ended. */
  track?(job: TrackJob): Command
}
