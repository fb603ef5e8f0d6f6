import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { endpointOf, formatEndpoint, unpackEndpoint } from '../../core/base/address.js'
import type { HttpLimits, HttpReply } from '../../core/contracts/host.js'
import type { SimNode } from '../../core/sim/node.js'
import { World } from '../../core/sim/world.js'
import { SimDatagrams } from '../../plugins/sim-host/sim-datagrams.js'
import { SimFiles } from '../../plugins/sim-host/sim-files.js'
import { SimHashing } from '../../plugins/sim-host/sim-hashing.js'
import { SimHttp } from '../../plugins/sim-host/sim-http.js'
import { SimNames } from '../../plugins/sim-host/sim-names.js'
import { register } from '../conformance/case.js'
import { datagramNetCases } from '../conformance/datagram-net.js'
import { fileSystemCases } from '../conformance/file-system.js'
import { hashPoolCases } from '../conformance/hash-pool.js'
import { httpNetCases } from '../conformance/http-net.js'
import { namesCases } from '../conformance/names.js'
import type { Passing } from '../conformance/passing.js'
import { inWorld } from '../swarms/in-world.js'
import { at } from './endpoint-at.js'
import { codeOf } from './code-of.js'

const never = new AbortController().signal
const limits: HttpLimits = { timeoutMs: 5000, maxBytes: 1000 }

function httpOf(node: SimNode): SimHttp {
  return new SimHttp(node, new SimNames(node))
}

function text(body: string): HttpReply {
  return { status: 200, type: 'text/plain', body: new TextEncoder().encode(body) }
}

/** A machine in a world of its own, and how its time passes. */
function passing(): Passing & { readonly machine: SimNode; close(): Promise<void> } {
  const world = new World(1)
  const machine = world.node('a')
  return {
    machine,
    until: holds => world.run(holds, 60_000),
    settle: () => world.advance(1000),
    close: () => Promise.resolve(),
  }
}

for (const address of ['20.0.0.1:0', '127.0.0.1:0', '[::1]:0']) {
  register(
    `sim-host datagrams on ${address}: contract`,
    datagramNetCases(() => {
      const test = passing()
      return Promise.resolve({ ...test, net: new SimDatagrams(test.machine), at: at(address) })
    }),
  )
  register(
    `sim-host HTTP on ${address}: contract`,
    httpNetCases(() => {
      const test = passing()
      return Promise.resolve({ ...test, net: httpOf(test.machine), at: at(address) })
    }),
  )
}

register(
  'sim-host files: contract',
  fileSystemCases(() => {
    const test = passing()
    test.machine.disk.makeFolder('/files')
    return Promise.resolve({ ...test, files: new SimFiles(test.machine), folder: '/files' })
  }),
)

register(
  'sim-host names: contract',
  namesCases(() => {
    const test = passing()
    return { ...test, names: new SimNames(test.machine), known: 'a', unknown: 'nobody' }
  }),
)

const hashWorld = new World(1)
register(
  'sim-host hashing: contract',
  inWorld(
    hashWorld,
    hashPoolCases(() => {
      const machine = hashWorld.node(`machine ${hashWorld.nodes.length}`)
      return Promise.resolve({
        pool: new SimHashing(machine, 1000),
        folder: '/content',
        put(path, bytes) {
          machine.disk.write(`/content/${path.join('/')}`, 0, bytes)
          return Promise.resolve()
        },
        close() {
          expect(machine.inUse()).to.deep.equal([])
          return Promise.resolve()
        },
      })
    }),
  ),
)

