import { createSocket } from 'node:dgram'
import { expect } from 'chai'
import { formatEndpoint, packEndpoint, unpackEndpoint } from '../../core/base/address.js'
import { silentLogger } from '../../core/base/log.js'
import { NodeDatagramNet } from '../../plugins/host-node/datagram-net.js'
import { endpointText, packAddress, packedText } from '../../plugins/host-node/socket-address.js'
import { register } from '../conformance/case.js'
import { datagramNetCases } from '../conformance/datagram-net.js'
import { namesCases } from '../conformance/names.js'
import { NodeNames } from '../../plugins/host-node/names.js'
import { systemClock } from './system-clock.js'
import { passing, settle, until } from './waiting.js'
import type { Answerer } from '../../core/contracts/host.js'
import type { Logger } from '../../core/base/log.js'
import { at } from './endpoint-at.js'

for (const address of ['127.0.0.1:0', '[::1]:0']) {
  register(
    `host-node datagrams on ${address}`,
    datagramNetCases(() => {
      const net = new NodeDatagramNet(systemClock, silentLogger)
      return { net, at: at(address), ...passing, close: () => net.close() }
    }),
  )
}

register(
  'host-node names',
  namesCases(() => ({ names: new NodeNames(), known: 'localhost', unknown: 'nobody.invalid', ...passing })),
)

describe('host-node datagrams', () => {
  let net: NodeDatagramNet
  beforeEach(() => {
    net = new NodeDatagramNet(systemClock, silentLogger)
  })
  afterEach(() => net.close())

  const echo: Answerer = {
    answer(packet, length, from, _now, reply) {
      reply.set(from)
      reply.set(packet.subarray(0, length), 18)
      return 18 + length
    },
  }

  it('[::] takes both families and answers each; IPv4 comes as IPv4', async () => {
    const server = await net.serve(at('[::]:0'), { make: () => echo })
    for (const local of ['127.0.0.1', '[::1]']) {
      const got: Uint8Array[] = []
      const client = await net.bind(at(`${local}:0`), (bytes, from) => {
        expect(formatEndpoint(from)).to.equal(`${local}:${server.local.port}`)
        got.push(bytes.slice())
      })
      client.send(Uint8Array.of(7), at(`${local}:${server.local.port}`))
      await until(() => got.length === 1)
      const answer = got[0] ?? new Uint8Array(18)
      expect(formatEndpoint(unpackEndpoint(answer))).to.equal(formatEndpoint(client.local))
      expect(answer[18]).to.equal(7)
    }
  })

  it('loses nothing of a burst that the system held', async () => {
    let heard = 0
    const a = await net.bind(at('127.0.0.1:0'), () => heard++)
    const b = await net.bind(at('127.0.0.1:0'), () => undefined)
    for (let i = 0; i < 150; i++) b.send(Uint8Array.of(i), a.local)
    await until(() => heard === 150)
  })

  it('survives an answerer that throws, and tells of it once', async () => {
    const told: string[] = []
    const log: Logger = { ...silentLogger, error: message => told.push(message) }
    const own = new NodeDatagramNet(systemClock, log)
    const server = await own.serve(at('127.0.0.1:0'), {
      make: () => ({
        answer(packet, length, from, now, reply) {
          if (packet[0] === 0) throw new Error('broken')
          return echo.answer(packet, length, from, now, reply)
        },
      }),
    })
    let heard = 0
    const client = await net.bind(at('127.0.0.1:0'), () => heard++)
    for (const kind of [0, 0, 0, 1]) client.send(Uint8Array.of(kind), server.local)
    await until(() => heard === 1)
    expect(told).to.deep.equal(['answering a datagram failed'])
    await own.close()
  })

  it('an answer sent while another is put together leaves both whole', async () => {
    const server = await net.serve(at('127.0.0.1:0'), {
      make: send => ({
        answer(_packet, _length, from, _now, reply) {
          reply.fill(1, 0, 50)
          send(new Uint8Array(60).fill(2), from)
          return 50
        },
      }),
    })
    const got: Uint8Array[] = []
    const client = await net.bind(at('127.0.0.1:0'), bytes => got.push(bytes.slice()))
    client.send(Uint8Array.of(0), server.local)
    await until(() => got.length === 2)
    const sorted = got.sort((a, b) => a.length - b.length)
    expect([...new Set(sorted[0])]).to.deep.equal([1])
    expect([...new Set(sorted[1])]).to.deep.equal([2])
  })

  it('does not send to a family that its socket cannot reach', async () => {
    const socket = await net.bind(at('127.0.0.1:0'), () => undefined)
    socket.send(Uint8Array.of(1), at('[::1]:9'))
    await settle()
  })

  it('names what to do when the address is not this machine', async () => {
    const error = await net
      .bind(at('192.0.2.1:0'), () => undefined)
      .then(
        () => null,
        (reason: unknown) => reason,
      )
    expect(error).to.include({ code: 'ERR_DATAGRAM_BIND', blame: 'operator' })
    expect(String(error)).to.match(/192\.0\.2\.1:0.*no such address/)
  })
})

describe('socket addresses', () => {
  const cases = ['1.2.3.4', '255.255.255.255', '0.0.0.0', '::', '::1', '2001:db8::', '2001:db8::7:0:8', 'fe80::1:2:3:4']

  it('pack as base does, and come back as text the system takes', () => {
    for (const text of cases) {
      const endpoint = at(text.includes(':') ? `[${text}]:258` : `${text}:258`)
      const expected = new Uint8Array(18)
      packEndpoint(endpoint, expected)
      const packed = new Uint8Array(18).fill(0xee)
      packAddress(text, 258, packed)
      expect([...packed], text).to.deep.equal([...expected])
      const again = new Uint8Array(18)
      packAddress(packedText(packed, 6), 258, again)
      expect([...again]).to.deep.equal([...expected])
      expect(endpointText(endpoint, 6)).to.equal(packedText(packed, 6))
    }
  })

  it('fold what an IPv6 socket says of IPv4, and leave scopes out', () => {
    const packed = new Uint8Array(18)
    packAddress('::ffff:10.0.0.9', 1, packed)
    expect(formatEndpoint(unpackEndpoint(packed))).to.equal('10.0.0.9:1')
    expect(packedText(packed, 4)).to.equal('10.0.0.9')
    packAddress('fe80::9%eth0', 1, packed)
    expect(formatEndpoint(unpackEndpoint(packed))).to.equal('[fe80::9]:1')
    expect(packedText(packed, 4)).to.equal('')
  })

  it('agree with the system for the addresses of a socket', done => {
    const socket = createSocket('udp6')
    socket.bind(0, '::1', () => {
      const packed = new Uint8Array(18)
      packAddress(socket.address().address, socket.address().port, packed)
      expect(formatEndpoint(unpackEndpoint(packed))).to.equal(`[::1]:${socket.address().port}`)
      socket.close(done)
    })
  })
})
