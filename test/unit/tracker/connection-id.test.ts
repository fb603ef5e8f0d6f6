import { expect } from 'chai'
import fc from 'fast-check'
import { ConnectionIds } from '../../../core/tracker/connection-id.js'

const secret = Uint8Array.from({ length: 16 }, (_, i) => i)
const sender = (last: number, port = 6881): Uint8Array =>
  Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, last, port >> 8, port & 0xff)

function idFor(ids: ConnectionIds, from: Uint8Array, now: number): Uint8Array {
  const id = new Uint8Array(8)
  ids.write(from, now, id, 0)
  return id
}

describe('connection ids', () => {
  const ids = new ConnectionIds(secret)

  it('are good for two minutes and not for a second more', () => {
    const id = idFor(ids, sender(1), 5_000_000)
    for (const age of [0, 1, 59_000, 120_000]) expect(ids.check(sender(1), 5_000_000 + age, id, 0)).to.equal(true)
    for (const age of [121_000, 180_000, 65_536_000, 70_000_000]) {
      expect(ids.check(sender(1), 5_000_000 + age, id, 0), `${age} ms`).to.equal(false)
    }
  })

  it('are good across the second in which their 16 bits of time begin anew', () => {
    const id = idFor(ids, sender(1), 65_530_000)
    expect(ids.check(sender(1), 65_560_000, id, 0)).to.equal(true)
    expect(ids.check(sender(1), 65_651_000, id, 0)).to.equal(false)
  })

  it('are good for longer where there is leeway', () => {
    const lenient = new ConnectionIds(secret, 300)
    const id = idFor(lenient, sender(1), 1000)
    expect(lenient.check(sender(1), 421_000, id, 0)).to.equal(true)
    expect(lenient.check(sender(1), 422_000, id, 0)).to.equal(false)
  })

  it('are not good before they were given: a clock that is behind is no way round', () => {
    expect(ids.check(sender(1), 5_000_000, idFor(ids, sender(1), 5_010_000), 0)).to.equal(false)
  })

  it('are good at any port of their address, and at no other address', () => {
    const id = idFor(ids, sender(1), 5_000_000)
    expect(ids.check(sender(1, 7), 5_000_000, id, 0)).to.equal(true)
    for (let i = 2; i < 255; i++) expect(ids.check(sender(i), 5_000_000, id, 0)).to.equal(false)
    const v6 = sender(1)
    v6[0] = 0x20
    expect(ids.check(v6, 5_000_000, id, 0)).to.equal(false)
  })

  it('differ between two starts', () => {
    const other = new ConnectionIds(Uint8Array.from(secret, byte => byte ^ 0x80))
    expect(other.check(sender(1), 5_000_000, idFor(ids, sender(1), 5_000_000), 0)).to.equal(false)
  })

  it('hang on the secret in every second, those before a young clock began among them', () => {
    const others = Uint8Array.from(secret, byte => byte ^ 0x80)
    for (let second = -130; second < 5; second++) {
      const forged = idFor(new ConnectionIds(others), sender(1), second * 1000)
      const young = new ConnectionIds(secret)
      for (const now of [0, 999, 5000, 119_000]) {
        expect(young.check(sender(1), now, forged, 0), `second ${second} at ${now} ms`).to.equal(false)
      }
    }
  })

  it('are not the magic, zeros, or the id with any bit turned', () => {
    const id = idFor(ids, sender(1), 5_000_000)
    expect(ids.check(sender(1), 5_000_000, new Uint8Array(8), 0)).to.equal(false)
    expect(ids.check(sender(1), 5_000_000, Uint8Array.of(0, 0, 4, 0x17, 0x27, 0x10, 0x19, 0x80), 0)).to.equal(false)
    for (let bit = 0; bit < 64; bit++) {
      const bent = id.slice()
      bent[bit >> 3]! ^= 1 << (bit & 7)
      expect(ids.check(sender(1), 5_000_000, bent, 0), `bit ${bit}`).to.equal(false)
    }
  })

  it('are not guessed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), guess => !ids.check(sender(1), 5_000_000, guess, 0)),
      { numRuns: 2000 },
    )
  })
})
