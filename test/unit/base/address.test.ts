import { expect } from 'chai'
import fc from 'fast-check'
import * as address from '../../../core/base/address.js'

const v4 = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes)
const parsed = (text: string): Uint8Array => address.parseIp(text) ?? expect.fail(`${text} is an address`)
const ips = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map(address.foldMapped),
)

describe('addresses as text', () => {
  it('come back as they went', () => {
    fc.assert(
      fc.property(ips, ip => {
        expect(address.parseIp(address.formatIp(ip))).to.deep.equal(ip)
      }),
    )
  })

  it('with a port as well', () => {
    fc.assert(
      fc.property(ips, fc.nat(65535), (ip, port) => {
        const at = address.endpointOf(ip, port)
        expect(address.parseEndpoint(address.formatEndpoint(at))).to.deep.equal(at)
      }),
    )
  })

  it('are short and in lower case for v6', () => {
    expect(address.formatIp(parsed('2001:DB8:0:0:0:0:0:1'))).to.equal('2001:db8::1')
    expect(address.formatEndpoint({ family: 6, ip: parsed('::1'), port: 80 })).to.equal('[::1]:80')
  })

  it('are one thing, v4, in their v4-mapped form', () => {
    expect(address.parseIp('::ffff:1.2.3.4')).to.deep.equal(v4(1, 2, 3, 4))
    expect(address.parseIp('::ffff:102:304')).to.deep.equal(v4(1, 2, 3, 4))
    expect(address.parseEndpoint('[::ffff:127.0.0.1]:1')).to.deep.equal(address.endpointOf(v4(127, 0, 0, 1), 1))
  })

  // Spellings under which other software mistook a loopback or private address for a public one.
  for (const text of [
    '0x7f.1',
    '0x7f.0.0.1',
    '0x7f000001',
    '017700000001',
    '0177.0.0.1',
    '127.1',
    '127.0.1',
    '2130706433',
    '0',
    '127.0.0.01',
    '127.0.0.1 ',
    ' 127.0.0.1',
    '127.0.0.1\n',
    '127.0.0.256',
    '127.0.0',
    '1.2.3.4.5',
    '-1.2.3.4',
    '::1%lo',
    'fe80::1%eth0',
    '::1::',
    ':::1',
    '12345::',
    '1:2:3:4:5:6:7:8:9',
    '',
    'localhost',
    '1.2.3.4/8',
    '::ffff:0x7f.1',
  ]) {
    it(`are never ${JSON.stringify(text)}`, () => {
      expect(address.parseIp(text)).to.equal(null)
      expect(address.parseEndpoint(`${text}:80`)).to.equal(null)
    })
  }

  it('any text is an address or none', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-fx:.%[\]]{0,40}$/)), text => {
        const ip = address.parseIp(text)
        expect(ip === null || ip.length === 4 || ip.length === 16).to.equal(true)
      }),
    )
  })

  it('split at the last colon, with a port that is one', () => {
    expect(address.splitHostPort('tracker.example:6969')).to.deep.equal({ host: 'tracker.example', port: 6969 })
    expect(address.splitHostPort('[::1]:0')).to.deep.equal({ host: '::1', port: 0 })
    for (const text of [
      '::1:80',
      'a:',
      ':80',
      'a:65536',
      'a:-1',
      'a:1.5',
      'a:0x50',
      'a:000080',
      '[]:80',
      'a',
      'a:80 ',
    ]) {
      expect(address.splitHostPort(text), text).to.equal(null)
    }
  })
})

describe('addresses as bytes', () => {
  it('packed and unpacked, an endpoint is the same', () => {
    fc.assert(
      fc.property(ips, fc.nat(65535), (ip, port) => {
        const at = address.endpointOf(ip, port)
        const packed = new Uint8Array(18).fill(0xee)
        address.packEndpoint(at, packed)
        expect(address.unpackEndpoint(packed)).to.deep.equal(at)
      }),
    )
  })

  it('are equal by address and port', () => {
    const at = address.endpointOf(v4(1, 2, 3, 4), 5)
    expect(address.sameEndpoint(at, address.endpointOf(parsed('::ffff:1.2.3.4'), 5))).to.equal(true)
    expect(address.sameEndpoint(at, address.endpointOf(v4(1, 2, 3, 4), 6))).to.equal(false)
    expect(address.sameEndpoint(at, address.endpointOf(v4(1, 2, 3, 5), 5))).to.equal(false)
  })

  const CLASSES: Readonly<Record<string, readonly string[]>> = {
    isLoopback: ['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1', '0:0:0:0:0:0:0:1', '::ffff:7f00:1'],
    isUnspecified: ['0.0.0.0', '::', '::ffff:0.0.0.0'],
    isMulticast: ['224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', 'ff02::1', 'ffff::'],
    isLinkLocal: ['169.254.0.1', '169.254.169.254', 'fe80::1', 'febf::1', '::ffff:169.254.0.1'],
    isOrdinary: [
      '10.0.0.1',
      '169.253.0.1',
      '169.255.0.1',
      'fe7f::1',
      '8.8.8.8',
      '172.15.0.1',
      '172.32.0.1',
      '192.167.0.1',
      '100.63.0.1',
      '100.128.0.1',
      '126.0.0.1',
      '128.0.0.1',
      '223.0.0.1',
      '2001:db8::1',
      'fec0::1',
      'fb00::1',
      '::2',
    ],
  }
  const judges = {
    isLoopback: address.isLoopback,
    isUnspecified: address.isUnspecified,
    isMulticast: address.isMulticast,
    isLinkLocal: address.isLinkLocal,
  }
  for (const [expected, texts] of Object.entries(CLASSES)) {
    for (const text of texts) {
      it(`${text} ${expected}, and nothing else`, () => {
        const ip = parsed(text)
        const is = Object.entries(judges).flatMap(([name, judge]) => (judge(ip) ? [name] : []))
        expect(is).to.deep.equal(expected === 'isOrdinary' ? [] : [expected])
      })
    }
  }
})
