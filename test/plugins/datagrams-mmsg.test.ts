// In plugins/datagrams-mmsg/. What needs Linux on x64 or arm64 is left out elsewhere, and says so.
import { expect } from 'chai'
import koffi from 'koffi'
import { formatEndpoint } from '../../core/base/address.js'
import { createRandom } from '../../core/base/random.js'
import { silentLogger } from '../../core/base/log.js'
import { BatchedDatagrams, Datagrams } from '../../core/contracts/host.js'
import { createKernel } from '../../core/kernel/kernel.js'
import { MmsgDatagramNet } from '../../plugins/datagrams-mmsg/batched-net.js'
import plugin from '../../plugins/datagrams-mmsg/index.js'
import { loadKoffi, type LoadKoffi } from '../../plugins/datagrams-mmsg/system-calls.js'
import { NodeDatagramNet } from '../../plugins/host-node/datagram-net.js'
import { register } from '../conformance/case.js'
import { datagramNetCases } from '../conformance/datagram-net.js'
import { loadPlugin } from '../conformance/load-plugin.js'
import { ManualClock } from '../conformance/manual-clock.js'
import { ask, expectedAnswer, SharedAnswers, Wish } from '../conformance/thread-answerer.js'
import { at } from './endpoint-at.js'
import { Deed, frailAnswerer, nested } from './frail-answerer.js'
import { systemClock } from './system-clock.js'
import { passing, until } from './waiting.js'
import type { Clock } from '../../core/base/clock.js'
import type { NodeError } from '../../core/base/errors.js'
import type { Host } from '../../core/base/host.js'
import type { Logger } from '../../core/base/log.js'
import type { Answering, DatagramSocket } from '../../core/contracts/host.js'

const able = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)
const machine = { platform: process.platform, arch: process.arch, load: loadKoffi }

class Bench {
  readonly told: { readonly level: string; readonly message: string; readonly fields?: Record<string, unknown> }[] = []
  readonly failures: NodeError[] = []
  readonly ended: number[] = []
  readonly heard: Uint8Array[] = []
  readonly single = new NodeDatagramNet(systemClock, silentLogger)
  readonly net: MmsgDatagramNet
  client!: DatagramSocket

  constructor(clock: Clock = systemClock) {
    const tell =
      (level: string) =>
      (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
        this.told.push({ level, message, fields })
      }
    const log: Logger = {
      child: () => log,
      debug: () => undefined,
      info: tell('info'),
      warn: tell('warn'),
      error: tell('error'),
    }
    const host: Host = { clock, random: createRandom(1), entropy: createRandom(2), log }
    this.net = new MmsgDatagramNet(host, this.single, {
      bufferBytes: 1 << 20,
      failed: error => this.failures.push(error),
    })
  }

  async start(address = '127.0.0.1:0'): Promise<void> {
    await this.net.start(machine)
    this.client = await this.single.bind(at(address), bytes => void this.heard.push(Uint8Array.from(bytes)))
  }

  frail(opens: Parameters<typeof frailAnswerer>[0]['opens'] = 'well', threads = 1): Answering {
    return {
      make: () => expect.fail('nothing is answered on the main thread'),
      inThread: frailAnswerer({ opens, nested }),
      threads,
      threadEnded: number => void this.ended.push(number),
    }
  }

  async close(): Promise<void> {
    await this.net.close()
    await this.single.close()
  }
}

async function reasonOf(given: Partial<typeof machine>): Promise<string | null> {
  const { net } = new Bench()
  await net.start({ ...machine, ...given })
  return net.unusable
}

