// What every tracker server must do, whatever its wire: carry an announce to the TrackerService and its answer back.
// The provider of a server brings a client for its own wire.
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { formatEndpoint } from '../../core/base/address.js'
import { toHex } from '../../core/base/bytes.js'
import { AnnounceEvent } from '../../core/contracts/swarm-store.js'
import { infoHash } from './swarm-desk.js'
import type { Endpoint } from '../../core/base/address.js'
import type { Later } from '../../core/base/later.js'
import type {
  AnnounceReply,
  AnnounceRequest,
  Refusal,
  Refused,
  ScrapeVisit,
  TrackerCounts,
  TrackerServer,
  TrackerService,
} from '../../core/contracts/index.js'
import type { ConformanceCase } from './case.js'

export interface ClientAnnounce {
  readonly infoHash: Uint8Array
  readonly peerId: Uint8Array
  readonly port: number
  readonly event: AnnounceEvent
  readonly left: number
  readonly uploaded: number
  readonly downloaded: number
  readonly key: number
  /** Negative: not said. */
  readonly numWant: number
}

export interface ClientAnswer {
  readonly interval: number
  readonly seeders: number
  readonly leechers: number
  readonly peers: readonly Endpoint[]
}

export interface ServerUnderTest {
  readonly server: TrackerServer
  /** Announces from the address of that family that `addresses` names; a text is the reason of a failure. */
  announce(announce: ClientAnnounce, family: 4 | 6): Promise<ClientAnswer | string>
  /** One entry a hash; null for what was left out. */
  scrape(hashes: readonly Uint8Array[], family: 4 | 6): Promise<ReadonlyArray<TrackerCounts | null> | string>
  /** Where the client's announces come from. */
  readonly addresses: Readonly<Record<4 | 6, Uint8Array>>
  /** `ready` until here: what the server was given to listen on is free again afterwards. */
  close(): Promise<void>
}

/** Answers as it is told, and remembers what it was asked. */
class Script implements TrackerService {
  readonly announces: (AnnounceRequest & { numWant: number })[] = []
  readonly scrapes: { hashes: string[]; family: number }[] = []
  refusal: Refusal | null = null
  late = false
  peers: Record<4 | 6, Uint8Array> = { 4: new Uint8Array(0), 6: new Uint8Array(0) }
  room = 0

  announce(request: AnnounceRequest, reply: AnnounceReply): null | Refusal | Later<AnnounceReply | Refused> {
    this.room = reply.peers.length
    const { family, ip, port } = request.from
    this.announces.push({
      infoHash: request.infoHash.slice() as AnnounceRequest['infoHash'],
      peerId: request.peerId.slice() as AnnounceRequest['peerId'],
      from: { family, ip: ip.slice(), port },
      event: request.event,
      left: request.left,
      uploaded: request.uploaded,
      downloaded: request.downloaded,
      numWant: request.numWant,
      key: request.key,
      urlData: null,
    })
    if (this.refusal !== null) return this.late ? later<AnnounceReply | Refused>(this.refusal) : this.refusal
    const peers = this.peers[family]
    if (this.late) return later({ ...filled(), peers, peerBytes: peers.length })
    const { length } = peers
    Object.assign(reply, filled(), { peerBytes: length })
    reply.peers.set(peers)
    return null
  }

  scrape(hashes: readonly Uint8Array[], family: 0 | 4 | 6, visit: ScrapeVisit): null | Later<true> {
    this.scrapes.push({ hashes: hashes.map(toHex), family })
    // The second of several is one that no policy admits.
    const visitAll = (): true => {
      for (let i = 0; i < hashes.length; i++) if (i !== 1) visit(i, 10 + i, 20 + i, 30 + i, 1)
      return true
    }
    if (this.late) return { settle: done => void setImmediate(() => done(visitAll())) }
    visitAll()
    return null
  }

  scrapeAll(): null {
    return null
  }
}

const filled = (): Omit<AnnounceReply, 'peers' | 'peerBytes'> => ({
  interval: 1801,
  minInterval: 61,
  seeders: 3,
  leechers: 70_000,
})

function later<T>(answer: T | string): Later<T> {
  return { settle: done => void setImmediate(() => done(answer)) }
}

const announce: ClientAnnounce = {
  infoHash: infoHash(1),
  peerId: infoHash(2),
  port: 51_413,
  event: AnnounceEvent.Started,
  left: 5_000_000_000,
  uploaded: 7,
  downloaded: 6_000_000_000,
  key: 0x1234abcd,
  numWant: 33,
}

