// A thread that opens a store and does with it what it is told: answers, hammers, or stops in the middle of something.
import { parentPort, workerData } from 'node:worker_threads'
import { silentLogger } from '../../core/base/log.js'
import { createRandom } from '../../core/base/random.js'
import { Arena } from '../../plugins/swarm-store-memory/arena.js'
import { FamilyStore } from '../../plugins/swarm-store-memory/family-store.js'
import { Locks } from '../../plugins/swarm-store-memory/locks.js'
import { ALLOCATOR_LOCK, FREE, ORDERS } from '../../plugins/swarm-store-memory/memory.js'
import { infoHash } from '../conformance/swarm-desk.js'
import type { Portable, ThreadPlace } from '../../core/base/portable.js'
import type { AnnounceReply, AnnounceRequest, SwarmStore } from '../../core/contracts/index.js'
import type { InfoHash, PeerId } from '../../core/protocol/ids.js'

export interface WorkerTask {
  readonly store: Portable<SwarmStore>
  readonly number: number
  readonly task: 'answer' | 'hammer' | 'stop holding' | 'stop moving' | 'stop allocating'
}

export type Ask =
  | { readonly announce: AnnounceRequest; readonly now: number; readonly room: number }
  | { readonly scrape: InfoHash; readonly family: 4 | 6 }

const { store: portable, number, task } = workerData as WorkerTask
const random = createRandom(number)
const place: ThreadPlace = {
  number,
  clock: { now: () => performance.now() },
  random,
  log: silentLogger,
  open: openHere,
}

async function openHere<T>(one: Portable<T>): Promise<T> {
  const module = (await import(one.module)) as { open(data: unknown, place: ThreadPlace): T | Promise<T> }
  return module.open(one.data, place)
}

const store = await openHere(portable)
if (task === 'answer') parentPort?.on('message', answer)
else if (task === 'hammer') parentPort?.postMessage(hammer())
else stopInTheMiddle()
if (task === 'answer') parentPort?.postMessage('open')

function answer(ask: Ask): void {
  if ('scrape' in ask) {
    const out = { seeders: 0, leechers: 0, completed: 0, partialSeeds: 0 }
    store.scrape(ask.scrape, ask.family, out)
    parentPort?.postMessage(out)
    return
  }
  const reply = emptyReply(ask.room)
  const answered = store.announce(ask.announce, ask.now, reply)
  parentPort?.postMessage(answered === true ? reply : answered)
}

/** A bounded number of announces, leavings and scrapes of random peers; gives what was refused. */
function hammer(): unknown[] {
  const refused: unknown[] = []
  const reply = emptyReply(1200)
  const out = { seeders: 0, leechers: 0, completed: 0, partialSeeds: 0 }
  for (let i = 0; i < 40_000; i++) {
    // One swarm of many, so that blocks split and join; others small, so that they come and go.
    const hash = random.below(3) === 0 ? 0 : 1 + random.below(400)
    const family = random.below(4) === 0 ? 6 : 4
    if (random.below(10) === 0) store.scrape(infoHash(hash), family, out)
    const stop = i % 4000 > 2500 ? random.below(10) < 7 : random.below(10) < 3
    const request = announceOf(hash, family, random.below(hash === 0 ? 8000 : 12), random.below(3))
    const answered = store.announce({ ...request, event: stop ? 3 : 0 }, random.below(1000), reply)
    if (answered !== true) {
      refused.push(answered)
      continue
    }
    for (let at = 0; at < reply.peerBytes; at += family === 4 ? 6 : 18) {
      if (reply.peers[at] !== (family === 4 ? 10 : 32)) refused.push('bytes that are no peer')
    }
  }
  return refused
}

/** Takes a lock, leaves something half done, says so and never goes on. */
function stopInTheMiddle(): void {
  const memory = portable.data as SharedArrayBuffer
  const locks = new Locks(memory, number)
  const arena = new Arena(memory, locks)
  const family = new FamilyStore(4, arena, locks, () => 0)
  if (task === 'stop holding') {
    const request = announceOf(1, 4, 1, 0)
    store.announce(Object.defineProperty(request, 'left', { get: stopHere }), 0, emptyReply(100))
    return
  }
  locks.take(family.table.seek(infoHash(1)))
  const root = family.table.find()
  family.swarm.look(root)
  // A block that nothing leads to, and a swarm whose counts say more than there is.
  if (task === 'stop moving') {
    arena.alloc(3)
    arena.i32[root + 7]! += 3
    stopHere()
  }
  locks.take(ALLOCATOR_LOCK)
  arena.i32.fill(12_345, FREE, FREE + 4)
  arena.i32[ORDERS] = -1
  stopHere()
}

function stopHere(): number {
  parentPort?.postMessage('stopped')
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

function announceOf(hash: number, family: 4 | 6, peer: number, left: number): AnnounceRequest {
  const ip = family === 4 ? Uint8Array.of(10, 0, peer >> 8, peer) : new Uint8Array(16)
  if (family === 6) ip.set([32, 1, 0, 0, 0, 0, peer >> 8, peer])
  return {
    infoHash: infoHash(hash),
    peerId: new Uint8Array(20) as PeerId,
    from: { family, ip, port: 1 + (peer & 7) },
    event: 0,
    left,
    uploaded: 0,
    downloaded: 0,
    numWant: 50,
    key: 0,
    urlData: null,
  }
}

function emptyReply(room: number): AnnounceReply {
  return { interval: 0, minInterval: 0, seeders: -1, leechers: -1, peers: new Uint8Array(room), peerBytes: -1 }
}
