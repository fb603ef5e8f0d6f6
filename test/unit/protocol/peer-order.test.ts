// Allowed-fast sets, dial order and magnet links, against published vectors.
import { expect } from 'chai'
import { endpointOf, parseIp } from '../../../core/base/address.js'
import { fromHex } from '../../../core/base/bytes.js'
import { allowedFastSet } from '../../../core/protocol/allowed-fast.js'
import { infoHashOf, type InfoHash } from '../../../core/protocol/ids.js'
import { magnetOf } from '../../../core/protocol/magnet.js'
import { peerPriority } from '../../../core/protocol/peer-priority.js'
import { fixture, haveFixtures } from './fixtures.js'

function hash(hex: string): InfoHash {
  const found = infoHashOf(fromHex(hex) ?? new Uint8Array(0))
  if (found === null) throw new Error('not an info-hash')
  return found
}

function ip(text: string): Uint8Array {
  return parseIp(text) ?? new Uint8Array(0)
}

describe('allowed-fast set', () => {
  it('holds each piece once, and all of a small torrent', () => {
    const few = allowedFastSet(ip('80.4.4.200'), hash('aa'.repeat(20)), 3, 10)
    expect(few.toSorted((a, b) => a - b)).to.deep.equal([0, 1, 2])
    expect(allowedFastSet(ip('2001:db8::1'), hash('aa'.repeat(20)), 30, 10)).to.deep.equal([])
    expect(allowedFastSet(ip('1.2.3.4'), hash('aa'.repeat(20)), 0, 10)).to.deep.equal([])
  })

  it('is the one of the published vectors [needs the fixtures folder]', function () {
    if (!haveFixtures()) this.skip()
    const { bep6_allowed_fast: vectors } = fixture<{
      bep6_allowed_fast: { ip: string; infohash: string; pieces: number; k: number; set: number[] }[]
    }>('vectors/protocol.json')
    for (const vector of vectors) {
      expect(allowedFastSet(ip(vector.ip), hash(vector.infohash), vector.pieces, vector.k)).to.deep.equal(vector.set)
    }
  })
})

describe('peer priority', () => {
  it('is the same from both ends, and by port on one address', () => {
    const pairs = [
      ['1.2.3.4', '1.2.3.5'],
      ['1.2.3.4', '9.9.9.9'],
      ['2001:db8::1', '2001:db8::2'],
      ['2001:db8::1', '2a00::2'],
      ['1.2.3.4', '1.2.3.4'],
    ] as const
    for (const [a, b] of pairs) {
      const [x, y] = [endpointOf(ip(a), 6881), endpointOf(ip(b), 6882)]
      expect(peerPriority(x, y)).to.equal(peerPriority(y, x))
    }
    const at = (port: number): number => peerPriority(endpointOf(ip('1.2.3.4'), 1000), endpointOf(ip('1.2.3.4'), port))
    expect(at(2000)).to.not.equal(at(2001))
    expect(peerPriority(endpointOf(ip('1.2.3.4'), 1), endpointOf(ip('::1'), 1))).to.equal(0)
  })

  it('is the one of the published vectors [needs the fixtures folder]', function () {
    if (!haveFixtures()) this.skip()
    const { bep40_priority: vectors } = fixture<{ bep40_priority: { a: string; b: string; priority: string }[] }>(
      'vectors/protocol.json',
    )
    for (const { a, b, priority } of vectors) {
      const found = peerPriority(endpointOf(ip(a), 6881), endpointOf(ip(b), 6881))
      expect(found.toString(16).padStart(8, '0')).to.equal(priority)
    }
  })
})

describe('magnet link', () => {
  const v1 = { kind: 'v1' as const, infoHash: hash('d2354010a3ca4ade5b7427bb093a62a3899ff381'), infoHashV2: null }
  const infoHashV2 = new Uint8Array(32).fill(0xcd)

  it('names the hash, the name and each tracker once', () => {
    const link = magnetOf({ ...v1, name: 'Display Name & more' }, [
      ['http://a/announce?key=1', 'udp://b:80'],
      ['udp://b:80'],
    ])
    expect(link).to.equal(
      'magnet:?xt=urn:btih:d2354010a3ca4ade5b7427bb093a62a3899ff381&dn=Display%20Name%20%26%20more' +
        '&tr=http%3A%2F%2Fa%2Fannounce%3Fkey%3D1&tr=udp%3A%2F%2Fb%3A80',
    )
    // It is printed to be pasted, between quotes as often as not.
    expect(magnetOf({ ...v1, name: "it's (a) *!" }, [])).to.match(/dn=it%27s%20%28a%29%20%2A%21$/)
    expect(magnetOf({ ...v1, name: 'half \ud800' }, [])).to.match(/dn=half%20%EF%BF%BD$/)
  })

  it('names both hashes of a hybrid, and the long one of version 2', () => {
    const btmh = `xt=urn:btmh:1220${'cd'.repeat(32)}&dn=x`
    expect(magnetOf({ ...v1, kind: 'v2', infoHashV2, name: 'x' }, [])).to.equal(`magnet:?${btmh}`)
    expect(magnetOf({ ...v1, kind: 'hybrid', infoHashV2, name: 'x' }, [])).to.match(/btih:d2354.*&xt=urn:btmh:1220cd/)
  })
})
