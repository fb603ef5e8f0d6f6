import { expect } from 'chai'
import { silentLogger } from '../../core/base/log.js'
import { writeU32 } from '../../core/base/bytes.js'
import { endpointOf } from '../../core/base/address.js'
import {
  AnnouncePolicies,
  BatchedDatagrams,
  Datagrams,
  NameLookup,
  SwarmStores,
  Tracker,
} from '../../core/contracts/index.js'
import { readUdpConnectReply, writeUdpAnnounce, writeUdpConnect } from '../../core/protocol/tracker-udp-client.js'
import { portableTracker } from '../../core/tracker/tracker-in-thread.js'
import { TrackerCore } from '../../core/tracker/tracker-core.js'
import udpPlugin from '../../plugins/tracker-udp/index.js'
import { udpCounts } from '../../plugins/tracker-udp/counts.js'
import { answererInThread } from '../../plugins/tracker-udp/answerer-in-thread.js'
import { whereAnswered } from '../../plugins/tracker-udp/where-answered.js'
import { infoHash, KitPlace, loadPlugin } from '../conformance/index.js'
import { CountingStore, FirstBytePolicy } from '../unit/tracker/portable-parts.js'
import { directNames, DirectDatagrams, ipOf, ThreadedDatagrams, trackerService } from './tracker-nets.js'
import type { TrackerService } from '../../core/contracts/index.js'
import type { Links } from '../../core/kernel/plugin.js'

const options = {
  intervalSeconds: 1800,
  minIntervalSeconds: 60,
  peersPerReply: 50,
  peerTimeoutSeconds: 3600,
  maxSwarms: 100,
  maxPeers: 100,
  maxPeersPerAddress: 100,
  fullScrape: false,
}

const from = endpointOf(ipOf('192.0.2.1'), 5000)

/** A tracker whose every part can be opened in threads. */
function movable(ended: number[] = []): TrackerService {
  const store = new CountingStore()
  const parts = { options, store: { id: 'store', part: store }, policies: [], rate: null }
  const inThread = portableTracker(parts)
  if (typeof inThread === 'string') throw new Error(inThread)
  const core = new TrackerCore(
    store,
    [],
    options,
    { now: () => 0 },
    new KitPlace(0, { now: () => 0 }).random,
    silentLogger,
  )
  return Object.assign(core, { inThread, threadEnded: (number: number) => void ended.push(number) })
}

interface Start {
  readonly io?: 'auto' | 'dgram' | 'mmsg'
  readonly threads?: number
  readonly batched?: ThreadedDatagrams | null
  readonly service?: TrackerService
}

async function start({ io = 'auto', threads = 1, batched = new ThreadedDatagrams(), service = movable() }: Start = {}) {
  const lines: Readonly<Record<string, unknown>>[] = []
  const log = {
    ...silentLogger,
    child: () => log,
    info: (message: string, fields: object = {}) => void lines.push({ message, ...fields }),
  }
  const plain = new DirectDatagrams()
  const loaded = await loadPlugin(
    udpPlugin,
    { listen: '127.0.0.1:6969', io, threads },
    [
      [Tracker, service],
      [Datagrams, plain],
      [NameLookup, directNames],
      ...(batched === null ? [] : [[BatchedDatagrams, batched] as const]),
    ],
    { host: { log } },
  )
  return { loaded, plain, batched, lines }
}

async function failure(started: Promise<unknown>): Promise<string> {
  return started.then(
    () => 'it started',
    (error: unknown) => String(error),
  )
}

function unusable(why: string): ThreadedDatagrams {
  return Object.assign(new ThreadedDatagrams(), { unusable: why })
}

/** One that asks a policy that is a plain plugin. */
const bound = Object.assign(trackerService(), { whyNoThreads: 'plugin "my-rule" can be asked on the main thread only' })

