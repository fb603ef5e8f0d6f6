// What one torrent remembers of one tracker: which events it still has to hear, and when it may be asked again.
import { AnnounceEvent } from '../../core/contracts/swarm-store.js'
import type { AnnounceNote } from '../../core/contracts/peer-discovery.js'
import type { AnnounceResult } from '../../core/contracts/tracker-client.js'

/** The family announced over; 0 leaves it to the system. Each is a peer of its own to the tracker (BEP 7). */
export type Route = 0 | 4 | 6

export type AnnounceKind = AnnounceNote['kind']

/** There is one for each route over which `started` was accepted. */
interface Acceptance {
  readonly leftAtStart: number
  completed: boolean
  trackerId: string | undefined
}

export interface TrackerAddress {
  readonly url: URL
  /** For people: secrets masked. */
  readonly shown: string
}

export class TrackerRecord {
  readonly url: URL
  readonly shown: string
  /** One announce to a tracker at a time. */
  busy = false
  failures = 0
  /** Not asked before this moment; Infinity once it said never to come back. */
  retryAt = 0
  private readonly acceptances = new Map<Route, Acceptance>()

  constructor({ url, shown }: TrackerAddress) {
    this.url = url
    this.shown = shown
  }

  get accepted(): boolean {
    return this.acceptances.size > 0
  }

  /** The routes over which the tracker knows us. */
  get routes(): readonly Route[] {
    return [...this.acceptances.keys()]
  }

  /** It heard of us as a leecher, and never that we are whole. */
  get owedCompleted(): boolean {
    for (const known of this.acceptances.values()) if (owed(known)) return true
    return false
  }

  eventOver(route: Route, kind: AnnounceKind): AnnounceEvent {
    if (kind === 'stopped') return AnnounceEvent.Stopped
    const known = this.acceptances.get(route)
    if (known === undefined) return AnnounceEvent.Started
    return kind === 'completed' && owed(known) ? AnnounceEvent.Completed : AnnounceEvent.None
  }

  trackerId(route: Route): string | undefined {
    return this.acceptances.get(route)?.trackerId
  }

  /** The tracker answered an announce that carried this event and `left`. */
  heard(route: Route, event: AnnounceEvent, left: number, result: AnnounceResult): void {
    if (event === AnnounceEvent.Stopped) {
      this.acceptances.delete(route)
      return
    }
    const known = this.acceptances.get(route) ?? { leftAtStart: left, completed: false, trackerId: undefined }
    if (event === AnnounceEvent.Completed) known.completed = true
    if (result.trackerId !== undefined) known.trackerId = result.trackerId
    this.acceptances.set(route, known)
  }
}

function owed(known: Acceptance): boolean {
  return known.leftAtStart > 0 && !known.completed
}
