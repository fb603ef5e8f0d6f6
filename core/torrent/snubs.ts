// Peers that owe blocks and send none: how long that is borne, and what marks them.
import type { AskedBlocks } from './asked-blocks.js'
import { type Peer, PeerFlag, type PeerTable } from './peer-table.js'
import type { Pipelines } from './pipelines.js'

/** A peer that owes blocks and has sent none for this long is snubbing: what it was asked is asked of others. */
const SNUB_MS = 60_000
/** The same where someone else has the piece. */
const SNUB_SHARED_MS = 20_000

export class Snubs {
  constructor(
    private readonly peers: PeerTable,
    private readonly asked: AskedBlocks,
    private readonly pipelines: Pipelines,
  ) {}

  /** It has had all the time it gets. */
  overdue(p: number, now: number): boolean {
    return this.asked.count(p) > 0 && now - this.peers.lastBlock[p]! > this.patience(p)
  }

  private patience(p: number): number {
    const piece = this.asked.oldestPiece(p)
    for (const other of this.peers) {
      if (other.slot !== p && other.has(piece) && !this.peers.is(other.slot, PeerFlag.TheyChoke)) return SNUB_SHARED_MS
    }
    return SNUB_MS
  }

  /** Its time begins anew, with little to do. */
  mark({ slot }: Peer, now: number): void {
    if (!this.peers.is(slot, PeerFlag.Snubbing)) this.peers.silentSince[slot] = this.peers.lastBlock[slot]!
    this.peers.set(slot, PeerFlag.Snubbing, true)
    this.pipelines.snubbed(slot)
    this.peers.lastBlock[slot] = now
  }
}
