// What must be survived by UDP (S-20 to S-27), over real sockets, against whole nodes, with every kind of I/O.
import { expect } from 'chai'
import { formatEndpoint } from '../../core/base/address.js'
import { writeU32 } from '../../core/base/bytes.js'
import { MetricSources } from '../../core/contracts/index.js'
import { readUdpAnnounceReply, udpReplyAction } from '../../core/protocol/tracker-udp-client.js'
import { UdpAction } from '../../core/protocol/tracker-udp.js'
import { HostilePackets } from '../bench/hostile/packets.js'
import { infoHash } from '../conformance/index.js'
import { escaped, overHttp } from './raw-http.js'
import { bytesOf, TrackerBed, type UdpPeer } from './tracker-bed.js'
import { everyIo, unusableIo } from './tracker-io.js'
import type { UdpAnnounceReply, UdpConnectionId } from '../../core/protocol/tracker-udp-client.js'

const DAY_MS = 86_400_000

for (const io of everyIo) {
  describe(`hostile UDP, io ${io}`, () => {
    let bed: TrackerBed
    let peer: UdpPeer
    let other: UdpPeer
    let six: UdpPeer
    before(async function () {
      if ((await unusableIo(io)) !== null) this.skip()
    })
    beforeEach(async () => {
      bed = await TrackerBed.start({ io })
      ;[peer, other, six] = [await bed.udp('127.0.0.2'), await bed.udp('127.0.0.3'), await bed.udp('::1')]
    })
    afterEach(() => bed.stop())

    const both = (of: UdpPeer, id: UdpConnectionId): readonly Uint8Array[] => [
      of.packet(id),
      of.scrapePacket(id, [infoHash(1), infoHash(2)]),
    ]

    it('S-20 (a): announces and scrapes under the magic, zero, an inverted id or that of another address get no reply', async () => {
      for (const [mine, theirs] of [
        [peer, await other.connect()],
        [six, await peer.connect()],
        [peer, await six.connect()],
      ] as const) {
        const own = await mine.connect()
        const wrong = [
          { high: 0x417, low: 0x27101980 },
          { high: 0, low: 0 },
          { high: 0xffffffff, low: 0xffffffff },
          { high: ~own.high >>> 0, low: ~own.low >>> 0 },
          { high: ~own.high >>> 0, low: own.low },
          theirs,
        ]
        for (const id of wrong) expect(await mine.told(...both(mine, id)), JSON.stringify(id)).to.deep.equal([])
        expect(await mine.told(...both(mine, own))).to.have.length(2)
      }
      expect(await peer.scrape(infoHash(1))).to.deep.equal([{ seeders: 0, leechers: 1, completed: 0 }])
    })

    it('S-20 (b): an id older than 120 s is refused, one of 59 s is not', async () => {
      for (const one of [peer, six]) {
        for (const [seconds, replies] of [
          [0, 2],
          [59, 2],
          [119, 2],
          [122, 0],
          [300, 0],
          [65_536, 0],
          // From a clock that is ahead of ours.
          [-30, 0],
        ] as const) {
          const told = await one.told(...both(one, await bed.formerId(one, seconds)))
          expect(told, `${seconds} s, ${one.address}`).to.have.length(replies)
        }
      }
    })

    it('S-20 (c): ids outlive jumps of the wall clock, either way, and are given after them as before', async () => {
      const id = await peer.connect()
      const real = Date.now
      try {
        for (const jump of [DAY_MS, -DAY_MS, 3_600_000, -3_600_000, 0]) {
          bed.jump = jump
          Date.now = () => real() + jump
          expect(await peer.told(...both(peer, id)), `a jump of ${jump} ms`).to.have.length(2)
          expect(await peer.told(...both(peer, await peer.connect()))).to.have.length(2)
        }
      } finally {
        Date.now = real
      }
    })

    it('S-20 (d): each start has a secret of its own, from the system: ids of one node are nothing to another', async () => {
      const second = await TrackerBed.start({ io })
      try {
        const there = await second.udp(peer.address)
        const id = await peer.connect()
        expect(await there.told(...both(there, id))).to.deep.equal([])
        expect(await peer.told(...both(peer, id))).to.have.length(2)
        // Both hang on 16 bytes of entropy, or `formerId` would not find them.
        expect(await bed.formerId(peer, 1)).to.not.deep.equal(await second.formerId(there, 1))
      } finally {
        await second.stop()
      }
    })

    it('S-20 (e): two addresses get different ids, in all that is not the time', async () => {
      const third = await bed.udp('127.0.0.66')
      const ids = await Promise.all([peer, other, third, six].map(async one => bytesOf(await one.connect())))
      const heads = ids.map(id => id.subarray(0, 6).join())
      expect(new Set(heads).size).to.equal(ids.length)
    })

    it('S-21 (a): nothing longer than what came goes to who has no id', async function () {
      this.timeout(20_000)
      const mix = new HostilePackets(11)
      const stolen = await other.connect()
      for (let round = 0; round < 40; round++) {
        const packets = Array.from({ length: 50 }, () => mix.bytes.slice(0, mix.stranger(stolen)))
        const connects = packets.filter(
          bytes => bytes.length >= 16 && bytes.subarray(0, 8).join() === '0,0,4,23,39,16,25,128',
        )
        const told = await peer.told(...packets)
        for (const reply of told) expect([reply.length, udpReplyAction(reply)]).to.deep.equal([16, UdpAction.Connect])
        expect(told.length).to.be.at.most(connects.length)
      }
    })

    it('S-21 (b): errors are told under right ids only', async () => {
      const own = await peer.connect()
      for (const [id, replies] of [
        [await other.connect(), 0],
        [own, 1],
      ] as const) {
        const told = await peer.told(peer.packet(id, { port: 0 }))
        expect(told.map(udpReplyAction)).to.deep.equal(Array(replies).fill(UdpAction.Error))
      }
    })

    it('S-21 (c): replies have 1,232 bytes at most: 200 IPv4 or 67 IPv6 peers', async function () {
      this.timeout(20_000)
      for (const one of [peer, six]) {
        const id = await one.connect()
        for (let port = 1; port <= 300; port += 50) {
          await one.told(...Array.from({ length: 50 }, (_, i) => one.packet(id, { port: port + i })))
        }
        const [reply = new Uint8Array(0)] = await one.told(one.packet(id, { numWant: 0x7fffffff, port: 999 }))
        expect(reply.length).to.be.at.most(1232)
        expect(readUdpAnnounceReply(reply, one.family)?.peers).to.have.length(one.family === 4 ? 200 : 67)
      }
    })

    it('S-22 (a, b): 97 bytes of an announce, 15 of anything, and all that is shorter get no reply', async () => {
      const whole = peer.packet(await peer.connect())
      const parts = Array.from({ length: 98 }, (_, length) => whole.slice(0, length))
      expect(await peer.told(...parts)).to.deep.equal([])
      const scrape = peer.scrapePacket(await peer.connect(), [infoHash(1)])
      expect(await peer.told(...Array.from({ length: 36 }, (_, length) => scrape.slice(0, length)))).to.deep.equal([])
    })

    it('S-22 (c): an action that is none gets no reply, however right the id', async () => {
      const id = await peer.connect()
      const packets = [0, 3, 4, 5, 255, 0x01000000, 0x80000001, 0xffffffff].map(action => {
        const packet = peer.packet(id)
        writeU32(packet, 8, action)
        return packet
      })
      expect(await peer.told(...packets)).to.deep.equal([])
    })

    it('S-22 (d): 2,000 bytes, and as many as a datagram holds, get no reply', async () => {
      for (const length of [1501, 1601, 2000, 9000, 65_000]) {
        const packet = new Uint8Array(length)
        packet.set(peer.packet(await peer.connect()))
        expect(await peer.told(packet), `${length} bytes`).to.deep.equal([])
      }
    })

    it('S-22 (e): bytes after the 98 of an announce are allowed', async () => {
      const plain = peer.packet(await peer.connect())
      for (const tail of [[0], [1, 1, 0, 9, 9], [2, 3, 0x2f, 0x61, 0x62], Array<number>(1000).fill(0)]) {
        const [reply] = await peer.told(Uint8Array.of(...plain, ...tail))
        expect(reply === undefined ? 'none' : udpReplyAction(reply)).to.equal(UdpAction.Announce)
      }
    })

    it('S-22 (f): what gets no reply is counted', async () => {
      const before = failures(bed)
      const id = await peer.connect()
      await peer.told(peer.packet(id).slice(0, 97), peer.packet({ high: 1, low: 2 }), new Uint8Array(15))
      const after = failures(bed)
      expect(after.malformed - before.malformed).to.equal(2)
      expect(after.badIds - before.badIds).to.equal(1)
    })

    it('S-23 (a): ten thousand bad ids leave no line in the log, and no answer', async () => {
      const packets = Array.from({ length: 100 }, (_, i) => peer.packet({ high: i, low: i }))
      for (let i = 0; i < 100; i++) expect(await peer.told(...packets)).to.deep.equal([])
      expect(bed.lines).to.deep.equal([])
      expect((await told(peer.announce())).leechers).to.equal(1)
    })

    it('S-24 (a): the address that a packet claims is in no list of peers', async () => {
      for (const [mine, friend] of [
        [peer, other],
        [six, await bed.udp('::1')],
      ] as const) {
        const packet = mine.packet(await mine.connect(), { port: 7001 })
        writeU32(packet, 84, 0x09090909)
        await mine.told(packet)
        const { peers } = await told(friend.announce({ port: 7002, numWant: 200 }))
        expect(peers.map(formatEndpoint)).to.deep.equal([mine.family === 4 ? '127.0.0.2:7001' : '[::1]:7001'])
      }
    })

    it('S-27 (a): a scrape counts 74 hashes, whatever it names', async () => {
      const id = await peer.connect()
      for (const count of [74, 75]) {
        const hashes = Array.from({ length: count }, (_, i) => infoHash(i))
        const replies = await peer.told(peer.scrapePacket(id, hashes))
        for (const reply of replies) expect(reply.length).to.equal(8 + 12 * 74)
        // 75 hashes make 1,516 bytes, which is more than any request of ours has.
        expect(replies).to.have.length(count === 74 ? 1 : 0)
      }
    })

    it('one peer is one, by whatever way its address comes', async () => {
      await told(peer.announce({ port: 6881 }))
      const query = `info_hash=${escaped(infoHash(1))}&peer_id=${'x'.repeat(20)}&port=6881&left=1`
      const reply = await overHttp(bed.port('http:'), `/announce?${query}`, peer.address)
      expect(reply).to.include('10:incompletei1e')
      expect((await told(other.announce())).peers.map(formatEndpoint)).to.deep.equal(['127.0.0.2:6881'])
    })
  })

  describe(`hostile UDP at the caps, io ${io}`, () => {
    const caps = { maxSwarms: 40, maxPeers: 100, maxPeersPerAddress: 10 }
    let bed: TrackerBed
    let peer: UdpPeer
    before(async function () {
      if ((await unusableIo(io)) !== null) this.skip()
    })
    beforeEach(async () => {
      bed = await TrackerBed.start({ io, tracker: caps })
      peer = await bed.udp('127.0.0.2')
    })
    afterEach(() => bed.stop())

    it('S-26 (a): at the cap on torrents a new one is refused with a reason, those there go on', async () => {
      for (let i = 0; i < caps.maxSwarms; i++)
        expect((await told(peer.announce({ infoHash: infoHash(i) }))).leechers).to.equal(1)
      expect(await peer.announce({ infoHash: infoHash(1000) })).to.be.a('string')
      const friend = await bed.udp('127.0.0.3')
      expect((await told(friend.announce({ infoHash: infoHash(7) }))).leechers).to.equal(2)
    })

    it('S-26 (b): one address has so many ports in a torrent and no more, and keeps nobody else out', async () => {
      for (let port = 1; port <= caps.maxPeersPerAddress; port++) await told(peer.announce({ port }))
      expect(await peer.announce({ port: 500 })).to.be.a('string')
      const friend = await bed.udp('127.0.0.3')
      expect((await told(friend.announce())).leechers).to.equal(caps.maxPeersPerAddress + 1)
      // Of IPv6 the whole /64 is one address.
      const six = await bed.udp('::1')
      for (let port = 1; port <= caps.maxPeersPerAddress; port++) await told(six.announce({ port }))
      expect(await six.announce({ port: 500 })).to.be.a('string')
    })

    it('S-26 (c): at the cap on peers a new one is refused with a reason, those there go on', async () => {
      for (let i = 0; i < caps.maxPeers; i++) {
        await told(peer.announce({ infoHash: infoHash(i % 10), port: 1 + Math.floor(i / 10) }))
      }
      const friend = await bed.udp('127.0.0.3')
      expect(await friend.announce({ infoHash: infoHash(1) })).to.be.a('string')
      expect((await told(peer.announce({ infoHash: infoHash(1), port: 1, left: 0 }))).seeders).to.equal(1)
      await told(peer.announce({ infoHash: infoHash(2), port: 2, event: 3 }))
      expect((await told(friend.announce({ infoHash: infoHash(1) }))).leechers).to.equal(10)
    })

    it('S-26 (d): a torrent that nobody is in any more makes room', async () => {
      for (let round = 0; round < 5; round++) {
        for (let i = 0; i < caps.maxSwarms; i++) await told(peer.announce({ infoHash: infoHash(100 * round + i) }))
        for (let i = 0; i < caps.maxSwarms; i++) {
          await told(peer.announce({ infoHash: infoHash(100 * round + i), event: 3 }))
        }
      }
    })

    it('S-26 (e): a scrape makes no torrent', async () => {
      for (let i = 0; i < 20; i++) {
        await peer.scrape(...Array.from({ length: 74 }, (_, k) => infoHash(5000 + 74 * i + k)))
      }
      for (let i = 0; i < caps.maxSwarms; i++) await told(peer.announce({ infoHash: infoHash(i) }))
    })
  })
}

async function told(answer: Promise<UdpAnnounceReply | string>): Promise<UdpAnnounceReply> {
  const reply = await answer
  if (typeof reply === 'string') throw new Error(`refused: ${reply}`)
  return reply
}

function failures(bed: TrackerBed): { readonly malformed: number; readonly badIds: number } {
  const counts = new Map<string, number>()
  for (const metric of bed.kernel.find(MetricSources).flatMap(source => source.metrics)) {
    if (metric.name !== 'failures_total') continue
    metric.read((value, protocol, reason) => {
      if (protocol === 'udp') counts.set(reason ?? '', value)
    })
  }
  return { malformed: counts.get('malformed') ?? NaN, badIds: counts.get('bad_id') ?? NaN }
}
