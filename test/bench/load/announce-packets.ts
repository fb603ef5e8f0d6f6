// Announces as packets, laid out before: only what differs is written for each.
import { writeHash, type Lots } from './workload.js'
import {
  ANNOUNCE_LENGTH,
  CONNECT_MAGIC_HIGH,
  CONNECT_MAGIC_LOW,
  UdpAction,
} from '../../../core/protocol/tracker-udp.js'

export interface AnnouncePlan {
  readonly swarms: number
  readonly numWant: number
  /** Ports a peer may have, so many for each source: a peer is its address and port. */
  readonly ports: number
}

export class AnnouncePackets {
  private readonly view: DataView
  /** The first eight bytes of each info-hash; the rest is zero. */
  private readonly hashes: Uint32Array

  constructor(
    packets: Uint8Array,
    private readonly plan: AnnouncePlan,
    private readonly lots: Lots,
  ) {
    this.view = new DataView(packets.buffer, packets.byteOffset, packets.byteLength)
    this.hashes = new Uint32Array(2 * plan.swarms)
    const hash = new Uint8Array(20)
    const words = new DataView(hash.buffer)
    for (let n = 0; n < plan.swarms; n++) {
      writeHash(hash, 0, n)
      this.hashes[2 * n] = words.getUint32(0)
      this.hashes[2 * n + 1] = words.getUint32(4)
    }
  }

  /** As the first packet; gives its length. */
  writeConnect(transaction: number): number {
    this.view.setUint32(0, CONNECT_MAGIC_HIGH)
    this.view.setUint32(4, CONNECT_MAGIC_LOW)
    this.view.setUint32(8, UdpAction.Connect)
    this.view.setUint32(12, transaction)
    return 16
  }

  /** Once what is the same in all has been written by `lay`. */
  write(index: number, idHigh: number, idLow: number, transaction: number): void {
    const { view, lots, plan } = this
    const at = index * ANNOUNCE_LENGTH
    const n = lots.below(plan.swarms)
    view.setUint32(at, idHigh)
    view.setUint32(at + 4, idLow)
    view.setUint32(at + 12, transaction)
    view.setUint32(at + 16, this.hashes[2 * n]!)
    view.setUint32(at + 20, this.hashes[2 * n + 1]!)
    view.setUint32(at + 44, lots.u32())
    view.setUint32(at + 48, lots.u32())
    view.setUint32(at + 52, lots.u32())
    view.setUint32(at + 68, (lots.u32() & 0x10000) === 0 ? 0 : 1000)
    view.setUint32(at + 88, lots.u32())
    view.setUint16(at + 96, 1 + lots.below(plan.ports))
  }

  lay(): void {
    const { view, plan } = this
    const head = new TextEncoder().encode('-LG0001-')
    for (let at = 0; at < view.byteLength; at += ANNOUNCE_LENGTH) {
      for (let i = 0; i < ANNOUNCE_LENGTH; i++) view.setUint8(at + i, 0)
      view.setUint32(at + 8, UdpAction.Announce)
      head.forEach((byte, i) => view.setUint8(at + 36 + i, byte))
      view.setInt32(at + 92, plan.numWant)
    }
  }
}
