import { expect } from 'chai'
import { Bitfield } from '../../../core/base/bitfield.js'
import { createRandom } from '../../../core/base/random.js'
import { Availability } from '../../../core/torrent/availability.js'

const PIECES = 100

interface TestPeer {
  have: Bitfield
  seed: boolean
}

describe('availability', () => {
  it('equals a recount after each of ten thousand things that peers do', () => {
    const random = createRandom(5)
    const availability = new Availability(PIECES)
    const peers: TestPeer[] = []
    const some = (): Bitfield => {
      const have = new Bitfield(PIECES)
      for (let i = 0; i < PIECES; i++) if (random.below(3) === 0) have.set(i)
      return have
    }
    for (let step = 0; step < 10_000; step++) {
      const peer = peers[random.below(Math.max(1, peers.length))]
      const what = random.below(10)
      if (peer === undefined || (what === 0 && peers.length < 50)) {
        const seed = random.below(4) === 0
        const have = seed ? new Bitfield(PIECES) : some()
        peers.push({ have, seed })
        if (seed) availability.addSeed()
        else availability.addAll(have, 1)
      } else if (what === 1) {
        peers.splice(peers.indexOf(peer), 1)
        if (peer.seed) availability.removeSeed()
        else availability.addAll(peer.have, -1)
      } else if (what === 2 && !peer.seed) {
        availability.addAll(peer.have, -1)
        availability.addSeed()
        peer.seed = true
      } else if (!peer.seed) {
        const piece = random.below(PIECES)
        if (!peer.have.set(piece)) continue
        const count = peers.filter(one => !one.seed && one.have.has(piece)).length
        expect(availability.add(piece)).to.equal(count)
      }
      if (step % 10 === 0) expect(availability.checkInvariants(peers), `step ${step}`).to.deep.equal([])
    }
    expect(availability.checkInvariants(peers)).to.deep.equal([])
    expect(availability.seeds).to.equal(peers.filter(peer => peer.seed).length)
  })

  it('says where it is wrong', () => {
    const availability = new Availability(4)
    availability.add(2)
    availability.addSeed()
    expect(availability.checkInvariants([])).to.deep.equal([
      'piece 2: 0 peers have it, 1 counted',
      '0 seeds, 1 counted',
    ])
  })
})
