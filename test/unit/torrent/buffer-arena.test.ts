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
    arena.onPressure(() => {
      asked++
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
})
