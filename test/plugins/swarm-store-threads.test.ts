import { expect } from 'chai'
import { createRandom } from '../../core/base/random.js'
import { silentLogger } from '../../core/base/log.js'
import { open as openInThread } from '../../plugins/swarm-store-memory/in-thread.js'
import { MemoryStore } from '../../plugins/swarm-store-memory/memory-store.js'
import { ManualClock, register, swarmStoreCases } from '../conformance/index.js'
import { SwarmDesk, WIDE_LIMITS } from '../conformance/swarm-desk.js'
import { said, startWorker, StoreInThread, TwoOpeners } from './swarm-store-in-thread.js'
import type { AnnounceReply, AnnounceRequest } from '../../core/contracts/swarm-store.js'
import type { WorkerTask } from './swarm-store-worker.js'

const host = { clock: new ManualClock(), random: createRandom(1), entropy: createRandom(2) }
const create = (): MemoryStore => MemoryStore.create(64 * 2 ** 20, true, host)

register(
  'swarm-store-memory in a thread: contract',
  swarmStoreCases(
    () => StoreInThread.open(create()),
    async store => {
      await (store as StoreInThread).close()
      expect(((store as StoreInThread).main as MemoryStore).check()).to.deep.equal([])
    },
  ),
)
register(
  'swarm-store-memory opened twice: contract',
  swarmStoreCases(() => {
    const first = create()
    const place = { ...host, number: 0, log: silentLogger, open: () => Promise.reject(new Error('nothing to open')) }
    return new TwoOpeners([first, openInThread(first.inThread?.data, place)])
  }),
)

/** 30 swarms of ten peers, and one of 3,000. */
async function filled(): Promise<{ store: MemoryStore; desk: SwarmDesk }> {
  const store = create()
  const desk = new SwarmDesk(store)
  for (let n = 0; n < 300; n++) await desk.announce({ hash: n % 30, peer: n, left: n % 2 })
  for (let n = 0; n < 3000; n++) await desk.announce({ hash: 99, peer: n, left: n % 2 })
  return { store, desk }
}

/** A thread that stops in the middle of a change of swarm 1, and is ended. */
async function diesIn(store: MemoryStore, task: WorkerTask['task']): Promise<void> {
  const worker = startWorker(store, 3, task)
  expect(await said(worker)).to.equal('stopped')
  await worker.terminate()
}

describe('swarm-store-memory and its threads', () => {
  it('cannot be opened in threads where its memory is private', () => {
    const store = MemoryStore.create(8 * 2 ** 20, false, host)
    expect(store.inThread).to.equal(undefined)
  })

  it('stays right while threads announce, stop and scrape, and the main thread sweeps, walks and asks', async function () {
    this.timeout(30_000)
    const store = create()
    store.limit({ ...WIDE_LIMITS, peerTimeoutSeconds: 1000, maxPeers: 9000 })
    const workers = [1, 2, 3].map(number => startWorker(store, number, 'hammer'))
    let running = true
    const ends = Promise.all(workers.map(said)).finally(() => (running = false))
    let cursor = 0
    let most = 0
    for (let round = 0; running; round++) {
      // Peers of the first hundreds of seconds are dead to this sweep.
      store.sweep(1300, 0.05)
      cursor = store.walk(
        cursor,
        0,
        hash => void store.scrape(hash, 4, { seeders: 0, leechers: 0, completed: 0, partialSeeds: 0 }),
      )
      most = Math.max(most, store.totals().peers)
      if (round % 64 === 0) expect(store.check()).to.deep.equal([])
      await new Promise(resolve => setImmediate(resolve))
    }
    for (const refused of await ends) {
      for (const one of refused as { kind?: string }[]) expect(one.kind, JSON.stringify(one)).to.equal('full')
    }
    expect(most).to.be.within(1000, 9000)
    expect(store.check()).to.deep.equal([])
    expect(store.totals().refusedBusy).to.equal(0)
    while (store.sweep(5000 - 3000, 5));
    expect(store.check()).to.deep.equal([])
  })

  it('refuses, and counts, what a dead thread keeps, and has it back when told', async function () {
    this.timeout(10_000)
    const { store, desk } = await filled()
    await diesIn(store, 'stop holding')
    expect(await desk.ask({ hash: 1, peer: 5000 })).to.match(/busy/)
    expect(store.totals().refusedBusy).to.equal(1)
    expect((await desk.announce({ hash: 2, peer: 2 })).seeders).to.equal(9)
    store.threadEnded(2)
    expect(await desk.ask({ hash: 1, peer: 5000 })).to.match(/busy/)
    store.threadEnded(3)
    desk.totals(31, 3300)
    expect((await desk.announce({ hash: 1, peer: 5000 })).leechers).to.equal(11)
    expect(store.check()).to.deep.equal([])
  })

  it('refuses at once what an exception left to be mended, and has it back with the next sweep', async () => {
    const { store, desk } = await filled()
    const fault = (): never => {
      throw new Error('a fault of ours')
    }
    const faulty = Object.assign(Object.create(store) as MemoryStore, {
      announce(request: AnnounceRequest, now: number, reply: AnnounceReply) {
        return store.announce(Object.defineProperty(request, 'left', { get: fault }), now, reply)
      },
    })
    const thrown: unknown = await new SwarmDesk(faulty).ask({ hash: 1, peer: 5000 }).catch((error: unknown) => error)
    expect(thrown).to.have.property('message', 'a fault of ours')
    const { wait } = Atomics
    let sleeps = 0
    try {
      Object.assign(Atomics, { wait: () => (sleeps++, 'timed-out') })
      expect(await desk.ask({ hash: 1, peer: 5000 })).to.match(/busy/)
      expect((await desk.scrape(1)).found).to.equal(false)
    } finally {
      Object.assign(Atomics, { wait })
    }
    expect([sleeps, store.totals().refusedBusy]).to.deep.equal([0, 2])
    while (store.sweep(desk.now, 5));
    expect((await desk.announce({ hash: 1, peer: 5000 })).leechers).to.equal(11)
    expect(store.check()).to.deep.equal([])
  })

  it('drops a swarm that a dead thread left half changed, and nothing else', async () => {
    const { store, desk } = await filled()
    await diesIn(store, 'stop moving')
    store.threadEnded(3)
    expect(store.check()).to.deep.equal([])
    desk.totals(30, 3290)
    expect((await desk.scrape(1)).found).to.equal(false)
    expect((await desk.announce({ hash: 1, peer: 1 })).leechers).to.equal(1)
    expect((await desk.scrape(99)).seeders).to.equal(1500)
    expect(store.check()).to.deep.equal([])
  })

  it('makes the lists of free memory anew that a dead thread left in pieces', async () => {
    const { store, desk } = await filled()
    await diesIn(store, 'stop allocating')
    store.threadEnded(3)
    expect(store.check()).to.deep.equal([])
    desk.totals(31, 3300)
    for (let n = 3000; n < 6000; n++) await desk.announce({ hash: 99, peer: n })
    expect(store.check()).to.deep.equal([])
  })
})
