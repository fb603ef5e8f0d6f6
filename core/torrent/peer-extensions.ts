// What one peer and we say beyond BEP 3: the handshake of BEP 10, and the info dictionary for those that came by a magnet
// link (BEP 9). What one peer may ask is bounded: the whole of it twice, then it is refused, and at last closed.
import { type Endpoint, endpointOf } from '../base/address.js'
import {
  MetadataMessage,
  OUR_METADATA_ID,
  readExtensionHandshake,
  readMetadataMessage,
  writeExtensionHandshake,
  writeMetadataAnswer,
  writeMetadataReject,
} from '../protocol/extensions.js'
import { MAX_OUTSTANDING_REQUESTS, METADATA_PIECE_LENGTH } from '../protocol/limits.js'
import type { PeerVoice } from './peer-voice.js'
import type { Swarm } from './swarm.js'

const CLIENT = 'Shoal 0.1'
const MOST_ASKED = 1_300

export class PeerExtensions {
  /** Where it says it listens; null as long as it has not. */
  home: Endpoint | null = null
  private greeted = false
  private metadataId = 0
  private asked = 0

  constructor(
    private readonly swarm: Swarm,
    private readonly voice: PeerVoice,
    private readonly ip: Uint8Array,
  ) {}

  greet(): void {
    this.greeted = true
    this.say(this.swarm.book.complete ? { uploadOnly: true } : {})
  }

  /** BEP 10 lets a handshake be said again: here, since what BEP 21 says of us has changed. */
  greetAgain(): void {
    if (this.greeted) this.say({ uploadOnly: this.swarm.book.complete })
  }

  /** False: the peer floods us. */
  heard(slot: number, id: number, payload: Uint8Array): boolean {
    if (id === OUR_METADATA_ID) return this.serve(payload)
    const said = id === 0 ? readExtensionHandshake(payload) : null
    if (said === null) return true
    this.metadataId = said.metadataId
    this.home = said.port > 0 ? endpointOf(this.ip, said.port) : null
    if (said.reqq !== null) {
      const { pipeline, pipelineCap } = this.swarm.peers
      pipelineCap[slot] = Math.max(1, Math.min(said.reqq, MAX_OUTSTANDING_REQUESTS))
      pipeline[slot] = Math.min(pipeline[slot]!, pipelineCap[slot])
    }
    return true
  }

  private say(standing: { readonly uploadOnly?: boolean }): void {
    const { info, port } = this.swarm
    this.voice.extended(
      0,
      writeExtensionHandshake({ client: CLIENT, port, metadataSize: info.length, yourIp: this.ip, ...standing }),
    )
  }

  private serve(payload: Uint8Array): boolean {
    const part = readMetadataMessage(payload)
    if (part === null || part.kind !== MetadataMessage.Request || this.metadataId === 0) return true
    const { info } = this.swarm
    const enough = ++this.asked > 2 * Math.ceil(info.length / METADATA_PIECE_LENGTH) + 8
    if (this.asked > MOST_ASKED && enough) return false
    this.voice.extended(
      this.metadataId,
      enough ? writeMetadataReject(part.piece) : writeMetadataAnswer(info, part.piece),
    )
    return true
  }
}
