import { expect } from 'chai'
import { AnnounceEvent, isRefusal, reasonOf } from '../../core/contracts/index.js'
import { createRandom } from '../../core/base/random.js'
import { MemoryStore } from '../../plugins/swarm-store-memory/memory-store.js'
import { ManualClock, register, swarmStoreCases } from '../conformance/index.js'
import { WIDE_LIMITS } from '../conformance/swarm-desk.js'
import type { SwarmLimits } from '../../core/contracts/index.js'
import type { InfoHash, PeerId } from '../../core/protocol/ids.js'

const host = { clock: new ManualClock(), random: createRandom(1), entropy: createRandom(2) }
const open = (shared = true): MemoryStore => MemoryStore.create(64 * 2 ** 20, shared, host)

for (const shared of [true, false]) {
  register(
    `swarm-store-memory in ${shared ? 'shared' : 'private'} memory: contract`,
    swarmStoreCases(
      () => open(shared),
      store => {
        expect((store as MemoryStore).check()).to.deep.equal([])
      },
    ),
  )
}

const limits = (over: Partial<SwarmLimits> = {}): SwarmLimits => ({ ...WIDE_LIMITS, ...over })
const hash = new Uint8Array(20).fill(7) as InfoHash

/** One announce, the quick way. */
function announcer(
  store: MemoryStore,
): (ip: Uint8Array, port: number, left: number, event?: AnnounceEvent) => string | null {
  const reply = { interval: 0, minInterval: 0, seeders: 0, leechers: 0, peers: new Uint8Array(3600), peerBytes: 0 }
  return (ip, port, left, event = AnnounceEvent.None) => {
    const answer = store.announce(
      {
        infoHash: hash,
        peerId: new Uint8Array(20) as PeerId,
        from: { family: ip.length === 4 ? 4 : 6, ip, port },
        event,
        left,
        uploaded: 0,
        downloaded: 0,
        numWant: 200,
        key: 0,
        urlData: null,
      },
      0,
      reply,
    )
    return answer === true || !isRefusal(answer) ? null : reasonOf(answer)
  }
}

describe('swarm-store-memory', () => {
  for (const family of [4, 6] as const) {
    it(`keeps every count and index right while an IPv${family} swarm swells and shrinks`, () => {
      const store = open()
      store.limit(limits())
      const announce = announcer(store)
      const random = createRandom(family)
      const known = new Set<number>()
      for (const target of [40, 3, 3000, 1200, 9000, 500, 2500, 20, 1600, 0]) {
        while (known.size !== target) {
          const one =
            known.size < target ? random.below(0x8000) : ([...known][random.below(Math.min(9, known.size))] ?? 0)
          // A few hundred addresses with up to 256 ports each.
          const ip = new Uint8Array(family === 4 ? 4 : 16)
          ip[3] = one & 0x7f
          if (known.size < target) known.add(one)
          else known.delete(one)
          const event = known.has(one) ? AnnounceEvent.None : AnnounceEvent.Stopped
          expect(announce(ip, 1 + (one >> 7), random.below(3), event)).to.equal(null)
        }
        expect(store.check()).to.deep.equal([])
        expect(store.totals().peers).to.equal(target)
      }
      expect(store.totals().swarms).to.equal(0)
    })
  }

  it('takes all ports of one address where the operator allows it', () => {
    const store = open()
    store.limit(limits({ maxPeersPerAddress: 100_000 }))
    const announce = announcer(store)
    const one = Uint8Array.of(192, 0, 2, 1)
    for (let port = 1; port <= 65535; port++) expect(announce(one, port, port & 1)).to.equal(null)
    for (let n = 0; n < 3000; n++) expect(announce(Uint8Array.of(10, 0, n >> 8, n), 5, 1)).to.equal(null)
    expect(store.totals().peers).to.equal(68_535)
    expect(store.check()).to.deep.equal([])
    for (let port = 1; port <= 65535; port++) announce(one, port, 0, AnnounceEvent.Stopped)
    expect(store.totals().peers).to.equal(3000)
    expect(store.check()).to.deep.equal([])
  })

  it('refuses new peers when its memory is full, and goes on with those it has', () => {
    const store = MemoryStore.create(8 * 2 ** 20, true, host)
    store.limit(limits())
    const announce = announcer(store)
    const ip = (n: number): Uint8Array => Uint8Array.of(10, n >> 16, n >> 8, n)
    let admitted = 0
    while (admitted < 2_000_000 && announce(ip(admitted), 80, 1) === null) admitted++
    expect(admitted).to.be.within(200_000, 1_999_999)
    expect(announce(ip(admitted), 80, 1)).to.match(/out of memory/)
    expect(announce(ip(0), 80, 0)).to.equal(null)
    expect(store.check()).to.deep.equal([])
    for (let n = 0; n < admitted; n += 2) announce(ip(n), 80, 0, AnnounceEvent.Stopped)
    expect(store.check()).to.deep.equal([])
    expect(announce(ip(admitted), 80, 1)).to.equal(null)
  })

  it('uses the memory of swarms that are gone again', () => {
    const store = MemoryStore.create(8 * 2 ** 20, true, host)
    store.limit(limits({ peerTimeoutSeconds: 10 }))
    const announce = announcer(store)
    let now = 0
    for (let round = 0; round < 6; round++) {
      for (let n = 0; n < 30_000; n++) {
        new DataView(hash.buffer).setUint32(0, n)
        expect(announce(Uint8Array.of(10, round, n >> 8, n), 80, 1)).to.equal(null)
      }
      expect(store.totals()).to.include({ swarms: 30_000, peers: 30_000 })
      now += 20
      while (store.sweep(now, 5));
      expect(store.totals()).to.include({ swarms: 0, peers: 0 })
      now = 0
    }
    expect(store.check()).to.deep.equal([])
  })

  it('sweeps in slices as short as it is told, while announces go on', () => {
    let time = 0
    // Every look at the clock finds it a millisecond on.
    const clock = Object.assign(new ManualClock(), { now: () => time++ })
    const store = MemoryStore.create(32 * 2 ** 20, true, { ...host, clock })
    store.limit(limits({ peerTimeoutSeconds: 1000 }))
    const announce = announcer(store)
    const into = (swarm: number): void => new DataView(hash.buffer).setUint32(0, swarm)
    for (let n = 0; n < 30_000; n++) {
      into(n % 3 === 0 ? 0 : n)
      announce(Uint8Array.of(10, 1, n >> 8, n), 80, n % 2)
    }
    let slices = 0
    for (; store.sweep(2000, 1); slices++) {
      into(slices % 50)
      announce(Uint8Array.of(10, 2, slices >> 8, slices), 80, 1, AnnounceEvent.Stopped)
      if (slices % 20 === 0) expect(store.check()).to.deep.equal([])
    }
    expect(slices).to.be.greaterThan(20)
    expect(store.totals()).to.include({ swarms: 0, peers: 0 })
    expect(store.check()).to.deep.equal([])
  })
})
