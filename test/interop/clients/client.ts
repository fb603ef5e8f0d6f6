import type { Place } from '../places.js'
import type { Program } from '../programs.js'

/** A BitTorrent client of others, as its users run it, but for finding peers on the local network and in the DHT. */
export interface ForeignClient {
  readonly name: string
  /** What to install, or null. */
  readonly missing: string | null
  /** Whether it takes peers at 127.0.0.1. */
  readonly loopback: boolean
  /** Whether it makes files of no length. */
  readonly emptyFiles: boolean
  /** The signal upon which it tells its trackers that it stops, where it ever does; some must have printed `once` before. */
  readonly farewell?: { readonly signal: NodeJS.Signals; readonly once?: string }
  /** Makes a .torrent in its own manner, where it can. */
  create?(content: string, torrent: string, tracker: string): Promise<void>
  /** Seeds what lies in the folder already. */
  seed(at: Place, torrent: string, folder: string): Promise<Program>
  /** Downloads into the folder, from a .torrent file or a magnet link; resolves once it says that all is there. */
  get(at: Place, source: string, folder: string): Promise<void>
}

export function withOptions(options: Readonly<Record<string, unknown>>): string {
  const text = Object.entries(options).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
  return text.length === 0 ? '' : ` with ${text.join(', ')}`
}
