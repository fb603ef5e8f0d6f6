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

  /** Unchokes the first of the interested. */
  class FirstFirst implements ChokePolicy {
    round: ChokePolicy['round'] = (candidates, slots, _seeding, _round, _random, unchoke) => {
      let left = slots
      for (const [i, candidate] of candidates.entries()) if (candidate.interested && left-- > 0) unchoke[i] = 1
    }
  }

  function bed(policy: ChokePolicy, most = 4, limit = Infinity) {
    const table = new PeerTable(30)
    const warnings: NodeError[] = []
    const round = new ChokeRound(
      table,
      policy,
      most,
      createRandom(1),
      error => warnings.push(error),
      () => limit,
    )
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
    for (let now = 1_000; now <= 31_000; now += 1_000) round.tick(now, false, 0)
    expect(policy.asked).to.deep.equal([0, 1, 2, 3])
    expect(peers.map(peer => peer.choked)).to.deep.equal([true, true, false, false, false, false])
  })

  it('dates an unchoke between rounds, so that the policy knows how long a peer has had its slot', () => {
    const { table, round, join } = bed(new LastFirst())
    round.tick(5_000, false, 0)
    const peer = join()
    expect(table.chokedAt[peer.slot]).to.equal(5_000)
  })

  it('gives a slot that falls free to somebody who waits, at the next tick', () => {
    const policy = new LastFirst()
    const { table, round, join } = bed(policy)
    const peers = Array.from({ length: 5 }, () => join())
    round.tick(1_000, false, 0)
    expect(peers[0]?.choked).to.equal(true)
    table.release(peers[4]?.slot ?? -1)
    round.left()
    round.tick(2_000, false, 0)
    expect(peers[0]?.choked).to.equal(false)
    expect(policy.asked, 'out of turn, and so under the number of the round before').to.deep.equal([0, 0])
    round.left()
    round.tick(3_000, false, 0)
    expect(policy.asked, 'nobody waits').to.have.length(2)
  })

  it('opens more slots while those there are carry much, up to the most, without waiting for the round', () => {
    const policy = new LastFirst()
    const { round, join } = bed(policy, 6)
    const peers = Array.from({ length: 8 }, () => join())
    const unchoked = (): number => peers.filter(peer => !peer.choked).length
    round.tick(1_000, true, 0)
    expect(unchoked()).to.equal(4)
    round.tick(2_000, true, 20 << 20)
    expect(unchoked(), 'one second may be a buffer that fills').to.equal(4)
    round.tick(3_000, true, 40 << 20)
    expect(unchoked()).to.equal(6)
  })

  it('does not let those that take nothing keep others from a slot', () => {
    const { table, round, join } = bed(new FirstFirst(), 40)
    const peers = Array.from({ length: 30 }, () => join())
    let sent = 0
    for (let now = 1_000; now <= 20_000; now += 1_000) {
      // All but the last ten take nothing.
      for (const peer of peers.slice(20)) {
        if (peer.choked) continue
        table.upNow[peer.slot] = 10_000
        sent += 10_000
      }
      table.tickRates(1_000)
      round.tick(now, true, sent)
    }
    expect(peers.slice(20).filter(peer => !peer.choked).length).to.be.at.least(4)
  })

  it('knows who takes nothing from who waits for his turn under a limit', () => {
    const { table, round, join } = bed(new FirstFirst(), 40, 64 << 10)
    const peers = Array.from({ length: 30 }, () => join())
    const unchoked = (): number => peers.filter(peer => !peer.choked).length
    for (let now = 1_000; now <= 40_000; now += 1_000) {
      table.tickRates(1_000)
      round.tick(now, true, 0)
    }
    expect(unchoked()).to.equal(5)
    for (const peer of peers.slice(0, 3)) peer.voice.writable = false
    for (let now = 41_000; now <= 50_000; now += 1_000) {
      table.tickRates(1_000)
      round.tick(now, true, 0)
    }
    expect(unchoked()).to.equal(11)
  })

  it('asks the policy every three seconds at most, however much peers flap, and no later than that', () => {
    const policy = new LastFirst()
    const { table, round, join, want } = bed(policy)
    const peers = Array.from({ length: 8 }, () => join())
    for (let now = 1_000; now <= 600_000; now += 1_000) {
      for (const peer of peers) {
        table.set(peer.slot, PeerFlag.TheyWant, false)
        round.left()
        want(peer)
      }
      round.tick(now, false, 0)
    }
    expect(policy.asked.length).to.be.within(60, 60 + 200)
  })

  it('makes a peer wait for the round that was choked a moment ago and wants something again', () => {
    const { table, round, join, want } = bed({
      round: (candidates, _slots, _seeding, _round, _random, unchoke) => {
        for (const [i, candidate] of candidates.entries()) unchoke[i] = candidate.interested ? 1 : 0
      },
    })
    const flapping = join()
    let changes = 0
    let before = flapping.choked
    for (let now = 1_000; now <= 60_000; now += 100) {
      table.set(flapping.slot, PeerFlag.TheyWant, false)
      if (now % 1000 === 0) round.tick(now, false, 0)
      want(flapping)
      if (flapping.choked !== before) changes++
      before = flapping.choked
    }
    expect(changes).to.be.within(1, 13)
  })

  it('calls a peer snubbing once it has been silent for a minute, and gives it no free slot for a word', () => {
    const seen: boolean[] = []
    const { table, round, join, want } = bed({
      round: candidates => void seen.push(candidates[0]?.snubbing === true),
    })
    const peer = join(false)
    table.set(peer.slot, PeerFlag.Snubbing, true)
    table.silentSince[peer.slot] = 5_000
    for (let now = 5_000; now <= 75_000; now += 10_000) round.tick(now, false, 0)
    expect(seen).to.deep.equal([false, false, false, false, false, false, true, true])
    want(peer)
    expect(peer.choked).to.equal(true)
  })

  it('sets a policy aside that throws, with one warning, and serves the first to come', () => {
    const { round, join, warnings } = bed({
      round() {
        throw new Error('no idea')
      },
    })
    const peers = Array.from({ length: 6 }, () => join())
    round.tick(10_000, false, 0)
    round.tick(20_000, false, 0)
    expect(warnings.map(warning => warning.code)).to.deep.equal(['ERR_TORRENT_CHOKER'])
    expect(peers.map(peer => peer.choked)).to.deep.equal([false, false, false, false, true, true])
  })
})