describe('tracker-udp: what explain says of where packets are answered', () => {
  type Providers = Readonly<Record<string, readonly string[]>>

  /** Ids by token; those with a "!" stay on the main thread. */
  const links = (providers: Providers): Links => ({
    providers: ({ id }) =>
      (providers[id] ?? []).map(text => ({ id: text.replace('!', ''), threaded: !text.endsWith('!') })),
  })
  const whole = {
    [BatchedDatagrams.id]: ['batches'],
    [SwarmStores.id]: ['store'],
    [AnnouncePolicies.id]: ['list', 'shared'],
    [Tracker.id]: ['tracker'],
  }

  for (const [what, options, providers, expected] of [
    [
      'in a thread',
      { io: 'auto', threads: 1 },
      whole,
      /^answers in a thread of its own.* "batches", where .* log says why$/,
    ],
    ['in threads', { io: 'mmsg', threads: 4 }, whole, /^answers in 4 threads of its own.* else it does not start$/],
    ['as told', { io: 'dgram', threads: 1 }, whole, /^answers on the main thread.* as "io" says$/],
    [
      'without batches',
      { io: 'auto', threads: 1 },
      { ...whole, [BatchedDatagrams.id]: [] },
      /^answers on the main thread.*"datagrams-mmsg"/,
    ],
    [
      'for a policy',
      { io: 'auto', threads: 1 },
      { ...whole, [AnnouncePolicies.id]: ['list', 'mine!'] },
      /main thread.*: plugin "mine" can be asked/,
    ],
    [
      'for two parts',
      { io: 'auto', threads: 1 },
      { ...whole, [SwarmStores.id]: ['far!'], [AnnouncePolicies.id]: ['mine!'] },
      /: plugins "far", "mine" can be asked/,
    ],
    [
      'for the tracker itself',
      { io: 'auto', threads: 1 },
      { ...whole, [Tracker.id]: ['other!'] },
      /: plugin "other" can be asked/,
    ],
    [
      'not at all',
      { io: 'mmsg', threads: 1 },
      { ...whole, [SwarmStores.id]: ['far!'] },
      /^will not start: .* "mmsg", and plugin "far"/,
    ],
  ] as const) {
    it(`${what}`, () => {
      const said = whereAnswered(options, links(providers))
      expect(said).to.have.length(1)
      expect(said[0]).to.match(expected)
    })
  }

  it('says which options have no effect', () => {
    expect(whereAnswered({ io: 'dgram', threads: 3 }, links(whole))[1]).to.match(/"threads": 3 has no effect/)
  })
})

describe('tracker-udp: how packets are read and sent', () => {
  it('is by batched calls in threads where nothing stands against it', async () => {
    for (const io of ['auto', 'mmsg'] as const) {
      const { plain, batched, lines } = await start({ io, threads: 3 })
      expect([plain.listening.length, batched?.listening.length]).to.deep.equal([0, 1])
      expect(lines).to.deep.equal([
        {
          message: 'UDP tracker listens',
          on: '127.0.0.1:6969',
          io: 'mmsg',
          threads: 3,
          why: 'batched system calls work here',
        },
      ])
    }
  })

  it('is on the main thread where the profile says so', async () => {
    const { plain, batched, lines } = await start({ io: 'dgram', threads: 3 })
    expect([plain.listening.length, batched?.listening.length]).to.deep.equal([1, 0])
    expect(lines[0]).to.include({ io: 'dgram', threads: 'main thread', why: 'option tracker-udp.io says so' })
  })

  const obstacles: readonly [string, () => Start, RegExp][] = [
    ['the profile has no net for it', () => ({ batched: null }), /no plugin for batched system calls/],
    ['this machine cannot', () => ({ batched: unusable('koffi is not installed') }), /koffi is not installed/],
    ['a policy cannot', () => ({ service: bound }), /plugin "my-rule" can be asked on the main thread only/],
    [
      'a service cannot and does not say why',
      () => ({ service: trackerService() }),
      /the tracker can be asked on the main/,
    ],
  ]
  for (const [what, given, why] of obstacles) {
    it(`is on the main thread where ${what}, and the log says so`, async () => {
      const { plain, batched, lines } = await start(given())
      expect([plain.listening.length, batched?.listening.length ?? 0]).to.deep.equal([1, 0])
      expect(lines[0]).to.include({ io: 'dgram', threads: 'main thread' })
      expect(lines[0]?.['why']).to.match(why)
    })

    it(`is an operator's error where "mmsg" is asked for and ${what}`, async () => {
      const told = await failure(start({ io: 'mmsg', ...given() }))
      expect(told).to.match(why)
      expect(told).to.match(/option tracker-udp\.io is "mmsg", which cannot be: .*; .* or set it to "auto" or "dgram"/)
    })
  }
})