describe('datagrams-mmsg: whether it can be used', () => {
  it('says what machine it is not for', async () => {
    expect(await reasonOf({ platform: 'darwin' })).to.equal('this is darwin on x64, and not Linux on x64 or arm64')
    expect(await reasonOf({ arch: 'riscv64' })).to.match(/riscv64, and not Linux on x64 or arm64/)
  })

  it('says that koffi is missing, or why it does not load', async function () {
    if (!able) this.skip()
    const missing = (): Promise<never> => import(['koffi', 'of', 'nobody'].join('-')) as Promise<never>
    expect(await reasonOf({ load: missing })).to.equal('koffi is not installed: npm install koffi')
    const broken = (): Promise<never> => Promise.reject(new Error('no binary for this machine'))
    expect(await reasonOf({ load: broken })).to.equal('koffi cannot be loaded: no binary for this machine')
  })

  it('says that structs lie differently', async function () {
    if (!able) this.skip()
    const size: LoadKoffi = () => Promise.resolve({ default: { ...koffi, sizeof: () => 12 } })
    expect(await reasonOf({ load: size })).to.equal('this machine has mmsghdr in 12 bytes, and not in 64')
    const offsetof: typeof koffi.offsetof = (type, name) => koffi.offsetof(type, name) + (name === 'micros' ? 4 : 0)
    const offset: LoadKoffi = () => Promise.resolve({ default: { ...koffi, offsetof } })
    expect(await reasonOf({ load: offset })).to.equal('this machine has "micros" of timeval at 12, and not at 8')
  })

  it('says that datagrams do not come back', async function () {
    if (!able) this.skip()
    const deaf: LoadKoffi = () =>
      Promise.resolve({
        default: {
          ...koffi,
          load: (path: string | null) => {
            const library = koffi.load(path)
            const func = (text: string) => (text.includes('sendto') ? () => 0 : library.func(text))
            return { ...library, func } as typeof library
          },
        },
      })
    expect(await reasonOf({ load: deaf })).to.match(/over IPv4 do not come back/)
  })

  it('is so here, and before it has started is not', async function () {
    if (!able) this.skip()
    expect(new Bench().net.unusable).to.match(/not started/)
    expect(await reasonOf({})).to.equal(null)
  })

  it('refuses to serve where it cannot, and hands on what needs no threads', async () => {
    const bench = new Bench()
    await bench.net.start({ ...machine, platform: 'none' })
    const refused = await bench.net.serve(at('127.0.0.1:0'), bench.frail()).catch((error: unknown) => error)
    expect(refused).to.include({ code: 'ERR_DATAGRAM_UNUSABLE', blame: 'operator' })
    const socket = await bench.net.serve(at('127.0.0.1:0'), { make: () => ({ answer: () => 0 }) })
    await socket.close()
    await bench.close()
  })
})

for (const address of able ? ['127.0.0.1:0', '[::1]:0'] : []) {
  register(
    `datagrams-mmsg on ${address}: contract`,
    datagramNetCases(async () => {
      const bench = new Bench()
      await bench.start()
      return { net: bench.net, at: at(address), ...passing, close: () => bench.close() }
    }),
  )
}

