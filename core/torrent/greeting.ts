// The handshake of one link: ours said, the peer's heard, and whether both mean the same torrent.
import type { Endpoint } from '../base/address.js'
import { equalBytes } from '../base/bytes.js'
import { HandshakeReader, type Handshake } from '../protocol/handshake.js'
import { CloseReason } from './close-reason.js'
import type { PeerVoice } from './peer-voice.js'
import type { FindSwarm, Swarm } from './swarm.js'

export class Greeting {
  /** Why the link is to be closed, once that is certain. */
  refusal: CloseReason | null = null
  /** Where in the last chunk the handshake ends, or that chunk does. */
  end = 0
  private readonly reader = new HandshakeReader()

  /** `swarm`: the one we dialled for; null: the peer's handshake says which one is wanted. */
  constructor(
    public swarm: Swarm | null,
    private readonly voice: PeerVoice,
    private readonly remote: Endpoint,
    private readonly find: FindSwarm,
  ) {}

  /** Who dials speaks first. */
  begin(): void {
    if (this.swarm !== null) this.voice.greet(this.swarm.infoHash, this.swarm.peerId)
  }

  /** The peer's handshake once all of it is here; null before, and where it is refused. */
  hear(chunk: Uint8Array): Handshake | null {
    const { reader } = this
    this.end = reader.push(chunk)
    if (this.end < 0) return this.refuse(CloseReason.NotPlain)
    if (this.swarm === null && reader.infoHash !== null) {
      this.swarm = this.find(reader.infoHash, this.remote)
      if (this.swarm === null) return this.refuse(CloseReason.UnknownTorrent)
      this.begin()
    }
    const { handshake } = reader
    if (handshake === null || this.swarm === null) return null
    return equalBytes(handshake.infoHash, this.swarm.infoHash) ? handshake : this.refuse(CloseReason.WrongTorrent)
  }

  private refuse(reason: CloseReason): null {
    this.refusal = reason
    return null
  }
}
