import { expect } from 'chai'
import { toHex } from '../../../core/base/bytes.js'
import { sipHash, sipKey } from '../../../core/base/siphash.js'

const key = sipKey(Uint8Array.from({ length: 16 }, (_, i) => i))

/** The hash as the reference prints it: eight bytes, least significant first. */
function hashOf(bytes: Uint8Array, from = 0, to = bytes.length): string {
  const out = new Int32Array(2)
  sipHash(key, bytes, from, to, out)
  return toHex(new Uint8Array(out.buffer))
}

describe('SipHash-2-4', () => {
  const counting = Uint8Array.from({ length: 64 }, (_, i) => i)

  for (const [length, expected] of [
    [0, '310e0edd47db6f72'],
    [1, 'fd67dc93c539f874'],
    [2, '5a4fa9d909806c0d'],
    [7, '37d1018bf50002ab'],
    [8, '6224939a79f5f593'],
    [15, 'e545be4961ca29a1'],
  ] as const) {
    it(`gives the reference's hash of ${length} bytes`, () => {
      expect(hashOf(counting, 0, length)).to.equal(expected)
    })
  }

  it('looks at the bytes between its bounds and nowhere else', () => {
    const around = Uint8Array.of(99, 98, ...counting.subarray(0, 15), 97)
    expect(hashOf(around, 2, 17)).to.equal('e545be4961ca29a1')
  })
})
