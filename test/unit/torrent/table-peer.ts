// A peer in a PeerTable without a link behind it: what is said to it is written down.
import type { Bitfield } from '../../../core/base/bitfield.js'
import { endpointOf } from '../../../core/base/address.js'
import type { PeerLink } from '../../../core/contracts/peer-transport.js'
import { BLOCK_LENGTH } from '../../../core/protocol/geometry.js'
import { PeerLens } from '../../../core/torrent/peer-lens.js'
import type { Peer, PeerTable } from '../../../core/torrent/peer-table.js'
import { PeerVoice } from '../../../core/torrent/peer-voice.js'

/** Takes everything and passes nothing on. */
export const deafLink: PeerLink = {
  remote: endpointOf(Uint8Array.of(10, 0, 0, 1), 1),
  inbound: false,
  sent: 0,
  open() {},
  write: () => true,
  pause() {},
  resume() {},
  close() {},
}

class RecordingVoice extends PeerVoice {
  readonly requests: string[] = []
  readonly cancels: string[] = []

  override request(piece: number, begin: number): void {
    this.requests.push(`${piece}.${begin / BLOCK_LENGTH}`)
  }

  override cancel(piece: number, begin: number): void {
    this.cancels.push(`${piece}.${begin / BLOCK_LENGTH}`)
  }
}

export class TablePeer implements Peer {
  readonly view: PeerLens
  readonly voice = new RecordingVoice(deafLink)
  allowedFast: readonly number[] = []
  seed = false
  choked = true
  abandoned = 0

  constructor(
    table: PeerTable,
    readonly slot: number,
    readonly serial: number,
    readonly have: Bitfield,
  ) {
    this.view = new PeerLens(this, table)
  }

  static join(table: PeerTable, have: Bitfield, now = 0): TablePeer {
    let made: TablePeer | undefined
    table.take((slot, serial) => (made = new TablePeer(table, slot, serial, have)), now)
    if (made === undefined) throw new Error('the table is full')
    return made
  }

  /** What was asked since the last time, as PIECE.BLOCK. */
  asked(): readonly string[] {
    return this.voice.requests.splice(0)
  }

  cancelled(): readonly string[] {
    return this.voice.cancels.splice(0)
  }

  holds(piece: number): boolean {
    return this.has(piece)
  }

  has(piece: number): boolean {
    return this.seed || this.have.has(piece)
  }

  tell(): void {}

  setWanted(): void {}

  setChoked(choked: boolean): void {
    this.choked = choked
  }

  abandonBlock(): void {
    this.abandoned++
  }

  pump(): void {}
}
