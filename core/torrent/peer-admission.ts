// May a peer whose handshake is in join? Not ourselves, not the banned, not the same peer twice, not too many from one
// address, and not more than there is room for. Loopback is exempt from the rules on addresses and equal ids.
import { formatIp, isLoopback } from '../base/address.js'
import { equalBytes, toHex } from '../base/bytes.js'
import type { Handshake } from '../protocol/handshake.js'
import type { PeerId } from '../protocol/ids.js'
import { CloseReason } from './close-reason.js'
import type { PeerSession } from './peer-session.js'
import type { PeerTable } from './peer-table.js'
import { Trust } from './trust.js'

export class PeerAdmission {
  private readonly perAddress = new Map<string, number>()
  private readonly ids = new Map<string, number>()

  constructor(
    private readonly ourId: PeerId,
    private readonly trust: Trust,
    private readonly maxPeers: number,
    private readonly maxPerAddress: number,
  ) {}

  refusal(session: PeerSession, handshake: Handshake, peers: PeerTable): CloseReason | null {
    if (equalBytes(handshake.peerId, this.ourId)) return CloseReason.Self
    if (this.trust.isBanned(Trust.address(session.remote, handshake.peerId))) return CloseReason.Banned
    if (peers.liveCount >= this.maxPeers) return CloseReason.Full
    if (isLoopback(session.remote.ip)) return null
    if ((this.perAddress.get(formatIp(session.remote.ip)) ?? 0) >= this.maxPerAddress) return CloseReason.Full
    return this.ids.has(toHex(handshake.peerId)) ? CloseReason.Duplicate : null
  }

  joined(session: PeerSession): void {
    const id = session.peerId
    if (id === null) return
    this.trust.joined(session.serial, Trust.address(session.remote, id))
    count(this.perAddress, formatIp(session.remote.ip), 1)
    count(this.ids, toHex(id), 1)
  }

  left(session: PeerSession): void {
    if (session.peerId === null) return
    count(this.perAddress, formatIp(session.remote.ip), -1)
    count(this.ids, toHex(session.peerId), -1)
  }
}

function count(map: Map<string, number>, key: string, by: number): void {
  const next = (map.get(key) ?? 0) + by
  if (next > 0) map.set(key, next)
  else map.delete(key)
}
