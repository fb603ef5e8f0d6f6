import { expect } from 'chai'
import { SlotClaims } from '../../../core/torrent/slot-claims.js'

describe('slot claims', () => {
  it('let everybody take while nobody waits', () => {
    const claims = new SlotClaims()
    const [a, b] = [claims.open(), claims.open()]
    for (let i = 0; i < 10; i++) {
      expect(claims.mayTake(a)).to.equal(true)
      claims.given(a, 100)
    }
    expect(claims.mayTake(b)).to.equal(true)
  })

  it('let the one that has least go first, of those that wait', () => {
    const claims = new SlotClaims()
    const [a, b, c] = [claims.open(), claims.open(), claims.open()]
    claims.given(a, 300)
    claims.given(b, 100)
    b.hungry = true
    expect([a, b, c].map(claim => claims.mayTake(claim))).to.deep.equal([false, true, true])
    c.hungry = true
    expect([a, b, c].map(claim => claims.mayTake(claim))).to.deep.equal([false, false, true])
    claims.close(c)
    expect(claims.mayTake(b)).to.equal(true)
  })

  it('let equals take turns', () => {
    const claims = new SlotClaims()
    const all = [claims.open(), claims.open(), claims.open()]
    const served: number[] = []
    for (let turn = 0; turn < 9; turn++) {
      for (const claim of all) claim.hungry = true
      const next = all.findIndex(claim => claims.mayTake(claim))
      served.push(next)
      const claim = all[next]
      if (claim === undefined) throw new Error('nobody may')
      claims.given(claim, 100)
      claim.held -= 100
    }
    expect(served).to.deep.equal([0, 1, 2, 0, 1, 2, 0, 1, 2])
  })

  it('never keep all from taking', () => {
    const claims = new SlotClaims()
    const all = Array.from({ length: 5 }, () => claims.open())
    for (let round = 0; round < 500; round++) {
      for (const [i, claim] of all.entries()) claim.hungry = ((round >> i) & 1) === 1
      const may = all.filter(claim => claims.mayTake(claim))
      expect(may.length).to.be.greaterThan(0)
      const next = may[round % may.length]
      if (next !== undefined) claims.given(next, 1 + (round % 7))
      for (const claim of all) if (round % 3 === 0) claim.held = Math.max(0, claim.held - 3)
    }
  })
})
