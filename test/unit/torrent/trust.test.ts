import { expect } from 'chai'
import { endpointOf } from '../../../core/base/address.js'
import { peerIdOf, type PeerId } from '../../../core/protocol/ids.js'
import { Trust } from '../../../core/torrent/trust.js'

describe('trust', () => {
  it('bans the only sender of a bad piece, also when it sent over several links', () => {
    const trust = new Trust()
    trust.joined(1, 'a')
    trust.joined(2, 'a')
    expect(trust.failed([1, 2])).to.deep.equal({ ban: [1, 2], parole: [] })
    expect(trust.isBanned('a')).to.equal(true)
    expect(trust.isBanned('b')).to.equal(false)
  })

  it('puts several senders on parole and bans nobody', () => {
    const trust = new Trust()
    trust.joined(1, 'a')
    trust.joined(2, 'b')
    expect(trust.failed([1, 2])).to.deep.equal({ ban: [], parole: [1, 2] })
    expect(trust.bannedCount).to.equal(0)
  })

  it('blames a sender that has left, and not the one that came after it', () => {
    const trust = new Trust()
    trust.joined(7, 'gone')
    trust.joined(8, 'new')
    expect(trust.failed([7]).ban).to.deep.equal([7])
    expect(trust.isBanned('new')).to.equal(false)
  })

  it('goes by the address, and by the peer id where all have one address', () => {
    const id = (byte: number): PeerId => peerIdOf(new Uint8Array(20).fill(byte)) ?? raise()
    const at = (...ip: number[]) => endpointOf(Uint8Array.from(ip), 1)
    expect(Trust.address(at(10, 0, 0, 1), id(1))).to.equal(Trust.address(at(10, 0, 0, 1), id(2)))
    expect(Trust.address(at(10, 0, 0, 1), id(1))).not.to.equal(Trust.address(at(10, 0, 0, 2), id(1)))
    expect(Trust.address(at(127, 0, 0, 1), id(1))).not.to.equal(Trust.address(at(127, 0, 0, 1), id(2)))
    expect(Trust.address(at(127, 0, 0, 1), id(1))).to.equal(Trust.address(at(127, 0, 0, 9), id(1)))
  })

  it('remembers no more than it has room for, the latest', () => {
    const trust = new Trust()
    for (let i = 1; i <= 10_000; i++) {
      trust.joined(i, `a${i}`)
      trust.failed([i])
    }
    expect(trust.bannedCount).to.equal(4096)
    expect(trust.isBanned('a10000')).to.equal(true)
    expect(trust.isBanned('a1')).to.equal(false)
  })
})

function raise(): never {
  throw new Error('twenty bytes are an id')
}