describe('datagrams-mmsg in threads', () => {
  let bench: Bench
  beforeEach(async function () {
    if (!able) this.skip()
    bench = new Bench()
    await bench.start()
  })
  afterEach(() => bench?.close())

  const say = (deed: number, to: DatagramSocket): void => bench.client.send(Uint8Array.of(deed, 1, 2), to.local)

  it('[::] takes both families and answers each', async () => {
    const answers = new SharedAnswers()
    const server = await bench.net.serve(at('[::]:0'), answers.answering(1))
    for (const local of ['127.0.0.1', '[::1]']) {
      const got: Uint8Array[] = []
      const client = await bench.single.bind(at(`${local}:0`), (bytes, from) => {
        expect(formatEndpoint(from)).to.equal(`${local}:${server.local.port}`)
        got.push(Uint8Array.from(bytes))
      })
      client.send(ask(5, 30), at(`${local}:${server.local.port}`))
      await until(() => got.length === 1)
      expect(got[0]).to.deep.equal(expectedAnswer(5, 30))
    }
  })

  it('tells those it opens where they are: number, time, randomness, parts, log', async () => {
    const servers = [
      await bench.net.serve(at('127.0.0.1:0'), bench.frail()),
      await bench.net.serve(at('127.0.0.1:0'), bench.frail()),
    ]
    const places: { name: string; now: number; clock: number; random: number }[] = []
    for (const [i, server] of servers.entries()) {
      const before = systemClock.now()
      say(Deed.Place, server)
      await until(() => bench.heard.length === i + 1)
      const place = JSON.parse(new TextDecoder().decode(bench.heard[i])) as (typeof places)[number]
      expect(place.now)
        .to.equal(place.clock)
        .and.within(before - 1, systemClock.now() + 1)
      places.push(place)
    }
    expect(places.map(({ name }) => name)).to.deep.equal(['a name, opened in thread 1', 'a name, opened in thread 2'])
    expect(places[0]?.random).to.not.equal(places[1]?.random)
    say(Deed.Log, servers[1]!)
    await until(() => bench.told.length === 2)
    expect(bench.told).to.deep.equal([
      { level: 'warn', message: 'said in a thread', fields: { thread: 2, length: 3 } },
      { level: 'info', message: 'what cannot be cloned', fields: {} },
    ])
    await servers[0]!.close()
    const third = await bench.net.serve(at('127.0.0.1:0'), bench.frail())
    say(Deed.Place, third)
    await until(() => bench.heard.length === 4)
    expect(new TextDecoder().decode(bench.heard[3])).to.contain('opened in thread 1')
  })

  it('survives an answerer that throws or says too much, and tells of it once', async () => {
    const server = await bench.net.serve(at('127.0.0.1:0'), bench.frail())
    for (const deed of [Deed.Throw, Deed.TooMuch, Deed.Throw, Deed.Echo]) say(deed, server)
    await until(() => bench.heard.length === 1)
    expect(bench.heard[0]).to.deep.equal(Uint8Array.of(0, 1, 2))
    await until(() => bench.told.length === 1)
    expect(bench.told[0]).to.deep.include({ level: 'error', message: 'answering a datagram failed' })
    // It counts what it has sent after it was sent.
    await until(() => server.traffic()[0]?.sent !== 0)
    expect(server.traffic()).to.deep.equal([{ received: 4, sent: 1, dropped: 0 }])
  })

  it('replaces a thread that ends; what comes meanwhile is answered', async () => {
    const answering = bench.frail()
    const troubles: unknown[] = []
    const server = await bench.net.serve(at('127.0.0.1:0'), {
      ...answering,
      threadEnded(number) {
        bench.ended.push(number)
        troubles.push(server.trouble?.())
        for (let i = 0; i < 50; i++) say(Deed.Echo, server)
      },
    })
    expect(server.trouble?.()).to.equal(null)
    say(Deed.Exit, server)
    await until(() => bench.heard.length === 50)
    expect(bench.ended).to.deep.equal([1])
    expect(troubles).to.deep.equal([`1 of 1 threads that answer on UDP ${formatEndpoint(server.local)} are gone`])
    expect(server.trouble?.()).to.equal(null)
    expect(bench.told).to.have.length(1)
    expect(bench.told[0]).to.deep.include({
      level: 'warn',
      message: 'a thread that answers datagrams died; another takes its place',
    })
    expect(bench.told[0]?.fields).to.deep.equal({
      address: formatEndpoint(server.local),
      error: 'it ended itself with 7',
    })
    expect(server.traffic()[0]).to.include({ received: 51, dropped: 0 })
    expect(bench.failures).to.deep.equal([])
  })

  it('gives up where threads end again and again, and says so', async () => {
    const server = await bench.net.serve(at('127.0.0.1:0'), bench.frail('well', 2))
    for (let deaths = 1; deaths <= 5; deaths++) {
      say(Deed.Exit, server)
      await until(() => bench.ended.length >= deaths)
    }
    await until(() => bench.ended.length === 6)
    expect(bench.failures).to.have.length(1)
    expect(bench.failures[0]).to.include({ code: 'ERR_DATAGRAM_THREAD', blame: 'defect' })
    expect(server.trouble?.()).to.match(/^nothing answers on UDP 127\.0\.0\.1:\d+ any more: /)
    const address = formatEndpoint(server.local).replaceAll('.', '\\.')
    expect(bench.failures[0]?.message).to.match(
      new RegExp(`UDP ${address}.* 5 times within 10 s: .*ended itself with 7`),
    )
    await server.close()
    expect(server.traffic()).to.have.length(2)
    await (await bench.single.bind(server.local, () => undefined)).close()
  })

  it('does not give up on deaths that are far apart', async () => {
    const clock = new ManualClock()
    const slow = new Bench(clock)
    await slow.net.start(machine)
    const server = await slow.net.serve(at('127.0.0.1:0'), slow.frail())
    for (let deaths = 1; deaths <= 7; deaths++) {
      say(Deed.Exit, server)
      await until(() => slow.ended.length === deaths)
      await clock.advance(2600)
    }
    say(Deed.Echo, server)
    await until(() => bench.heard.length === 1)
    expect(slow.failures).to.deep.equal([])
    await slow.close()
  })

  it('ends a thread that hangs, and has another take its place; none that does nothing', async () => {
    const clock = new ManualClock()
    const slow = new Bench(clock)
    await slow.net.start(machine)
    const server = await slow.net.serve(at('127.0.0.1:0'), slow.frail())
    for (let answers = 1; answers <= 30; answers++) {
      say(Deed.Echo, server)
      await until(() => bench.heard.length === answers)
      await clock.advance(1000)
    }
    expect(slow.ended).to.deep.equal([])
    say(Deed.Hang, server)
    await until(() => server.traffic()[0]?.received === 31)
    say(Deed.Echo, server)
    await clock.advance(20_000)
    expect(slow.ended).to.deep.equal([])
    await clock.advance(1000)
    await until(() => bench.heard.length === 31)
    expect(slow.ended).to.deep.equal([1])
    expect(slow.told.map(({ fields }) => fields?.['error'])).to.deep.equal([
      'it hung in what it was asked, and was ended',
    ])
    expect(slow.failures).to.deep.equal([])
    await slow.close()
    expect(clock.pending).to.equal(0)
  })

  for (const [opens, why] of [
    ['not', /this answerer does not open/],
    ['never', /ended itself with 13/],
    ['without open', /does not export "open"/],
  ] as const) {
    it(`refuses to serve with an answerer that opens ${opens}, and leaves the port free`, async () => {
      const free = await bench.single.bind(at('127.0.0.1:0'), () => undefined)
      await free.close()
      const error = await bench.net.serve(free.local, bench.frail(opens)).catch((reason: unknown) => reason)
      expect(error).to.include({ code: 'ERR_DATAGRAM_THREAD' })
      expect(String(error)).to.match(why).and.contain(formatEndpoint(free.local))
      expect(bench.ended).to.deep.equal([1])
      await (await bench.single.bind(free.local, () => undefined)).close()
    })
  }

  it('ends a thread that hangs when it closes', async () => {
    const server = await bench.net.serve(at('127.0.0.1:0'), bench.frail())
    say(Deed.Hang, server)
    await until(() => server.traffic()[0]?.received === 1)
    await server.close()
    expect(bench.ended).to.deep.equal([1])
  })

  it('counts what the system dropped because nobody read', async () => {
    const server = await bench.net.serve(at('127.0.0.1:0'), bench.frail())
    say(Deed.Hang, server)
    await until(() => server.traffic()[0]?.received === 1)
    const large = new Uint8Array(1400)
    for (let i = 0; i < 20_000 && server.traffic()[0]?.dropped === 0; i++) bench.client.send(large, server.local)
    expect(server.traffic()[0]?.dropped).to.be.above(0)
  })

  it('is silent where something is to be said later', async () => {
    const answers = new SharedAnswers()
    const server = await bench.net.serve(at('127.0.0.1:0'), answers.answering(1))
    bench.client.send(ask(1, Wish.Later), server.local)
    bench.client.send(ask(2, 8), server.local)
    await until(() => bench.heard.length === 1)
    expect(bench.heard[0]).to.deep.equal(expectedAnswer(2, 8))
  })
})

