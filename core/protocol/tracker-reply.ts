// What a tracker said, held to sense: shared by the clients of all tracker protocols.
import { isMulticast, isUnspecified, type Endpoint } from '../base/address.js'

/** Below, a tracker would have itself (or a victim of its name) flooded; above, peers would have forgotten us. */
export const SHORTEST_INTERVAL_S = 60
export const LONGEST_INTERVAL_S = 7200
/** Where a tracker gives no number at all. */
export const USUAL_INTERVAL_S = 1800

/** Seconds to the next announce, from 60 s to 2 h whatever came over the wire. */
export function saneInterval(seconds: number | undefined): number {
  if (seconds === undefined || Number.isNaN(seconds)) return USUAL_INTERVAL_S
  return Math.min(LONGEST_INTERVAL_S, Math.max(SHORTEST_INTERVAL_S, Math.floor(seconds)))
}

/** Undefined where there is none worth the name; never above 2 h. */
export function saneMinInterval(seconds: number | undefined): number | undefined {
  if (seconds === undefined || !(seconds > 0)) return undefined
  return Math.min(LONGEST_INTERVAL_S, Math.floor(seconds))
}

/** Without what can be nobody's address: port 0, multicast, broadcast, 0.0.0.0 and ::. */
export function reachablePeers(peers: readonly Endpoint[]): Endpoint[] {
  return peers.filter(peer => peer.port !== 0 && !isMulticast(peer.ip) && !isUnspecified(peer.ip))
}
