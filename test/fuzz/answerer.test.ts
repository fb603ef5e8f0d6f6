// A whole UDP tracker, on the main thread and in two threads, asked whatever comes to mind, right and wrong, by several
// addresses in turn, and compared with the simplest thing that could be right.
import { expect } from 'chai'
import fc from 'fast-check'
import { endpointOf, formatEndpoint } from '../../core/base/address.js'
import { writeU32 } from '../../core/base/bytes.js'
import {
  AnnouncePolicies,
  BatchedDatagrams,
  Datagrams,
  NameLookup,
  SwarmStores,
  Tracker,
} from '../../core/contracts/index.js'
import {
  readUdpAnnounceReply,
  readUdpConnectReply,
  readUdpError,
  readUdpScrapeReply,
  udpReplyAction,
  writeUdpAnnounce,
  writeUdpConnect,
  writeUdpScrape,
} from '../../core/protocol/tracker-udp-client.js'
import { UdpAction } from '../../core/protocol/tracker-udp.js'
import storePlugin from '../../plugins/swarm-store-memory/index.js'
import trackerPlugin from '../../plugins/tracker/index.js'
import udpPlugin from '../../plugins/tracker-udp/index.js'
import { loadPlugin, ManualClock } from '../conformance/index.js'
import { directNames, DirectDatagrams, ipOf, ThreadedDatagrams } from '../plugins/tracker-nets.js'
import { REASON, REFUSED, refusalPolicy } from './portable-refusal.js'
import type { UdpConnectionId } from '../../core/protocol/tracker-udp-client.js'

const RUNS = Number(process.env['FUZZ_CASES'] ?? 100)
/** The first three share a network. */
const people = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '198.51.100.4', '2001:db8:1::5', '2001:db8:2::6'].map(ipOf)
const networkOf = (who: number): number => Math.max(0, who - 2)
const hashes = [1, 2, 3, REFUSED].map(byte => new Uint8Array(20).fill(byte))
const MOST_PORTS = 2
const RATE = 5
const BURST_SECONDS = 2
const VALID_SECONDS = 120
const none = new Uint8Array(0)

const who = fc.nat(people.length - 1)
const id = fc.constantFrom('own', 'own', 'own', 'own', 'theirs', 'magic', 'random')
const hash = fc.nat(hashes.length - 1)
const op = fc.oneof(
  { weight: 2, arbitrary: fc.record({ op: fc.constant('connect' as const), who }) },
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant('announce' as const),
      who,
      id,
      hash,
      port: fc.constantFrom(1, 1, 2, 3, 0),
      left: fc.nat(1),
      event: fc.constantFrom(0, 0, 1, 2, 3, 3, 4, 5, 0xffffffff),
      want: fc.constantFrom(-1, 0, 1, 3, 0x7fffffff),
      tail: fc.constantFrom<readonly number[]>([], [], [0], [1, 0], [2, 1, 0x61], [2, 9, 1], [7]),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('scrape' as const),
      who,
      id,
      hashes: fc.array(hash, { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('junk' as const),
      who,
      bytes: fc.uint8Array({ maxLength: 120 }),
      cut: fc.nat(97),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('time' as const), seconds: fc.constantFrom(0.3, 1, 20, 61) }) },
)
type Op = typeof op extends fc.Arbitrary<infer T> ? T : never
type Announce = Extract<Op, { op: 'announce' }>

class Model {
  readonly ids = new Map<number, { readonly id: UdpConnectionId; readonly second: number }>()
  private readonly swarms = new Map<string, Map<string, { readonly seeder: boolean; readonly who: number }>>()
  private readonly completed = new Map<string, number>()

  swarm(of: number, by: number): Map<string, { readonly seeder: boolean; readonly who: number }> {
    const key = keyOf(of, by)
    const found = this.swarms.get(key) ?? new Map<string, { seeder: boolean; who: number }>()
    this.swarms.set(key, found)
    return found
  }

  /** Whether it is over the cap on an address. */
  crowded({ hash: of, who: by, port, event }: Announce): boolean {
    const swarm = this.swarm(of, by)
    const mine = [...swarm.values()].filter(one => one.who === by).length
    return event !== 3 && !swarm.has(nameOf(by, port)) && mine >= MOST_PORTS
  }