describe('tracker-udp: threads', () => {
  async function connect(net: DirectDatagrams) {
    const packet = new Uint8Array(16)
    writeUdpConnect(packet, 1)
    const id = readUdpConnectReply((await net.ask(packet, from)) ?? packet)
    if (id === null) throw new Error('no connection id')
    return id
  }

  const announce = { infoHash: infoHash(1), peerId: infoHash(2), left: 1, uploaded: 0, downloaded: 0, port: 1, key: 1 }

  async function ask(net: DirectDatagrams, id: { high: number; low: number }): Promise<number | null> {
    const packet = new Uint8Array(200)
    const length = writeUdpAnnounce(packet, id, 7, { ...announce, event: 0, numWant: -1 }, new Uint8Array(0))
    const reply = await net.ask(packet.slice(0, length), from)
    return reply?.[15] ?? null
  }

  it('take the ids that any of them gave, also after one has died, of which the service is told', async () => {
    const net = new ThreadedDatagrams()
    const ended: number[] = []
    await start({ batched: net, threads: 2, service: movable(ended) })
    const id = await connect(net)
    expect([await ask(net, id), await ask(net, id)]).to.deep.equal([1, 2])
    await net.replace(1)
    await net.replace(2)
    expect([await ask(net, id), await ask(net, id)]).to.deep.equal([3, 4])
    expect(ended).to.deep.equal([1, 2])
  })

  it('count each for itself into one memory, which outlives them', async () => {
    const counts = udpCounts()
    const service = movable().inThread
    if (service === undefined) throw new Error('no threads')
    const portable = answererInThread({ service, secret: new Uint8Array(16), leewaySeconds: 0, counts: counts.memory })
    const packet = new Uint8Array(16)
    writeUdpConnect(packet, 1)
    const sender = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1, 9, 9)
    for (const number of [1, 2, 2]) {
      const answerer = await new KitPlace(number, { now: () => 0 }).open(portable)
      expect(answerer.answer(packet, 16, sender, 0, new Uint8Array(1500))).to.equal(16)
      expect(answerer.answer(packet, 15, sender, 0, new Uint8Array(1500))).to.equal(0)
    }
    expect(counts.totals()).to.include({ connects: 3, malformed: 3, announces: 0, bytesIn: 93, bytesOut: 48 })
    expect(counts.row(2)[0]).to.equal(2)
  })

  it('say by what became of it what came in', async () => {
    const counts = udpCounts()
    const policy = new FirstBytePolicy()
    const parts = { options, store: { id: 'store', part: new CountingStore() }, rate: null }
    const service = portableTracker({ ...parts, policies: [{ id: 'list', part: policy }] })
    if (typeof service === 'string') throw new Error(service)
    const portable = answererInThread({ service, secret: new Uint8Array(16), leewaySeconds: 0, counts: counts.memory })
    const answerer = await new KitPlace(1, { now: () => 0 }).open(portable)
    const sender = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1, 9, 9)
    const packet = new Uint8Array(200)
    const reply = new Uint8Array(1500)
    writeUdpConnect(packet, 1)
    answerer.answer(packet, 16, sender, 0, reply)
    const id = readUdpConnectReply(reply.slice(0, 16))
    if (id === null) throw new Error('no connection id')
    const length = writeUdpAnnounce(packet, id, 7, { ...announce, event: 0, numWant: -1 }, new Uint8Array(0))
    answerer.answer(packet, length, sender, 0, reply)
    policy.refuse(announce.infoHash[0] ?? 0)
    answerer.answer(packet, length, sender, 0, reply)
    writeU32(packet, 80, 9)
    answerer.answer(packet, length, sender, 0, reply)
    packet[0]! ^= 1
    answerer.answer(packet, length, sender, 0, reply)
    expect(counts.totals()).to.include({ connects: 1, announces: 3, refused: 1, badFields: 1, badIds: 1, malformed: 0 })
  })
})
