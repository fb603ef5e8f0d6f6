// The one request object that a tracker server fills again for each announce: what the codecs write and what the
// service reads.
import type { AnnounceRequest } from '../contracts/swarm-store.js'
import type { InfoHash, PeerId } from '../protocol/ids.js'
import type { HttpAnnounceFields } from '../protocol/tracker-http.js'

export interface MutableEndpoint {
  family: 4 | 6
  ip: Uint8Array
  port: number
}

export class Incoming implements AnnounceRequest, HttpAnnounceFields {
  readonly infoHash = new Uint8Array(20) as InfoHash
  readonly peerId = new Uint8Array(20) as PeerId
  readonly from: MutableEndpoint = { family: 4, ip: new Uint8Array(4), port: 0 }
  event: AnnounceRequest['event'] = 0
  left = 0
  uploaded = 0
  downloaded = 0
  numWant = -1
  key = 0
  port = 0
  compact = true
  claimedIp: string | null = null
  urlData: Uint8Array | null = null
}