describe('sim-host datagrams', () => {
  it('arrive after the latency, from the address of the sender, at whoever is bound there', async () => {
    const world = new World(1)
    const [a, b] = [world.node('a', { latencyMs: 20 }), world.node('b', { latencyMs: 5 })]
    const arrivals: string[] = []
    await new SimDatagrams(b).bind(at('[::]:53'), (bytes, from) => {
      arrivals.push(`${bytes.join()} from ${formatEndpoint(from)} at ${world.timeline.now}`)
    })
    const socket = await new SimDatagrams(a).bind(at('0.0.0.0:1000'), () => undefined)
    const packet = Uint8Array.of(1, 2)
    socket.send(packet, endpointOf(b.addresses[0] ?? new Uint8Array(4), 53))
    packet.fill(9)
    await world.advance(100)
    expect(arrivals).to.deep.equal(['1,2 from 20.0.0.1:1000 at 25'])
  })

  it('are answered by an answerer, at once or later', async () => {
    const world = new World(1)
    const [a, b] = [world.node('a'), world.node('b')]
    const server = await new SimDatagrams(b).serve(at('0.0.0.0:53'), {
      make: send => ({
        answer: (packet, _length, from, now, reply) => {
          expect(now).to.equal(b.host.clock.now())
          if (packet[0] === 0) return 0
          if (packet[0] === 2) {
            const to = from.slice()
            b.host.clock.after(100, () => send(Uint8Array.of(22, unpackEndpoint(to).port & 0xff), to))
            return -1
          }
          reply[0] = 11
          return 1
        },
      }),
    })
    const got: number[][] = []
    const socket = await new SimDatagrams(a).bind(at('0.0.0.0:7'), bytes => got.push([...bytes]))
    for (const kind of [0, 2, 1]) socket.send(Uint8Array.of(kind), at('20.0.0.2:53'))
    await world.advance(500)
    expect(got).to.deep.equal([[11], [22, 7]])
    await Promise.all([server.close(), socket.close()])
    expect([...a.inUse(), ...b.inUse()]).to.deep.equal([])
  })

  it('are lost as often as the machines say', async () => {
    const world = new World(3)
    const [a, b] = [world.node('a', { loss: 0.25 }), world.node('b')]
    let arrived = 0
    await new SimDatagrams(b).bind(at('0.0.0.0:53'), () => arrived++)
    const socket = await new SimDatagrams(a).bind(at('0.0.0.0:0'), () => undefined)
    for (let i = 0; i < 400; i++) socket.send(Uint8Array.of(i & 0xff), at('20.0.0.2:53'))
    await world.advance(100)
    expect(arrived).to.be.within(270, 330)
  })
})

describe('sim-host HTTP', () => {
  it('takes two round trips, and shows the server path, query and sender as they are', async () => {
    const world = new World(1)
    const [a, b] = [world.node('a', { latencyMs: 10 }), world.node('tracker', { latencyMs: 15 })]
    const seen: string[] = []
    await httpOf(b).serve(at('0.0.0.0:80'), (request, respond) => {
      seen.push(`${request.method} ${request.path} ${request.query} ${request.header('host')}`)
      expect(request.from.ip).to.deep.equal(a.addresses[0])
      respond(text('hello'))
      respond(text('again'))
    })
    const reply = await world.until(httpOf(a).get(new URL('http://tracker/announce?x=%00%ff'), limits, never))
    expect(new TextDecoder().decode(reply.body)).to.equal('hello')
    expect(seen).to.deep.equal(['GET /announce x=%00%ff tracker'])
    expect(world.timeline.now).to.equal(100)
  })

  it('fails as it should: nobody there, too slow, too long, forbidden, given up', async () => {
    const world = new World(1)
    const [a, b] = [world.node('a'), world.node('b')]
    await httpOf(b).serve(at('0.0.0.0:80'), (request, respond) => {
      if (request.path === '/long') respond(text('x'.repeat(1001)))
    })
    const get = (url: string, more: Partial<HttpLimits> = {}, signal = never): Promise<string> =>
      world.until(codeOf(httpOf(a).get(new URL(url), { ...limits, ...more }, signal)))
    expect(await get('http://b:81/')).to.equal('ERR_HTTP_FAILED')
    expect(await get('http://9.9.9.9/')).to.equal('ERR_HTTP_FAILED')
    expect(await get('http://nobody/')).to.equal('ERR_NAME_UNKNOWN')
    expect(await get('http://b/slow')).to.equal('ERR_HTTP_TIMEOUT')
    expect(await get('http://b/long')).to.equal('ERR_HTTP_TOO_BIG')
    expect(await get('http://b/', { allow: () => false })).to.equal('ERR_HTTP_ADDRESS')
    expect(await get('ftp://b/')).to.equal('ERR_HTTP_URL')
    const giveUp = new AbortController()
    a.host.clock.after(7, () => giveUp.abort())
    expect(await get('http://b/slow', {}, giveUp.signal)).to.equal('ERR_HTTP_ABORTED')
    const atOnce = new AbortController()
    const given = get('http://b/slow', {}, atOnce.signal)
    atOnce.abort()
    expect(await given).to.equal('ERR_HTTP_ABORTED')
    expect(a.inUse()).to.deep.equal([])
  })
})

