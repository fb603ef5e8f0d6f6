// Who is linked to us for one torrent, running or still greeting, and what is said to all of them.
import { type Endpoint, sameEndpoint } from '../base/address.js'
import type { PieceIndex } from '../protocol/ids.js'
import { CloseReason } from './close-reason.js'
import type { PeerSession } from './peer-session.js'
import { PeerFlag, type PeerTable } from './peer-table.js'

export class PeerSessions {
  private readonly sessions = new Set<PeerSession>()

  constructor(private readonly peers: PeerTable) {}

  add(session: PeerSession): void {
    this.sessions.add(session)
  }

  delete(session: PeerSession): void {
    this.sessions.delete(session)
  }

  get linkCount(): number {
    return Math.max(this.sessions.size, this.peers.liveCount)
  }

  /** One of them says that it listens there. */
  meets(endpoint: Endpoint): boolean {
    for (const { extensions } of this.sessions) {
      if (extensions?.home && sameEndpoint(extensions.home, endpoint)) return true
    }
    return false
  }

  /** Once a second. */
  tick(now: number): void {
    for (const session of this.sessions) session.tick(now)
  }

  closeAll(): void {
    for (const session of this.sessions) session.close(CloseReason.Ours)
  }

  closeSeeds(): void {
    for (const session of this.sessions) if (session.running && session.seed) session.close(CloseReason.BothSeeds)
  }

  /** We have a piece more. */
  tellHave(piece: PieceIndex): void {
    for (const peer of this.peers) {
      if (!peer.seed) peer.tell(piece)
      peer.voice.flush()
    }
  }

  /** What they wait for has been read, or was not to be. */
  resumeUploads(slots: Iterable<number>): void {
    for (const slot of slots) {
      const peer = this.peers.peers[slot]
      peer?.pump()
      peer?.voice.flush()
    }
  }

  /** Whether we want anything more of anybody has changed. */
  tellUploadOnly(): void {
    for (const session of this.sessions) session.tellUploadOnly()
  }

  /** Those of these serials. */
  ban(serials: readonly number[]): void {
    for (const session of this.sessions) if (serials.includes(session.serial)) session.close(CloseReason.Banned)
  }

  /** From now on each is asked for whole pieces alone. */
  parole(serials: readonly number[]): void {
    for (const { slot, serial } of this.sessions)
      if (slot >= 0 && serials.includes(serial)) this.peers.set(slot, PeerFlag.Parole, true)
  }

  /** It sent a whole piece alone, and the piece was right. */
  acquit(serial: number): void {
    for (const peer of this.peers) if (peer.serial === serial) this.peers.set(peer.slot, PeerFlag.Parole, false)
  }
}