/** `later`: false where the server is asked in threads, in which a service answers at once. */
export function trackerServerCases(
  open: (service: TrackerService) => Promise<ServerUnderTest>,
  { later: mayBeLater = true } = {},
): ConformanceCase[] {
  const test = (name: string, run: (at: ServerUnderTest, script: Script) => Promise<void>): ConformanceCase => ({
    name,
    async run() {
      const script = new Script()
      const at = await open(script)
      try {
        await run(at, script)
      } finally {
        await at.close()
      }
    },
  })
  const cases = [
    test('says under which URLs it is reached', async ({ server }) => {
      ok(server.announceUrls.length > 0)
      for (const text of server.announceUrls) {
        const url = new URL(text)
        ok(Number(url.port) > 0, 'the port that was found, not 0')
        match(url.pathname, /\/announce$/)
      }
      await Promise.resolve()
    }),

    test('hands on every event, and a numwant that was not said as negative', async (at, script) => {
      for (const event of Object.values(AnnounceEvent)) {
        await at.announce({ ...announce, event, numWant: -1 }, 4)
        equal(script.announces.at(-1)?.event, event)
        ok((script.announces.at(-1)?.numWant ?? 0) < 0)
      }
    }),

    test('tells the client why it was refused, and counts a fault of its own as none of the service', async (at, script) => {
      script.refusal = 'not this torrent'
      equal(await at.announce(announce, 4), 'not this torrent')
      script.late = mayBeLater
      equal(await at.announce(announce, 6), 'not this torrent')
      script.refusal = { reason: 'not now', retryMinutes: 3 }
      equal(await at.announce(announce, 4), 'not now')
      script.late = false
      equal(await at.announce(announce, 6), 'not now')
      equal(typeof (await at.announce({ ...announce, port: 0 }, 4)), 'string')
      equal(script.announces.length, 4)
    }),
  ]

  for (const family of [4, 6] as const) {
    for (const late of mayBeLater ? [false, true] : [false]) {
      cases.push(
        test(`carries an IPv${family} announce there and back, answered ${late ? 'later' : 'at once'}`, async (at, script) => {
          const peers = Array.from({ length: 60 }, (_, i): Endpoint => {
            const ip = family === 4 ? Uint8Array.of(10, 1, 2, i) : new Uint8Array(16).fill(0x20).fill(i, 15)
            return { family, ip, port: 1000 + i }
          })
          script.late = late
          script.peers[family] = Uint8Array.from(peers.flatMap(peer => [...peer.ip, peer.port >> 8, peer.port & 0xff]))
          const answer = await at.announce(announce, family)
          if (typeof answer === 'string') throw new Error(`refused: ${answer}`)
          deepEqual([answer.interval, answer.seeders, answer.leechers], [1801, 3, 70_000])
          deepEqual(answer.peers.map(formatEndpoint), peers.map(formatEndpoint))
          const { port, ...rest } = announce
          deepEqual(script.announces, [{ ...rest, from: { family, ip: at.addresses[family], port }, urlData: null }])
          ok(script.room >= (family === 4 ? 200 * 6 : 67 * 18), 'too little room for peers')
        }),
        test(`carries an IPv${family} scrape there and back, answered ${late ? 'later' : 'at once'}`, async (at, script) => {
          script.late = late
          const hashes = [infoHash(5), infoHash(6), infoHash(7)]
          const counts = await at.scrape(hashes, family)
          if (typeof counts === 'string') throw new Error(`refused: ${counts}`)
          deepEqual(counts[0], { seeders: 10, leechers: 30, completed: 20 })
          deepEqual(counts[1] ?? { seeders: 0, leechers: 0, completed: 0 }, { seeders: 0, leechers: 0, completed: 0 })
          deepEqual(counts[2], { seeders: 12, leechers: 32, completed: 22 })
          deepEqual(script.scrapes[0]?.hashes, hashes.map(toHex))
          ok([0, family].includes(script.scrapes[0]?.family ?? -1))
        }),
      )
    }
  }

  if (!mayBeLater) return cases
  cases.push(
    test('keeps apart what is under way at one time', async (at, script) => {
      script.late = true
      script.peers[4] = Uint8Array.of(10, 0, 0, 1, 0, 80)
      const answers = await Promise.all([
        at.announce({ ...announce, port: 1 }, 4),
        at.announce({ ...announce, port: 2 }, 6),
        at.announce({ ...announce, port: 3 }, 4),
      ])
      deepEqual(
        answers.map(answer => (typeof answer === 'string' ? answer : answer.peers.length)),
        [1, 0, 1],
      )
    }),
  )
  return cases
}
