import { expect } from 'chai'
import fc from 'fast-check'
import { endpointOf } from '../../../core/base/address.js'
import { compactPeers, readCompactPeers } from '../../../core/protocol/compact-peers.js'

describe('compact peers', () => {
  const port = fc.integer({ min: 1, max: 65535 })
  for (const family of [4, 6] as const) {
    const length = family === 4 ? 4 : 16
    it(`of family ${family} come back as they were written`, () => {
      const ip = fc.uint8Array({ minLength: length, maxLength: length }).map(bytes => {
        if (family === 6) bytes[0] = 0x20 // no v4-mapped address: those are family 4
        return bytes
      })
      const list = fc.array(fc.tuple(ip, port).map(([at, number]) => endpointOf(at, number)))
      fc.assert(
        fc.property(list, peers => {
          const bytes = compactPeers(peers, family)
          expect(bytes.length).to.equal(peers.length * (length + 2))
          expect(readCompactPeers(bytes, family)).to.deep.equal(peers)
        }),
      )
    })
  }

  it('leave out the other family, and port 0', () => {
    const v4 = endpointOf(Uint8Array.of(1, 2, 3, 4), 5)
    const v6 = endpointOf(new Uint8Array(16).fill(1), 6)
    expect(compactPeers([v4, v6], 4)).to.deep.equal(Uint8Array.of(1, 2, 3, 4, 0, 5))
    expect(compactPeers([v4, v6], 6).length).to.equal(18)
    expect(readCompactPeers(Uint8Array.of(1, 2, 3, 4, 0, 0), 4)).to.deep.equal([])
  })

  it('of a broken length are refused whole', () => {
    for (const length of [1, 5, 7, 17]) expect(readCompactPeers(new Uint8Array(length), 4)).to.equal(null)
    for (const length of [6, 17, 19]) expect(readCompactPeers(new Uint8Array(length), 6)).to.equal(null)
  })

  it('fold a v4-mapped address of a v6 list into family 4', () => {
    const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 9, 8, 7, 6, 0, 80)
    expect(readCompactPeers(mapped, 6)).to.deep.equal([{ family: 4, ip: Uint8Array.of(9, 8, 7, 6), port: 80 }])
  })
})