describe('sim-host files, names and hashing', () => {
  it('keep files on the machine, locked for one at a time', async () => {
    const world = new World(1)
    const node = world.node('a')
    const files = new SimFiles(node)
    await world.until(files.writeAtomic('/state/x', Uint8Array.of(1, 2, 3)))
    await world.until(files.append('/state/x', Uint8Array.of(4)))
    expect([...(await world.until(new SimFiles(node).read('/state/x')))]).to.deep.equal([1, 2, 3, 4])
    const lock = await world.until(files.lock('/state/lock'))
    expect(await world.until(codeOf(files.lock('/state/./lock')))).to.equal('ERR_FILE_LOCKED')
    expect(node.inUse()).to.deep.equal(['lock /state/lock'])
    await lock.release()
    await lock.release()
    await (await world.until(files.lock('/state/lock'))).release()
    expect(await world.until(codeOf(files.read('/state/y')))).to.equal('ERR_FILE_ABSENT')
  })

  it('find machines by name, in the family that is asked for', async () => {
    const world = new World(1)
    const six = Uint8Array.of(0x20, 1, ...new Uint8Array(13), 9)
    const b = world.node('b', { addresses: [Uint8Array.of(20, 0, 0, 9), six] })
    const names = new SimNames(world.node('a'))
    expect(await names.resolve('b', 0)).to.deep.equal(b.addresses)
    expect(await names.resolve('b', 6)).to.deep.equal([six])
    expect(await names.resolve('1.2.3.4', 4)).to.deep.equal([Uint8Array.of(1, 2, 3, 4)])
    expect(await codeOf(names.resolve('1.2.3.4', 6))).to.equal('ERR_NAME_UNKNOWN')
  })

  it('hash for real, in virtual time, across files', async () => {
    const world = new World(1)
    const node = world.node('a')
    const [one, two] = [new Uint8Array(70).fill(1), new Uint8Array(50).fill(2)]
    node.disk.write('/t/one', 0, one)
    node.disk.write('/t/d/two', 0, two)
    const hashing = new SimHashing(node, 1 / 1024)
    const facts = await world.until(new SimFiles(node).walk('/t'))
    expect(facts.map(fact => fact.path)).to.deep.equal([['d', 'two'], ['one']])
    const began = world.timeline.now
    let hashed = 0
    const digests = await world.until(hashing.digests(facts, '/t', 64, bytes => (hashed += bytes), never))
    const whole = Buffer.concat([two, one])
    const sha1 = (bytes: Uint8Array): Buffer => createHash('sha1').update(bytes).digest()
    expect(
      Buffer.from(digests).equals(Buffer.concat([sha1(whole.subarray(0, 64)), sha1(whole.subarray(64))])),
    ).to.equal(true)
    expect(hashed).to.equal(120)
    expect(world.timeline.now - began).to.be.closeTo((1000 * 120) / 1024, 0.001)
    expect(await world.until(hashing.verify(one, sha1(one)))).to.equal(true)
    expect(await world.until(hashing.verify(one, sha1(two)))).to.equal(false)
  })
})
