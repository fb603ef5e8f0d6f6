import { expect } from 'chai'
import { Bitfield } from '../../../core/base/bitfield.js'
import { toHex } from '../../../core/base/bytes.js'
import { createRandom } from '../../../core/base/random.js'
import type { PeerLink } from '../../../core/contracts/peer-transport.js'
import { WireDecoder } from '../../../core/protocol/wire-decoder.js'
import { WireFault } from '../../../core/protocol/wire-messages.js'
import { PeerVoice } from '../../../core/torrent/peer-voice.js'
import { WireEvents } from '../protocol/wire-events.js'
import { deafLink } from './table-peer.js'

/** Keeps what it is given without copying, as a link that has not passed it on may. */
class LateLink {
  readonly given: Uint8Array[] = []
  full = false
  readonly link: PeerLink = {
    ...deafLink,
    write: (head, body) => {
      this.given.push(head, ...(body === undefined ? [] : [body]))
      return !this.full
    },
  }

  heard(pieceCount = 8, fast = true): readonly string[] {
    const events = new WireEvents()
    expect(new WireDecoder(events, pieceCount, fast).push(Buffer.concat(this.given))).to.equal(WireFault.None)
    return events.log
  }
}

describe('peer voice', () => {
  it('says nothing before it is flushed, and then all in one run', () => {
    const late = new LateLink()
    const voice = new PeerVoice(late.link)
    voice.interest(true)
    voice.request(1, 0, 16_384)
    voice.request(1, 16_384, 100)
    voice.cancel(1, 0, 16_384)
    expect(late.given).to.have.length(0)
    voice.flush()
    voice.flush()
    expect(late.given).to.have.length(1)
    expect(late.heard()).to.deep.equal(['interested', 'request 1 0 16384', 'request 1 16384 100', 'cancel 1 0 16384'])
  })

  it('says which pieces there are in the shortest way', () => {
    const bits = (...pieces: number[]): Bitfield => {
      const have = new Bitfield(8)
      for (const piece of pieces) have.set(piece)
      return have
    }
    const said = (have: Bitfield, fast: boolean): readonly string[] => {
      const late = new LateLink()
      const voice = new PeerVoice(late.link)
      voice.fast = fast
      voice.pieces(have)
      voice.flush()
      return late.heard(8, fast)
    }
    const all = bits(0, 1, 2, 3, 4, 5, 6, 7)
    expect(said(all, true)).to.deep.equal(['have-all'])
    expect(said(all, false)).to.deep.equal(['bitfield ff'])
    expect(said(bits(), true)).to.deep.equal(['have-none'])
    expect(said(bits(), false)).to.deep.equal([])
    expect(said(bits(0, 7), true)).to.deep.equal(['bitfield 81'])
  })

  it('refuses in words only to those that know them', () => {
    const late = new LateLink()
    const voice = new PeerVoice(late.link)
    voice.reject(1, 0, 5)
    voice.fast = true
    voice.reject(2, 0, 5)
    voice.flush()
    expect(late.heard()).to.deep.equal(['reject 2 0 5'])
  })

  it('sends a block behind what was said before it, in one part or two, and gives the mark that frees its bytes', () => {
    const late = new LateLink()
    const voice = new PeerVoice(late.link)
    voice.choke(false)
    const first = voice.block(3, 0, 4, Uint8Array.of(1, 2, 3, 4), null)
    const second = voice.block(3, 4, 3, Uint8Array.of(5), Uint8Array.of(6, 7))
    expect([first, second]).to.deep.equal([5 + 13 + 4, 5 + 13 + 4 + 13 + 3])
    expect(second).to.equal(Buffer.concat(late.given).length)
    expect(late.heard()).to.deep.equal(['unchoke', 'block 3 0 4 true 01020304', 'block 3 4 3 true 050607'])
  })

  it('knows when the link is full', () => {
    const late = new LateLink()
    const voice = new PeerVoice(late.link)
    late.full = true
    voice.keepAlive()
    expect(voice.writable).to.equal(true)
    voice.flush()
    expect(voice.writable).to.equal(false)
  })

  it('never touches again what it gave to the link', () => {
    const random = createRandom(4)
    const late = new LateLink()
    const voice = new PeerVoice(late.link)
    const expected: string[] = []
    for (let i = 0; i < 1_500; i++) {
      const piece = random.below(8)
      switch (random.below(5)) {
        case 0:
          voice.have(piece)
          expected.push(`have ${piece}`)
          break
        case 1:
          voice.request(piece, 16_384, i)
          expected.push(`request ${piece} 16384 ${i}`)
          break
        case 2: {
          const payload = new Uint8Array(random.below(5_000)).fill(i)
          voice.extended(3, payload)
          expected.push(`extended 3 ${toHex(payload)}`)
          break
        }
        case 3: {
          const body = Uint8Array.of(i, i >> 8)
          voice.block(piece, 0, 2, body, null)
          expected.push(`block ${piece} 0 2 true ${toHex(body)}`)
          break
        }
        case 4:
          voice.flush()
      }
    }
    voice.flush()
    expect(late.heard()).to.deep.equal(expected)
  })
})
