// The UDP tracker in a thread beside the socket: the same secret, so that an id given by one thread is good in all, and
// a row of the same counters.
import { ConnectionIds } from '../../core/tracker/connection-id.js'
import { udpCounts } from './counts.js'
import { UdpTracker } from './udp-tracker.js'
import type { Portable, ThreadPlace } from '../../core/base/portable.js'
import type { Answerer } from '../../core/contracts/host.js'
import type { TrackerService } from '../../core/contracts/tracker.js'

interface Data {
  readonly service: Portable<TrackerService>
  readonly secret: Uint8Array
  readonly leewaySeconds: number
  readonly counts: SharedArrayBuffer
}

export function answererInThread(data: Data): Portable<Answerer> {
  return { module: import.meta.url, data }
}

export async function open({ service, secret, leewaySeconds, counts }: Data, place: ThreadPlace): Promise<Answerer> {
  const ids = new ConnectionIds(secret, leewaySeconds)
  return new UdpTracker(await place.open(service), ids, udpCounts(counts).row(place.number), null)
}