  take({ hash: of, who: by, port, left, event }: Announce): void {
    const swarm = this.swarm(of, by)
    const name = nameOf(by, port)
    const known = swarm.get(name)
    if (event === 3) {
      swarm.delete(name)
      // With its last peer a torrent is forgotten, and what was counted of it.
      if (swarm.size === 0) this.completed.delete(keyOf(of, by))
      return
    }
    if (event === 1 && left === 0 && known?.seeder === false) {
      this.completed.set(keyOf(of, by), (this.completed.get(keyOf(of, by)) ?? 0) + 1)
    }
    swarm.set(name, { seeder: left === 0, who: by })
  }

  counts(of: number, by: number): { seeders: number; leechers: number; completed: number } {
    const all = [...this.swarm(of, by).values()]
    const seeders = all.filter(one => one.seeder).length
    return { seeders, leechers: all.length - seeders, completed: this.completed.get(keyOf(of, by)) ?? 0 }
  }
}

const familyOf = (by: number): 4 | 6 => ((people[by] ?? none).length === 4 ? 4 : 6)
const keyOf = (of: number, by: number): string => `${familyOf(by)}/${of}`
const nameOf = (by: number, port: number): string => formatEndpoint(endpointOf(people[by] ?? none, port))

async function load(io: 'dgram' | 'mmsg', rate: number) {
  const clock = new ManualClock()
  const host = { clock }
  const store = await loadPlugin(storePlugin, { memoryMiB: 16 }, [], { host })
  const options = { maxPeersPerAddress: MOST_PORTS, ratePerPrefix: rate, peerTimeoutSeconds: 600_000 }
  const given = [
    [SwarmStores, store.provided(SwarmStores)],
    [AnnouncePolicies, refusalPolicy],
  ] as const
  const tracker = await loadPlugin(trackerPlugin, options, given, { host })
  const [direct, threaded] = [new DirectDatagrams(), new ThreadedDatagrams()]
  const udp = await loadPlugin(
    udpPlugin,
    { listen: '[::]:0', io, threads: 2 },
    [
      [Tracker, tracker.provided(Tracker)],
      [Datagrams, direct],
      [BatchedDatagrams, threaded],
      [NameLookup, directNames],
    ],
    { host },
  )
  return {
    clock,
    net: io === 'dgram' ? direct : threaded,
    async stop() {
      await udp.stop()
      await tracker.stop()
      await store.stop()
    },
  }
}

async function play(ops: readonly Op[], io: 'dgram' | 'mmsg', rate: number): Promise<void> {
  const { clock, net, stop } = await load(io, rate)
  const model = new Model()
  const began = clock.now()
  const answered = [0, 0, 0, 0]
  let transaction = 1
  const ask = (packet: Uint8Array, by: number): Promise<Uint8Array | null> => {
    net.now = clock.now()
    return net.ask(packet.slice(), endpointOf(people[by] ?? none, 5000))
  }
  const idFor = (kind: string, by: number): { id: UdpConnectionId; good: boolean } => {
    if (kind === 'magic') return { id: { high: 0x417, low: 0x27101980 }, good: false }
    const mine = model.ids.get(kind === 'theirs' ? (by + 1) % people.length : by)
    if (kind === 'random' || mine === undefined) return { id: { high: transaction * 77, low: 12_345 }, good: false }
    const age = Math.floor(clock.now() / 1000) - mine.second
    return { id: mine.id, good: kind === 'own' && age <= VALID_SECONDS }
  }
  /** Under a right id there is an answer, but where a network asks too fast; then nothing must have come of it. */
  const paced = (by: number, reply: Uint8Array | null): reply is Uint8Array => {
    if (reply === null) {
      expect(rate, 'silence under a right id').to.be.greaterThan(0)
      return false
    }
    const network = networkOf(by)
    answered[network] = (answered[network] ?? 0) + 1
    const most = rate * (BURST_SECONDS + (clock.now() - began) / 1000) + 1
    if (rate > 0) expect(answered[network], 'faster than its network may').to.be.at.most(most)
    return true
  }
  for (const one of ops) {
    transaction++
    if (one.op === 'time') await clock.advance(one.seconds * 1000)
    else if (one.op === 'junk') {
      const packet = new Uint8Array(98)
      writeUdpAnnounce(packet, idFor('own', one.who).id, transaction, fieldsOf(), none)
      expect(await ask(packet.subarray(0, one.cut), one.who)).to.equal(null)
      const reply = await ask(one.bytes, one.who)
      expect(reply?.length ?? 0).to.be.at.most(one.bytes.length)
    } else if (one.op === 'connect') {
      const packet = new Uint8Array(16)
      writeUdpConnect(packet, transaction)
      const got = readUdpConnectReply((await ask(packet, one.who)) ?? none)
      if (got === null) throw new Error('no connection id')
      model.ids.set(one.who, { id: got, second: Math.floor(clock.now() / 1000) })
    } else if (one.op === 'scrape') {
      const packet = new Uint8Array(16 + 20 * one.hashes.length)
      const wanted = one.hashes.map(of => hashes[of] ?? none)
      const { id: used, good } = idFor(one.id, one.who)
      writeUdpScrape(packet, used, transaction, wanted)
      const reply = await ask(packet, one.who)
      if (!good) expect(reply).to.equal(null)
      else if (paced(one.who, reply)) {
        expect(readUdpScrapeReply(reply, wanted.length)).to.deep.equal(one.hashes.map(of => model.counts(of, one.who)))
      }
    } else {
      const { id: used, good } = idFor(one.id, one.who)
      const packet = new Uint8Array(98 + one.tail.length)
      writeUdpAnnounce(packet, used, transaction, fieldsOf(one), none)
      writeU32(packet, 80, one.event)
      packet.set(one.tail, 98)
      const reply = await ask(packet, one.who)
      if (!good) expect(reply).to.equal(null)
      else judge(one, reply, model, paced)
    }
  }
  await stop()
}