describe('datagrams-mmsg in a node', () => {
  it('ends the node where it is critical and a socket has given up', async function () {
    if (!able) this.skip()
    const single = new NodeDatagramNet(systemClock, silentLogger)
    const failures: NodeError[] = []
    const bench = new Bench()
    await bench.start()
    const random = createRandom(1)
    const kernel = createKernel({
      host: { clock: systemClock, random, entropy: random, log: silentLogger },
      profile: {
        name: 'node',
        folder: '/',
        content: { node: { name: 'test' }, plugins: [{ use: './plugin.js', critical: true }] },
      },
      workingDir: '/',
      given: [[Datagrams, single]],
      readText: path => Promise.reject(new Error(path)),
      importModule: () => Promise.resolve({ default: plugin }),
      onFailure: error => failures.push(error),
    })
    await kernel.start()
    const net = kernel.find(BatchedDatagrams)!
    expect(net.unusable).to.equal(null)
    const server = await net.serve(at('127.0.0.1:0'), bench.frail())
    for (let deaths = 1; deaths <= 5; deaths++) {
      bench.client.send(Uint8Array.of(Deed.Exit), server.local)
      await until(() => bench.ended.length === deaths)
    }
    await until(() => failures.length === 1)
    expect(failures[0]).to.include({ code: 'ERR_DATAGRAM_THREAD' })
    await kernel.stop()
    await bench.close()
  })

  it('closes what was left open, and binds by the net of the node', async function () {
    if (!able) this.skip()
    const single = new NodeDatagramNet(systemClock, silentLogger)
    const loaded = await loadPlugin(plugin, {}, [[Datagrams, single]], { host: { clock: systemClock } })
    const net = loaded.provided(BatchedDatagrams)
    const server = await net.serve(at('127.0.0.1:0'), new SharedAnswers().answering(2))
    await loaded.stop()
    await (await single.bind(server.local, () => undefined)).close()
  })
})
