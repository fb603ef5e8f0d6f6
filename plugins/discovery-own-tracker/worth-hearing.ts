import { AnnounceEvent, type AnnounceRequest } from '../../core/contracts/swarm-store.js'

/** May whoever announces so want to be served? */
export function worthHearing({ event, left }: Pick<AnnounceRequest, 'event' | 'left'>): boolean {
  if (event === AnnounceEvent.Stopped) return false
  // With a magnet link alone aria2 begins as if it had all: it does not know how much there is.
  return left !== 0 || event === AnnounceEvent.Started
}