function fieldsOf(one?: Announce): Parameters<typeof writeUdpAnnounce>[3] {
  const infoHash = hashes[one?.hash ?? 0] ?? none
  const { left = 1, want: numWant = 1, port = 1 } = one ?? {}
  return { infoHash, peerId: infoHash, event: 0, left, uploaded: 0, downloaded: 0, numWant, key: 0, port }
}

function judge(
  one: Announce,
  reply: Uint8Array | null,
  model: Model,
  paced: (by: number, reply: Uint8Array | null) => reply is Uint8Array,
): void {
  const malformed = one.event > 4 || one.port === 0 || one.tail.join() === '2,9,1' || one.tail.join() === '7'
  if (malformed) {
    // Told without asking how fast they come: it costs no more than silence.
    if (reply === null) throw new Error('no answer to a malformed announce')
    expect(udpReplyAction(reply)).to.equal(UdpAction.Error)
    return
  }
  if (!paced(one.who, reply)) return
  expect(reply.length).to.be.at.most(1232)
  const error = udpReplyAction(reply) === UdpAction.Error ? readUdpError(reply) : null
  if (hashes[one.hash]?.[0] === REFUSED) return void expect(error).to.equal(REASON)
  const others = [...model.swarm(one.hash, one.who)].filter(([name]) => name !== nameOf(one.who, one.port))
  if (model.crowded(one)) return void expect(error).to.match(/address/)
  expect(error).to.equal(null)
  model.take(one)
  const told = readUdpAnnounceReply(reply, familyOf(one.who))
  if (told === null) throw new Error('no announce reply')
  const { seeders, leechers } = model.counts(one.hash, one.who)
  expect([told.seeders, told.leechers]).to.deep.equal([seeders, leechers])
  if (one.event === 3) return
  const mates = others.filter(([, mate]) => one.left > 0 || !mate.seeder).map(([name]) => name)
  expect(mates).to.include.members(told.peers.map(formatEndpoint))
  expect(told.peers.length).to.equal(Math.min(one.want < 0 ? 50 : one.want, mates.length))
}

describe('fuzz: a whole answerer', function () {
  this.timeout(60_000)
  for (const io of ['dgram', 'mmsg'] as const) {
    for (const rate of [0, RATE]) {
      const pace = rate === 0 ? 'as fast as they like' : `${rate} a second for each network`
      it(`does what a model does, ${io === 'dgram' ? 'on the main thread' : 'in two threads'}, ${pace}`, () =>
        fc.assert(
          fc.asyncProperty(fc.array(op, { minLength: 20, maxLength: 120 }), ops => play(ops, io, rate)),
          { numRuns: RUNS },
        ))
    }
  }
})
