import { expect } from 'chai'
import { Bitfield } from '../../../core/base/bitfield.js'
import type { NodeError } from '../../../core/base/errors.js'
import { createRandom } from '../../../core/base/random.js'
import { NONE, PieceState, type PieceSelectorFactory } from '../../../core/contracts/piece-selector.js'
import { pieceGeometry } from '../../../core/protocol/geometry.js'
import { PeerTable } from '../../../core/torrent/peer-table.js'
import { SelectorGuard } from '../../../core/torrent/selector-guard.js'
import { badSelectors } from '../../fixtures/bad-selectors.js'
import { indexOf } from './indexes.js'
import { SmallSwarm } from './small-swarm.js'
import { TablePeer } from './table-peer.js'

const PIECES = 40
const geometry = pieceGeometry(PIECES * 16_384, 16_384)

function bed(factory: PieceSelectorFactory) {
  const state = new Uint8Array(PIECES).fill(PieceState.Wanted)
  const view = {
    geometry,
    state,
    priority: new Uint8Array(PIECES).fill(4),
    availability: new Uint16Array(PIECES),
    seeds: 0,
    random: createRandom(1),
  }
  const warnings: NodeError[] = []
  const guard = new SelectorGuard(factory, {}, view, 4, 'bad', error => warnings.push(error))
  const have = new Bitfield(PIECES)
  const peer = TablePeer.join(new PeerTable(4), have)
  return { guard, state, view, warnings, peer, have }
}

describe('selector guard', () => {
  for (const [what, factory] of Object.entries(badSelectors)) {
    it(`replaces the answers of one that ${what}, and sets it aside`, () => {
      const { guard, state, warnings, peer, have } = bed(factory)
      for (let i = 0; i < PIECES; i += 2) have.set(i)
      state[0] = PieceState.Have
      const picked = new Set<number>()
      for (let tick = 1; tick <= 40; tick++) {
        const piece = guard.pick(peer.view, tick)
        if (piece === NONE) continue
        expect(have.has(piece) && state[piece] === PieceState.Wanted, `piece ${piece}`).to.equal(true)
        state[piece] = PieceState.Open
        picked.add(piece)
        guard.onState(piece, PieceState.Open)
        guard.onAvailability(piece, 1)
        guard.onRebuild()
      }
      expect(picked.size).to.equal(PIECES / 2 - 1)
      expect(guard.pick(peer.view, 99)).to.equal(NONE)
      expect(warnings.map(({ code }) => code)).to.deep.equal(['ERR_TORRENT_SELECTOR'])
      expect(warnings[0]?.message).to.contain('"bad"')
    })

    it(`lets a torrent complete in spite of one that ${what}`, async () => {
      const swarm = new SmallSwarm(30 * 16_384 + 5, 16_384)
      const seeder = await swarm.add(true)
      const leecher = await swarm.add(false, { selector: { name: 'bad', factory, options: {} } })
      swarm.connect(leecher, seeder)
      await swarm.settle()
      for (let i = 0; i < 40 && leecher.completed === 0; i++) await swarm.tick()
      expect(leecher.completed).to.equal(1)
      expect(Buffer.compare(leecher.storage.content, swarm.content)).to.equal(0)
      expect(leecher.warnings.map(({ code }) => code)).to.deep.equal(['ERR_TORRENT_SELECTOR'])
      expect(leecher.failures).to.deep.equal([])
    })
  }

  it('passes on the answers of a good one, its options, and what it is to know', () => {
    const told: unknown[] = []
    const { guard, warnings, peer, have } = bed({
      create(view, options) {
        told.push(options)
        return {
          pick: asked => (asked.has(7) && view.state[7] === PieceState.Wanted ? indexOf(geometry, 7) : NONE),
          onAvailability: (piece, count) => told.push(['availability', piece, count]),
          onState: (piece, state) => told.push(['state', piece, state]),
          onRebuild: () => told.push('rebuild'),
        }
      },
    })
    have.set(7)
    for (let tick = 0; tick < 20; tick++) expect(guard.pick(peer.view, tick)).to.equal(7)
    guard.onAvailability(indexOf(geometry, 3), 2)
    guard.onState(indexOf(geometry, 3), PieceState.Have)
    guard.onRebuild()
    expect(told).to.deep.equal([{}, ['availability', 3, 2], ['state', 3, PieceState.Have], 'rebuild'])
    expect(warnings).to.deep.equal([])
  })

  it('looks into an untrue NONE once a tick and peer', () => {
    let asked = 0
    const { guard, peer, have, warnings } = bed({
      create: () => ({
        pick() {
          asked++
          return NONE
        },
      }),
    })
    have.set(5)
    expect(guard.pick(peer.view, 1)).to.equal(5)
    for (let i = 0; i < 100; i++) expect(guard.pick(peer.view, 1)).to.equal(NONE)
    expect(guard.pick(peer.view, 2)).to.equal(5)
    expect(asked).to.equal(102)
    expect(warnings).to.deep.equal([])
  })
})
