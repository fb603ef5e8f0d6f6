import { expect } from 'chai'
import fc from 'fast-check'
import * as bytes from '../../../core/base/bytes.js'

const anyBytes = fc.uint8Array({ maxLength: 24 })

describe('bytes', () => {
  it('numbers come back as they were written, high byte first', () => {
    const at = fc.nat(8)
    fc.assert(
      fc.property(at, fc.nat(0xffff), fc.nat(0xffffffff), fc.maxSafeNat(), (offset, u16, u32, u64) => {
        const into = new Uint8Array(16).fill(0xee)
        bytes.writeU16(into, offset, u16)
        expect(bytes.readU16(into, offset)).to.equal(u16)
        expect(into[offset]).to.equal(u16 >> 8)
        bytes.writeU32(into, offset, u32)
        expect(bytes.readU32(into, offset)).to.equal(u32)
        expect(bytes.readI32(into, offset)).to.equal(u32 | 0)
        bytes.writeU64(into, offset, u64)
        expect(bytes.readU64(into, offset)).to.equal(u64)
        expect(new DataView(into.buffer).getBigUint64(offset)).to.equal(BigInt(u64))
        expect(into.slice(offset + 8).every(byte => byte === 0xee)).to.equal(true)
      }),
    )
  })

  it('hexadecimal text comes back as bytes, in either case', () => {
    fc.assert(
      fc.property(anyBytes, value => {
        expect(bytes.toHex(value)).to.equal(Buffer.from(value).toString('hex'))
        expect(bytes.fromHex(bytes.toHex(value))).to.deep.equal(value)
        expect(bytes.fromHex(bytes.toHex(value).toUpperCase())).to.deep.equal(value)
      }),
    )
    for (const text of ['a', 'gg', '0x', ' 00', '00 ', '-1', '00\n']) expect(bytes.fromHex(text), text).to.equal(null)
  })

  it('latin-1 text has one character a byte', () => {
    fc.assert(
      fc.property(anyBytes, value => {
        expect(bytes.latin1(value)).to.equal(Buffer.from(value).toString('latin1'))
      }),
    )
    expect(bytes.latin1(Uint8Array.of(0x61, 0x62, 0x63), 1, 2)).to.equal('b')
  })

  it('equality and order are those of Buffer', () => {
    const close = fc.uint8Array({ maxLength: 3, max: 2 })
    fc.assert(
      fc.property(close, close, (a, b) => {
        const order = Buffer.compare(a, b)
        expect(bytes.equalBytes(a, b)).to.equal(order === 0)
        expect(Math.sign(bytes.compareBytes(a, b))).to.equal(order)
      }),
    )
  })
})
