import { expect } from 'chai'
import { HANDSHAKE_LENGTH, HandshakeReader, isPlainStart, writeHandshake } from '../../../core/protocol/handshake.js'
import { infoHashOf, makePeerId } from '../../../core/protocol/ids.js'

const infoHash = infoHashOf(new Uint8Array(20).fill(7))
const peerId = makePeerId(out => out.fill(9))

function written(): Uint8Array {
  if (infoHash === null) throw new Error('20 bytes are an info-hash')
  const out = new Uint8Array(HANDSHAKE_LENGTH + 4)
  expect(writeHandshake(out, 2, infoHash, peerId)).to.equal(70)
  return out.slice(2, 70)
}

describe('handshake', () => {
  it('is what every client sends: name, flags of BEP 6 and 10, hash, id', () => {
    const text = Buffer.from(written()).toString('latin1')
    expect(text.slice(0, 20)).to.equal('\x13BitTorrent protocol')
    expect(Buffer.from(written()).toString('hex', 20, 28)).to.equal('0000000000100004')
    expect(text.slice(48, 56)).to.equal('-SH0100-')
  })

  it('is read back from chunks of any size, and leaves what follows', () => {
    for (const size of [1, 7, 20, 47, 48, 67, 68, 100]) {
      const reader = new HandshakeReader()
      const stream = Uint8Array.from([...written(), 1, 2, 3])
      let taken = 0
      while (reader.handshake === null) {
        const chunk = stream.slice(taken, taken + size)
        taken += reader.push(chunk)
        chunk.fill(0)
        if (taken >= 48) expect(reader.infoHash).to.deep.equal(infoHash)
      }
      expect(taken).to.equal(68)
      expect(reader.handshake).to.deep.equal({ infoHash, peerId, fast: true, extended: true, dht: false })
    }
  })

  it('starts at an offset of the chunk', () => {
    const reader = new HandshakeReader()
    expect(reader.push(Uint8Array.from([5, 5, ...written()]), 2)).to.equal(70)
    expect(reader.handshake?.peerId).to.deep.equal(peerId)
  })

  it('turns away an encrypted start at its first byte, another protocol at the byte that differs', () => {
    expect(new HandshakeReader().push(Uint8Array.from([20]))).to.equal(-1)
    const other = written()
    other[19] = 0x4c
    const reader = new HandshakeReader()
    expect(reader.push(other.subarray(0, 19))).to.equal(19)
    expect(reader.push(other.subarray(19))).to.equal(-1)
    expect(isPlainStart(new Uint8Array(0))).to.equal(true)
  })

  it('reads flags it does not set', () => {
    const bytes = written()
    bytes.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xef, 0xff, 0x01], 20)
    const reader = new HandshakeReader()
    reader.push(bytes)
    expect(reader.handshake).to.include({ fast: false, extended: false, dht: true })
  })
})
