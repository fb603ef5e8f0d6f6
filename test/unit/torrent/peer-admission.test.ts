import { expect } from 'chai'
import { Bitfield } from '../../../core/base/bitfield.js'
import { endpointOf } from '../../../core/base/address.js'
import { infoHashOf, peerIdOf, type PeerId } from '../../../core/protocol/ids.js'
import { CloseReason } from '../../../core/torrent/close-reason.js'
import { PeerAdmission } from '../../../core/torrent/peer-admission.js'
import { PeerSession } from '../../../core/torrent/peer-session.js'
import { PeerTable } from '../../../core/torrent/peer-table.js'
import { Trust } from '../../../core/torrent/trust.js'
import { deafLink, TablePeer } from './table-peer.js'

const id = (number: number): PeerId => peerIdOf(new Uint8Array(20).fill(number)) ?? raise()
const infoHash = infoHashOf(new Uint8Array(20)) ?? raise()
const OURS = 0

class Bed {
  readonly trust = new Trust()
  readonly table = new PeerTable(10)
  readonly admission: PeerAdmission
  private serials = 0

  constructor(maxPeers: number, maxPerAddress: number) {
    this.admission = new PeerAdmission(id(OURS), this.trust, maxPeers, maxPerAddress)
  }

  /** Whether the peer may join; it does if so. */
  join(ip: string, peerId: number): CloseReason | PeerSession {
    const remote = endpointOf(Uint8Array.from(ip.split('.').map(Number)), 1)
    const session = new PeerSession(
      { ...deafLink, remote },
      null,
      () => null,
      () => {},
      0,
    )
    session.serial = ++this.serials
    session.peerId = id(peerId)
    const handshake = { infoHash, peerId: id(peerId), fast: true, extended: true, dht: false }
    const refusal = this.admission.refusal(session, handshake, this.table)
    if (refusal !== null) return refusal
    TablePeer.join(this.table, new Bitfield(1))
    this.admission.joined(session)
    return session
  }

  leave(session: CloseReason | PeerSession): void {
    if (!(session instanceof PeerSession)) throw new Error('it never joined')
    this.table.release(this.table.live[0] ?? 0)
    this.admission.left(session)
  }
}

describe('peer admission', () => {
  it('knows itself', () => {
    expect(new Bed(5, 5).join('10.0.0.1', OURS)).to.equal(CloseReason.Self)
    expect(new Bed(5, 5).join('127.0.0.1', OURS)).to.equal(CloseReason.Self)
  })

  it('lets in no more than there is room for', () => {
    const bed = new Bed(2, 5)
    const first = bed.join('10.0.0.1', 1)
    bed.join('10.0.0.2', 2)
    expect(bed.join('10.0.0.3', 3)).to.equal(CloseReason.Full)
    bed.leave(first)
    expect(bed.join('10.0.0.3', 3)).to.be.instanceOf(PeerSession)
  })

  it('lets in so many from one address, loopback excepted', () => {
    const bed = new Bed(10, 2)
    const first = bed.join('10.0.0.1', 1)
    bed.join('10.0.0.1', 2)
    expect(bed.join('10.0.0.1', 3)).to.equal(CloseReason.Full)
    expect(bed.join('10.0.0.2', 3)).to.be.instanceOf(PeerSession)
    bed.leave(first)
    expect(bed.join('10.0.0.1', 4)).to.be.instanceOf(PeerSession)
    for (const peer of [5, 6, 7]) expect(bed.join('127.0.0.1', peer)).to.be.instanceOf(PeerSession)
  })

  it('refuses a peer id that is connected already, loopback excepted', () => {
    const bed = new Bed(10, 5)
    const first = bed.join('10.0.0.1', 1)
    expect(bed.join('10.0.0.2', 1)).to.equal(CloseReason.Duplicate)
    bed.leave(first)
    expect(bed.join('10.0.0.2', 1)).to.be.instanceOf(PeerSession)
    bed.join('127.0.0.1', 2)
    expect(bed.join('127.0.0.1', 2)).to.be.instanceOf(PeerSession)
  })

  it('keeps the banned out, by address, or by id on loopback', () => {
    const bed = new Bed(10, 5)
    for (const [ip, peer] of [
      ['10.0.0.1', 1],
      ['127.0.0.1', 2],
    ] as const) {
      const liar = bed.join(ip, peer)
      if (!(liar instanceof PeerSession)) throw new Error('it may join')
      expect(bed.trust.failed([liar.serial]).ban).to.deep.equal([liar.serial])
      bed.leave(liar)
    }
    expect(bed.join('10.0.0.1', 9)).to.equal(CloseReason.Banned)
    expect(bed.join('127.0.0.1', 2)).to.equal(CloseReason.Banned)
    expect(bed.join('127.0.0.1', 3)).to.be.instanceOf(PeerSession)
  })
})

function raise(): never {
  throw new Error('it has twenty bytes')
}
