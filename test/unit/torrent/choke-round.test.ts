import { expect } from 'chai'
import { Bitfield } from '../../../core/base/bitfield.js'
import type { NodeError } from '../../../core/base/errors.js'
import { createRandom } from '../../../core/base/random.js'
import type { ChokePolicy } from '../../../core/contracts/choke-policy.js'
import { ChokeRound } from '../../../core/torrent/choke-round.js'
import { PeerFlag, PeerTable } from '../../../core/torrent/peer-table.js'
import { TablePeer } from './table-peer.js'

describe('choke round', () => {
  /** Unchokes the last of the interested; writes down when it was asked. */
  class LastFirst implements ChokePolicy {
    readonly asked: number[] = []
    round: ChokePolicy['round'] = (candidates, slots, _seeding, round, _random, unchoke) => {
      this.asked.push(round)
      let left = slots
      for (let i = candidates.length - 1; i >= 0; i--)
        if (candidates[i]?.interested === true && left-- > 0) unchoke[i] = 1
    }
  }

  function bed(policy: ChokePolicy, most = 4) {
    const table = new PeerTable(20)
    const warnings: NodeError[] = []
    const round = new ChokeRound(table, policy, most, createRandom(1), error => warnings.push(error))
    const join = (interested = true): TablePeer => {
      const peer = TablePeer.join(table, new Bitfield(1))
      if (interested) want(peer)
      return peer
    }
    const want = (peer: TablePeer): void => {
      table.set(peer.slot, PeerFlag.TheyWant, true)
      round.interested(peer)
    }
    return { table, warnings, round, join, want }
  }

  it('unchokes whoever becomes interested at once while a slot is free', () => {
    const { join, want } = bed(new LastFirst())
    const peers = Array.from({ length: 6 }, () => join())
    expect(peers.map(peer => peer.choked)).to.deep.equal([false, false, false, false, true, true])
    const shy = join(false)
    expect(shy.choked).to.equal(true)
    want(shy)
    expect(shy.choked).to.equal(true)
  })

  it('asks the policy every ten seconds and does as it says', () => {
    const policy = new LastFirst()
    const { round, join } = bed(policy)
    const peers = Array.from({ length: 6 }, () => join())
    for (let now = 1_000; now <= 31_000; now += 1_000) round.tick(now, false)
    expect(policy.asked).to.deep.equal([0, 1, 2, 3])
    expect(peers.map(peer => peer.choked)).to.deep.equal([true, true, false, false, false, false])
  })

  it('dates an unchoke between rounds, so that the policy knows how long a peer has had its slot', () => {
    const { table, round, join } = bed(new LastFirst())
    round.tick(5_000, false)
    const peer = join()
    expect(table.chokedAt[peer.slot]).to.equal(5_000)
  })

  it('gives a slot that falls free to somebody who waits, at the next tick', () => {
    const policy = new LastFirst()
    const { table, round, join } = bed(policy)
    const peers = Array.from({ length: 5 }, () => join())
    round.tick(1_000, false)
    expect(peers[0]?.choked).to.equal(true)
    table.release(peers[4]?.slot ?? -1)
    round.left()
    round.tick(2_000, false)
    expect(peers[0]?.choked).to.equal(false)
    expect(policy.asked, 'out of turn, and so under the number of the round before').to.deep.equal([0, 0])
    round.left()
    round.tick(3_000, false)
    expect(policy.asked, 'nobody waits').to.have.length(2)
  })

  it('opens more slots while those there are carry much, up to the most', () => {
    const policy = new LastFirst()
    const { table, round, join } = bed(policy, 6)
    const peers = Array.from({ length: 8 }, () => join())
    for (const peer of peers) table.upRate[peer.slot] = 3 << 20
    round.tick(10_000, true)
    expect(peers.filter(peer => !peer.choked)).to.have.length(6)
  })

  it('sets a policy aside that throws, with one warning, and serves the first to come', () => {
    const { round, join, warnings } = bed({
      round() {
        throw new Error('no idea')
      },
    })
    const peers = Array.from({ length: 6 }, () => join())
    round.tick(10_000, false)
    round.tick(20_000, false)
    expect(warnings.map(warning => warning.code)).to.deep.equal(['ERR_TORRENT_CHOKER'])
    expect(peers.map(peer => peer.choked)).to.deep.equal([false, false, false, false, true, true])
  })
})
