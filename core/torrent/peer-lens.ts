// A connected peer as a selector plugin may see it: nothing that could be called to do harm.
import type { PeerView, U8 } from '../contracts/piece-selector.js'
import type { Peer, PeerTable } from './peer-table.js'

export class PeerLens implements PeerView {
  constructor(
    private readonly peer: Peer,
    private readonly peers: PeerTable | null,
  ) {}

  get slot(): number {
    return this.peer.slot
  }

  get seed(): boolean {
    return this.peer.seed
  }

  get downloadRate(): number {
    return this.peers?.downRate[this.peer.slot] ?? 0
  }

  get have(): U8 {
    return this.peer.have.bytes
  }

  has(piece: number): boolean {
    return this.peer.has(piece)
  }
}
