import { expect } from 'chai'
import { BLOCK_LENGTH } from '../../../core/protocol/geometry.js'
import { BufferArena } from '../../../core/torrent/buffer-arena.js'

const UNITS = 16
const SHARE = 14

describe('buffer arena', () => {
  it('makes room for an extent in a cache that has its whole share', () => {
    const arena = new BufferArena(UNITS * BLOCK_LENGTH)
    const cached: number[] = []
    arena.onPressure(() => {
      const oldest = cached.shift()
      if (oldest !== undefined) arena.free(oldest, BLOCK_LENGTH, 'extent')
      return oldest !== undefined
    })
    for (let i = 0; i < 3 * UNITS; i++) {
      const at = arena.alloc(BLOCK_LENGTH, 'extent')
      expect(at, `extent ${i}`).to.be.at.least(0)
      cached.push(at)
    }
    expect(cached).to.have.length(SHARE)
    expect(arena.unitsInUse).to.equal(SHARE)
  })

  it('refuses slots beyond their share, and leaves the cache alone for that', () => {
    const arena = new BufferArena(UNITS * BLOCK_LENGTH)
    let asked = 0
    arena.onPressure(hard => {
      if (hard) asked++
      return false
    })
    for (let i = 0; i < SHARE; i++) expect(arena.alloc(BLOCK_LENGTH, 'slot')).to.be.at.least(0)
    expect(arena.alloc(BLOCK_LENGTH, 'slot')).to.equal(-1)
    expect(asked).to.equal(0)
    expect(arena.alloc(BLOCK_LENGTH, 'extent')).to.be.at.least(0)
    expect(arena.alloc(BLOCK_LENGTH, 'extent')).to.be.at.least(0)
    expect(arena.alloc(BLOCK_LENGTH, 'extent')).to.equal(-1)
    expect(asked).to.equal(1)
  })

  it('takes from the caches in turn, what is spent before what may be wanted, and that only for who needs it', () => {
    const arena = new BufferArena(UNITS * BLOCK_LENGTH)
    const cache = (spent: number, wanted: number): number[] => {
      const left = [spent, wanted]
      const held = Array.from({ length: spent + wanted }, () => arena.alloc(BLOCK_LENGTH, 'extent', false))
      arena.onPressure(hard => {
        const from = left[0]! > 0 ? 0 : 1
        if (left[from] === 0 || (from === 1 && !hard)) return false
        left[from]!--
        arena.free(held.pop() ?? -1, BLOCK_LENGTH, 'extent')
        return true
      })
      return left
    }
    const one = cache(3, 4)
    const other = cache(1, 6)
    const take = (hard: boolean): boolean => arena.alloc(BLOCK_LENGTH, 'extent', hard) >= 0
    for (let i = 0; i < 4; i++) expect(take(false)).to.equal(true)
    expect([one, other]).to.deep.equal([
      [0, 4],
      [0, 6],
    ])
    expect(take(false), 'nobody waits for this').to.equal(false)
    for (let i = 0; i < 4; i++) expect(take(true)).to.equal(true)
    expect([one, other]).to.deep.equal([
      [0, 2],
      [0, 4],
    ])
  })
})
