// What a thread does with its socket, on this thread: the system refusing messages, and senders that cannot be answered.
import { constants } from 'node:os'
import { expect } from 'chai'
import koffi from 'koffi'
import { silentLogger } from '../../core/base/log.js'
import { AnswerLoop, Count, COUNTS } from '../../plugins/datagrams-mmsg/answer-loop.js'
import { SystemCalls } from '../../plugins/datagrams-mmsg/system-calls.js'
import { UdpSocket } from '../../plugins/datagrams-mmsg/udp-socket.js'
import type { Answerer } from '../../core/contracts/host.js'
import { at } from './endpoint-at.js'

const able = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)
const { EAGAIN, EBADF, EINTR, ENOMEM, EPERM } = constants.errno

describe('datagrams-mmsg: the loop of a thread', () => {
  let calls: SystemCalls
  let server: UdpSocket
  let client: UdpSocket
  let asked: number
  let counts: Float64Array

  const echo: Answerer = {
    answer(packet, length, _from, _now, reply) {
      asked++
      if (packet[1] === 1) return 0
      reply.set(packet.subarray(0, length))
      return length
    },
  }

  before(async function () {
    if (!able) this.skip()
    calls = await SystemCalls.open()
  })
  beforeEach(() => {
    asked = 0
    counts = new Float64Array(COUNTS)
    server = new UdpSocket(calls, at('127.0.0.1:0'), 65_536)
    client = new UdpSocket(calls, at('127.0.0.1:0'), 65_536)
  })
  afterEach(() => {
    server.close()
    client.close()
  })

  /** The system as it is, but for what is given. */
  function loop(given: Partial<Pick<SystemCalls, 'send' | 'receive'>> = {}, size = 16): AnswerLoop {
    const own = Object.assign(Object.create(calls) as SystemCalls, given)
    const work = {
      calls: own,
      fd: server.fd,
      family: 4,
      answerer: echo,
      counts,
      look: () => 0,
      log: silentLogger,
    } as const
    return new AnswerLoop(work, size)
  }

  /** First bytes of what the client has got. */
  function heard(): number[] {
    const got: number[] = []
    const ear: Answerer = { answer: packet => (got.push(packet[0] ?? -1), 0) }
    const { fd } = client
    const own = new Float64Array(COUNTS)
    new AnswerLoop({ calls, fd, family: 4, answerer: ear, counts: own, look: () => 0, log: silentLogger }, 32).turn()
    return got
  }

  const ask = (...kinds: number[]): void =>
    kinds.forEach((kind, id) => client.send(Uint8Array.of(id, kind), server.local))

  it('answers those who are to be answered, and takes no more at once than there is room for', () => {
    ask(0, 1, 0, 0, 1, 0, 1, 0)
    const small = loop({}, 5)
    small.turn()
    expect(asked).to.equal(5)
    small.turn()
    expect(heard()).to.deep.equal([0, 2, 3, 5, 7])
    expect([...counts]).to.deep.equal([8, 5, 0, 0, 0, 2])
    ask(1, 1, 0)
    small.turn()
    expect(heard()).to.deep.equal([2])
  })

  it('goes on where the system took only some, and leaves out what it refuses', () => {
    ask(0, 0, 0, 0, 0, 0)
    const plan = ['two', -EINTR, -EPERM, 'two', 'two']
    loop({
      send(fd, memory, offset, count) {
        const step = plan.shift()
        return typeof step === 'number' ? step : calls.send(fd, memory, offset, Math.min(2, count))
      },
    }).turn()
    expect(heard()).to.deep.equal([0, 1, 3, 4, 5])
    expect([counts[Count.Sent], counts[Count.Unsent]]).to.deep.equal([5, 1])
    expect(plan).to.deep.equal([])
  })

  it('drops what waits when the way out is full', () => {
    ask(0, 0, 0)
    loop({ send: () => -EAGAIN }).turn()
    expect([counts[Count.Sent], counts[Count.Unsent]]).to.deep.equal([0, 3])
  })

  it('waits for what comes later, and ends where its socket is gone', () => {
    for (const passing of [-EAGAIN, -EINTR, -ENOMEM]) loop({ receive: () => passing }).turn()
    expect(() => loop({ receive: () => -EBADF }).turn()).to.throw('EBADF')
    expect(counts[Count.Received]).to.equal(0)
  })

  it('waits in vain for a tenth of a second at most', () => {
    const from = process.hrtime.bigint()
    loop().turn()
    expect(Number(process.hrtime.bigint() - from) / 1e6).to.be.within(80, 2000)
  })

  it('counts datagrams that are longer than a slot, and leaves them', () => {
    client.send(new Uint8Array(1601), server.local)
    client.send(new Uint8Array(1600).fill(9), server.local)
    ask(7)
    loop().turn()
    expect(heard()).to.deep.equal([9, 0])
    expect([counts[Count.TooLong], asked]).to.deep.equal([1, 2])
  })

  it('says nothing to port 0, and answers the others (needs the right to forge packets)', function () {
    const libc = koffi.load(null)
    const socket: (family: number, type: number, protocol: number) => number = libc.func('int socket(int, int, int)')
    const raw = socket(2, 3, 255)
    if (raw < 0) this.skip()
    const forged = (sourcePort: number, id: number): void => {
      const packet = Buffer.alloc(30)
      packet.set([0x45, 0, 0, 30, 0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1])
      packet.writeUInt16BE(sourcePort, 20)
      packet.writeUInt16BE(server.local.port, 22)
      packet.writeUInt16BE(10, 24)
      packet[28] = id
      const to = Buffer.alloc(16)
      to.set([2, 0, 0, 0, 127, 0, 0, 1])
      const sent: unknown = libc.func('long sendto(int, void *, size_t, int, void *, uint)')(raw, packet, 30, 0, to, 16)
      expect(sent).to.equal(30)
    }
    forged(client.local.port, 5)
    forged(0, 6)
    ask(0)
    loop().turn()
    libc.func('int close(int)')(raw)
    expect(heard()).to.deep.equal([5, 0])
    expect([counts[Count.Received], counts[Count.Sent], counts[Count.Unsent], asked]).to.deep.equal([3, 2, 0, 2])
  })

  it('says how many datagrams were dropped, or nothing where the system does not say', () => {
    expect(server.dropped()).to.equal(0)
    const silent = Object.assign(Object.create(calls) as SystemCalls, {
      getOption(fd: number, level: number, _option: number, value: Uint32Array): void {
        // One that no system has.
        calls.getOption(fd, level, 10_000, value)
      },
    })
    const socket = new UdpSocket(silent, at('127.0.0.1:0'), 65_536)
    expect(socket.dropped()).to.equal(null)
    socket.close()
  })

  it('makes no pointer outside of its memory', () => {
    const memory = calls.pin(640)
    expect(memory.pointer(64, 64) - memory.pointer(0, 640)).to.equal(64)
    for (const [offset, length] of [
      [-1, 1],
      [0, 641],
      [640, 1],
      [0.5, 1],
      [0, -1],
      [NaN, 1],
    ] as const) {
      expect(() => memory.pointer(offset, length)).to.throw(RangeError)
    }
    expect(() => calls.receive(server.fd, memory, 0, 11)).to.throw(RangeError)
    expect(() => calls.send(server.fd, memory, 64, 10)).to.throw(RangeError)
  })
})
