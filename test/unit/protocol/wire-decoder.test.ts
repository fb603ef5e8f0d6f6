import { expect } from 'chai'
import fc from 'fast-check'
import { fromHex } from '../../../core/base/bytes.js'
import { WireDecoder } from '../../../core/protocol/wire-decoder.js'
import { WireFault, wireFaultText } from '../../../core/protocol/wire-messages.js'
import * as writer from '../../../core/protocol/wire-writer.js'
import { fixture, haveFixtures } from './fixtures.js'
import { WireEvents } from './wire-events.js'

const PIECES = 37

function bytes(hex: string): Uint8Array {
  return fromHex(hex) ?? new Uint8Array(0)
}

function decode(stream: Uint8Array, cuts: readonly number[] = [], fast = true): WireEvents & { fault: number } {
  const events = Object.assign(new WireEvents(piece => piece % 5 !== 4), { fault: 0 })
  const decoder = new WireDecoder(events, PIECES, fast)
  let from = 0
  for (const cut of [...cuts.map(cut => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length]) {
    const part = stream.slice(from, cut)
    events.fault = decoder.push(part)
    part.fill(0xee)
    from = cut
  }
  return events
}

/** One message: how it is written, and what the decoder must say. */
interface Message {
  write(out: Uint8Array, at: number): number
  readonly said: string
}

const index = fc.integer({ min: 0, max: PIECES - 1 })
const u32 = fc.integer({ min: 0, max: 0xffffffff })
const bare = (said: string, write: Message['write']): fc.Arbitrary<Message> => fc.constant({ said, write })
const payload = fc.uint8Array({ maxLength: 300 })
const hex = (of: Uint8Array): string => Buffer.from(of).toString('hex')

const messages: fc.Arbitrary<Message>[] = [
  bare('keep-alive', writer.writeKeepAlive),
  bare('choke', writer.writeChoke),
  bare('unchoke', writer.writeUnchoke),
  bare('interested', writer.writeInterested),
  bare('not-interested', writer.writeNotInterested),
  bare('have-all', writer.writeHaveAll),
  bare('have-none', writer.writeHaveNone),
  index.map(i => ({ said: `have ${i}`, write: (out, at) => writer.writeHave(out, at, i) })),
  index.map(i => ({ said: `suggest ${i}`, write: (out, at) => writer.writeSuggest(out, at, i) })),
  index.map(i => ({ said: `allowed-fast ${i}`, write: (out, at) => writer.writeAllowedFast(out, at, i) })),
  fc.tuple(u32, u32, u32).map(([p, b, l]) => ({
    said: `request ${p} ${b} ${l}`,
    write: (out, at) => writer.writeRequest(out, at, p, b, l),
  })),
  fc.tuple(u32, u32, u32).map(([p, b, l]) => ({
    said: `cancel ${p} ${b} ${l}`,
    write: (out, at) => writer.writeCancel(out, at, p, b, l),
  })),
  fc.tuple(index, u32, u32).map(([p, b, l]) => ({
    said: `reject ${p} ${b} ${l}`,
    write: (out, at) => writer.writeReject(out, at, p, b, l),
  })),
  fc.uint8Array({ minLength: 5, maxLength: 5 }).map(bits => {
    bits[4]! &= 0xf8
    return { said: `bitfield ${hex(bits)}`, write: (out, at) => writer.writeBitfield(out, at, bits) }
  }),
  fc.tuple(fc.integer({ min: 0, max: 255 }), payload).map(([id, body]) => ({
    said: `extended ${id} ${hex(body)}`,
    write: (out, at) => writer.writeExtended(out, at, id, body),
  })),
  fc.tuple(index, u32, fc.uint8Array({ minLength: 1, maxLength: 400 })).map(([p, b, block]) => ({
    said: `block ${p} ${b} ${block.length} ${p % 5 !== 4} ${p % 5 === 4 ? '' : hex(block)}`,
    write: (out, at) => {
      const next = writer.writePieceHeader(out, at, p, b, block.length)
      out.set(block, next)
      return next + block.length
    },
  })),
]

function written(list: readonly Message[]): Uint8Array {
  const out = new Uint8Array(list.length * 500)
  let at = 0
  for (const message of list) at = message.write(out, at)
  return out.slice(0, at)
}

describe('wire decoder', () => {
  it('reads what the writer wrote, in chunks of any size', () => {
    const list = fc.array(fc.oneof(...messages), { maxLength: 12 })
    fc.assert(
      fc.property(list, fc.array(fc.nat(), { maxLength: 40 }), (sent, cuts) => {
        const stream = written(sent)
        const whole = decode(stream)
        expect(whole.log).to.deep.equal(sent.map(message => message.said))
        expect(decode(stream, cuts).log).to.deep.equal(whole.log)
      }),
    )
  })

  it('ends any byte string the same way whatever the chunks', () => {
    // Small length prefixes, so that more than the first message is reached.
    const frames = fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 22 }), payload)
    const stream = fc
      .array(frames, { maxLength: 8 })
      .map(list => Uint8Array.from(list.flatMap(([length, id, body]) => [0, 0, 0, length, id, ...body.slice(0, 20)])))
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 40 }), fc.boolean(), (bytesIn, cuts, fast) => {
        const whole = decode(bytesIn, [], fast)
        const cut = decode(bytesIn, cuts, fast)
        expect([cut.log, cut.fault]).to.deep.equal([whole.log, whole.fault])
      }),
    )
  })

  const refused: readonly (readonly [string, string, WireFault])[] = [
    ['a length of 2^32 - 1', 'ffffffff', WireFault.FrameTooLong],
    ['a frame of 131,086 bytes', '0002000e07', WireFault.FrameTooLong],
    ['a choke with a byte too many', '000000020021', WireFault.BadLength],
    ['a have of 6 bytes', '0000000604000000010a', WireFault.BadLength],
    ['a request of 6 bytes', '00000006060000000000', WireFault.BadLength],
    ['a port message of 5 bytes', '000000050900000000', WireFault.BadLength],
    ['a piece message without a block', '000000090700000000000000000000', WireFault.BadLength],
    ['an extended message without its id', '0000000114', WireFault.BadLength],
    ['a bitfield too short', '0000000505ffffffff', WireFault.BadBitfield],
    ['a bitfield too long', '0000000705ffffffffffff', WireFault.BadBitfield],
    ['a bitfield with a spare bit set', '0000000605fffffffff9', WireFault.BadBitfield],
    ['a have of the first piece there is not', '000000050400000025', WireFault.BadIndex],
    ['a have of piece 2^32 - 1', '0000000504ffffffff', WireFault.BadIndex],
    ['a block of a piece there is not', '0000000a0700000025000000000000000000', WireFault.BadIndex],
    ['a suggestion out of range', '000000050d00000025', WireFault.BadIndex],
    ['an allowed-fast out of range', '000000051100000025', WireFault.BadIndex],
    ['a reject out of range', '0000000d10000000250000000000004000', WireFault.BadIndex],
  ]
  for (const [title, stream, fault] of refused) {
    it(`refuses ${title}`, () => {
      const whole = decode(bytes(stream))
      expect([whole.fault, whole.log]).to.deep.equal([fault, []])
      const single = Array.from(bytes(stream), (_, i) => i)
      expect(decode(bytes(stream), single).fault).to.equal(fault)
      expect(wireFaultText(fault)).to.match(/[a-z ]{5,}/)
    })
  }

  it('refuses the messages of BEP 6 unless both sides speak it', () => {
    for (const stream of ['000000010e', '000000010f', '000000050d00000001', '000000051100000001']) {
      expect(decode(bytes(stream), [], false).fault).to.equal(WireFault.FastNotAgreed)
      expect(decode(bytes(stream), [], true).fault).to.equal(WireFault.None)
    }
  })

  it('passes over unknown messages and the port of a DHT node', () => {
    const events = decode(bytes('000000030912340000000263ff000000010000000001ff'))
    expect(events.log).to.deep.equal(['unknown 99', 'choke', 'unknown 255'])
  })

  it('reads nothing after a fault, and calls nobody after stop()', () => {
    expect(decode(bytes('000000020021' + '0000000100')).log).to.deep.equal([])
    const events = new WireEvents()
    const decoder = new WireDecoder(events, PIECES, true)
    events.onUnchoke = () => {
      events.log.push('unchoke')
      decoder.stop()
    }
    expect(decoder.push(bytes('00000001000000000101' + '0000000102'))).to.equal(WireFault.None)
    decoder.push(bytes('0000000102'))
    expect(events.log).to.deep.equal(['choke', 'unchoke'])
  })

  it('faults before it gathers: a peer that declares much and sends little costs nothing', () => {
    const decoders = Array.from({ length: 1000 }, () => new WireDecoder(new WireEvents(), PIECES, true))
    const before = process.memoryUsage()
    // An extension message of 128 KiB declared, 100 bytes of it sent.
    const head = bytes('0002000014' + '01'.repeat(100))
    for (const decoder of decoders) expect(decoder.push(head)).to.equal(WireFault.None)
    const after = process.memoryUsage()
    const grown = after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed
    expect(grown).to.be.below(4 * 1024 * 1024)
  })

  it('says whether it stands between messages', () => {
    const decoder = new WireDecoder(new WireEvents(), PIECES, true)
    expect(decoder.idle).to.equal(true)
    decoder.push(bytes('0000000c0700000001'))
    expect(decoder.idle).to.equal(false)
    decoder.push(bytes('00000000010203'))
    expect(decoder.idle).to.equal(true)
  })

  it('starts where it is told in the first chunk, behind the handshake', () => {
    const events = new WireEvents()
    new WireDecoder(events, PIECES, true).push(bytes('ffffff' + '0000000100'), 3)
    expect(events.log).to.deep.equal(['choke'])
  })

  it('takes a bitfield of 2^21 pieces, longer than any other frame', () => {
    const bits = new Uint8Array(1 << 18).fill(0x55)
    const stream = new Uint8Array(bits.length + 5)
    writer.writeBitfield(stream, 0, bits)
    const events = new WireEvents()
    const decoder = new WireDecoder(events, 1 << 21, true)
    for (let at = 0; at < stream.length; at += 65536) {
      expect(decoder.push(stream.subarray(at, at + 65536))).to.equal(WireFault.None)
    }
    expect(events.log).to.deep.equal([`bitfield ${'55'.repeat(1 << 18)}`])
  })

  it('gives the verdicts of the published vectors [needs the fixtures folder]', function () {
    if (!haveFixtures()) this.skip()
    const vectors = fixture<{
      peer_wire: { msg?: string; hex: string }[]
      peer_wire_must_fail: { hex: string; why: string }[]
    }>('vectors/protocol.json')
    const events = new WireEvents()
    new WireDecoder(events, 100, true).push(bytes(vectors.peer_wire.find(v => v.msg === 'have 42')?.hex ?? ''))
    new WireDecoder(events, 100, true).push(bytes(vectors.peer_wire.find(v => v.msg === 'keepalive')?.hex ?? ''))
    expect(events.log).to.deep.equal(['have 42', 'keep-alive'])
    for (const { hex: stream, why } of vectors.peer_wire_must_fail) {
      const silent = new WireEvents()
      const decoder = new WireDecoder(silent, 100, true)
      const fault = decoder.push(bytes(stream))
      // A truncated message is no fault yet: more may come. It must not be reported as whole.
      expect(fault !== WireFault.None || !decoder.idle, why).to.equal(true)
      expect(silent.log, why).to.deep.equal([])
    }
  })
})
