// How many pieces each peer has that we want and lack: we are interested in it exactly while there is one. Follows every
// move of a piece between those that are lacked and those that are not; what a peer tells is counted by PeerPieces.
import type { PieceIndex } from '../protocol/ids.js'
import { type PeerTable, PeerFlag } from './peer-table.js'
import { lacking, type PieceBook } from './piece-book.js'

export class Interest {
  constructor(
    private readonly book: PieceBook,
    private readonly peers: PeerTable,
  ) {}

  /** What is said to peers leaves with their next flush. */
  moved(piece: PieceIndex, to: number, from: number): void {
    if (lacking(from) === lacking(to)) return
    const { useful } = this.peers
    for (const peer of this.peers) {
      if (!peer.holds(piece)) continue
      useful[peer.slot]! += lacking(to) ? 1 : -1
      peer.setWanted(useful[peer.slot]! > 0)
    }
  }

  checkInvariants(): readonly string[] {
    const wrong: string[] = []
    for (const peer of this.peers) {
      let useful = 0
      for (let i = 0; i < this.book.state.length; i++) if (peer.holds(i) && this.book.lacks(i)) useful++
      const counted = this.peers.useful[peer.slot]!
      if (counted !== useful) wrong.push(`peer ${peer.slot}: ${useful} of its pieces are useful, ${counted} counted`)
      if (this.peers.is(peer.slot, PeerFlag.WeWant) !== useful > 0) wrong.push(`peer ${peer.slot}: interest is wrong`)
    }
    return wrong
  }
}
