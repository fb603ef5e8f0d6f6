import { expect } from 'chai'
import { HandshakeReader } from '../../core/protocol/handshake.js'
import { WireDecoder } from '../../core/protocol/wire-decoder.js'
import { WireFault } from '../../core/protocol/wire-messages.js'
import * as writer from '../../core/protocol/wire-writer.js'
import { WireEvents } from '../unit/protocol/wire-events.js'
import { extensionMessages, text } from './corpus.js'
import { fuzz } from './mutations.js'

const PIECES = 20

function stream(...writes: ((out: Uint8Array, at: number) => number)[]): Uint8Array {
  const out = new Uint8Array(4000)
  let at = 0
  for (const write of writes) at = write(out, at)
  return out.slice(0, at)
}

const block = (out: Uint8Array, at: number): number => writer.writePieceHeader(out, at, 3, 16384, 100) + 100
const corpus = [
  stream(writer.writeUnchoke, (out, at) => writer.writeHave(out, at, 5), block, writer.writeKeepAlive, block),
  stream((out, at) => writer.writeBitfield(out, at, Uint8Array.of(0xff, 0xf0, 0xf0)), writer.writeInterested),
  stream(
    (out, at) => writer.writeRequest(out, at, 1, 0, 16384),
    (out, at) => writer.writeCancel(out, at, 1, 0, 16384),
  ),
  stream(
    (out, at) => writer.writeReject(out, at, 1, 0, 16384),
    (out, at) => writer.writeAllowedFast(out, at, 1),
  ),
  ...extensionMessages.map(message => stream((out, at) => writer.writeExtended(out, at, 1, message))),
]

describe('fuzz: peer wire', () => {
  it('a stream gives the same calls and the same fault however it is cut, and only calls that are in range', () => {
    let faults = 0
    fuzz(corpus, (input, random) => {
      const whole = new WireEvents()
      const fault = new WireDecoder(whole, PIECES, true).push(input)
      if (fault !== WireFault.None) faults++
      const parts = new WireEvents()
      const decoder = new WireDecoder(parts, PIECES, true)
      let last: WireFault = WireFault.None
      for (let at = 0; at < input.length;) {
        const length = 1 + random.below(1 + random.below(64))
        last = decoder.push(input.slice(at, at + length))
        at += length
      }
      expect([parts.log, last]).to.deep.equal([whole.log, fault])
      for (const line of whole.log) {
        const index = /^(?:have|suggest|allowed-fast|reject|block) (\d+)/.exec(line)?.[1]
        if (index !== undefined) expect(Number(index), line).to.be.below(PIECES)
      }
    })
    expect(faults).to.be.greaterThan(100)
  })

  it('a handshake is whole, wanting, or none', () => {
    const good = new Uint8Array(68)
    good.set(text('\x13BitTorrent protocol'))
    fuzz([good], input => {
      const reader = new HandshakeReader()
      const taken = reader.push(input)
      expect(taken).to.be.within(-1, Math.min(68, input.length))
      if (taken < 68) expect(taken === -1 || reader.handshake === null).to.equal(true)
      else expect(reader.handshake?.infoHash.length).to.equal(20)
    })
  })
})
