import { expect } from 'chai'
import fc from 'fast-check'
import { BLOCK_LENGTH, pieceGeometry } from '../../../core/protocol/geometry.js'
import { BufferArena } from '../../../core/torrent/buffer-arena.js'
import { BlockState, NO_SLOT, NOBODY, PieceSlots } from '../../../core/torrent/piece-slots.js'
import { indexOf } from './indexes.js'

const PIECE = 4 * BLOCK_LENGTH
const geometry = pieceGeometry(20 * PIECE + BLOCK_LENGTH + 7, PIECE)
const piece = (raw: number) => indexOf(geometry, raw)

describe('piece slots', () => {
  it('open a piece only while there is memory, and give it back', () => {
    const arena = new BufferArena(16 * BLOCK_LENGTH)
    const slots = new PieceSlots(geometry, arena)
    const taken = [0, 1, 2].map(raw => slots.take(piece(raw)))
    expect(taken).not.to.include(NO_SLOT)
    expect(slots.take(piece(3))).to.equal(NO_SLOT)
    expect(slots.slotOf[3]).to.equal(NO_SLOT)
    slots.release(taken[1] ?? 0)
    expect(slots.slotOf[1]).to.equal(NO_SLOT)
    expect([...slots.open.subarray(0, slots.openCount)]).to.deep.equal([taken[0], taken[2]])
    expect(slots.take(piece(3))).not.to.equal(NO_SLOT)
    for (const raw of [0, 2, 3]) slots.release(slots.slotOf[raw] ?? NO_SLOT)
    expect(arena.unitsInUse).to.equal(0)
    expect(slots.openCount).to.equal(0)
  })

  it('begin anew for each piece, whoever had the slot before', () => {
    const slots = new PieceSlots(geometry, new BufferArena(8 * BLOCK_LENGTH))
    const slot = slots.take(piece(0))
    slots.ask(slot, 1)
    slots.keep(slot, 1, 77)
    slots.writer[slots.block(slot, 2)] = 5
    slots.owner[slot] = 3
    slots.exclusive[slot] = 3
    slots.release(slot)
    const again = slots.take(piece(20))
    expect(again).to.equal(slot)
    expect(slots.freeBlocks[again]).to.equal(2)
    expect(slots.hereBlocks[again]).to.equal(0)
    expect([slots.owner[again], slots.exclusive[again], slots.cursor[again]]).to.deep.equal([NOBODY, NOBODY, 0])
    expect(slots.senders(again)).to.deep.equal([0])
    for (let k = 0; k < 2; k++) {
      const block = slots.block(again, k)
      expect([slots.blockState[block], slots.askers[block], slots.writer[block]]).to.deep.equal([0, 0, NOBODY])
    }
  })

  it('give each block of each piece bytes of its own, together the piece', () => {
    const slots = new PieceSlots(geometry, new BufferArena(64 * BLOCK_LENGTH))
    for (const raw of [0, 5, 20]) {
      const slot = slots.take(piece(raw))
      const blocks = geometry.blocksIn(piece(raw))
      for (let k = 0; k < blocks; k++) {
        const data = slots.blockData(slot, k)
        expect(data.length).to.equal(geometry.blockLength(piece(raw), k))
        data.fill(raw * 10 + k + 1)
      }
    }
    for (const raw of [0, 5, 20]) {
      const expected = Buffer.concat(
        Array.from({ length: geometry.blocksIn(piece(raw)) }, (_, k) =>
          Buffer.alloc(geometry.blockLength(piece(raw), k), raw * 10 + k + 1),
        ),
      )
      expect(Buffer.from(slots.data(slots.slotOf[raw] ?? 0)).equals(expected)).to.equal(true)
    }
  })

  it('account for blocks as a plain model does, in any order of asking, taking back and keeping', () => {
    const step = fc.record({
      what: fc.constantFrom('ask', 'unask', 'keep'),
      k: fc.nat(3),
      serial: fc.integer({ min: 1, max: 3 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const slots = new PieceSlots(geometry, new BufferArena(8 * BLOCK_LENGTH))
        const slot = slots.take(piece(2))
        const model = Array.from({ length: 4 }, () => ({ asks: 0, here: 0 }))
        for (const { what, k, serial } of steps) {
          const block = model[k]!
          if (what === 'ask' && block.here === 0 && block.asks < 3) {
            slots.ask(slot, k)
            block.asks++
          } else if (what === 'unask' && block.asks > 0) {
            block.asks--
            expect(slots.unask(slot, k)).to.equal(block.here === 0 && block.asks === 0)
          } else if (what === 'keep' && block.here === 0 && block.asks > 0) {
            block.asks--
            block.here = serial
            expect(slots.keep(slot, k, serial)).to.equal(block.asks > 0)
          }
          const states = model.map(one =>
            one.here > 0 ? BlockState.Here : one.asks > 0 ? BlockState.Asked : BlockState.Free,
          )
          const first = slots.block(slot, 0)
          expect([...slots.blockState.subarray(first, first + 4)]).to.deep.equal(states)
          expect([...slots.askers.subarray(first, first + 4)]).to.deep.equal(model.map(one => one.asks))
          expect(slots.freeBlocks[slot]).to.equal(states.filter(state => state === BlockState.Free).length)
          expect(slots.hereBlocks[slot]).to.equal(states.filter(state => state === BlockState.Here).length)
          expect(slots.full(slot)).to.equal(states.every(state => state === BlockState.Here))
          expect([...slots.senders(slot)].sort()).to.deep.equal([...new Set(model.map(one => one.here))].sort())
          const free = states.indexOf(BlockState.Free)
          if (free >= 0) expect(slots.cursor[slot]).to.be.at.most(free)
        }
      }),
      { seed: 2, numRuns: 200 },
    )
  })
})
