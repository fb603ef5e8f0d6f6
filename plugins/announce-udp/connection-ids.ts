// The connection ids trackers gave us: good for a minute each (BEP 15), and of use to every torrent announced there.
import { formatEndpoint, type Endpoint } from '../../core/base/address.js'
import type { UdpConnectionId } from '../../core/protocol/tracker-udp-client.js'

const LIFETIME_MS = 60_000

export class ConnectionIds {
  private readonly known = new Map<string, { readonly id: UdpConnectionId; readonly until: number }>()

  get(tracker: Endpoint, now: number): UdpConnectionId | null {
    const entry = this.known.get(formatEndpoint(tracker))
    return entry !== undefined && now < entry.until ? entry.id : null
  }

  put(tracker: Endpoint, id: UdpConnectionId, now: number): void {
    for (const [key, { until }] of this.known) if (until <= now) this.known.delete(key)
    this.known.set(formatEndpoint(tracker), { id, until: now + LIFETIME_MS })
  }

  drop(tracker: Endpoint): void {
    this.known.delete(formatEndpoint(tracker))
  }
}
