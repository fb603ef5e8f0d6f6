import { expect } from 'chai'
import { createRandom, shuffle, type Random } from '../../../core/base/random.js'
import { NodeError } from '../../../core/base/errors.js'
import type { ReadJob, TorrentStorage } from '../../../core/contracts/storage.js'
import { BLOCK_LENGTH, pieceGeometry, type PieceGeometry } from '../../../core/protocol/geometry.js'
import { MAX_QUEUED_REQUESTS } from '../../../core/protocol/limits.js'
import { BufferArena } from '../../../core/torrent/buffer-arena.js'
import { ReadAhead } from '../../../core/torrent/read-ahead.js'
import { UploadQueue, type Outlet } from '../../../core/torrent/upload-queue.js'
import { indexOf } from './indexes.js'

const byteAt = (offset: number): number => (offset * 7 + (offset >> 8) * 31 + (offset >> 16)) & 255

/** Reads wait until the test lets them go; each byte tells where it came from. */
class LateStorage implements Pick<TorrentStorage, 'read'> {
  readonly waiting: ReadJob[] = []
  reads = 0
  bytes = 0
  broken = new Set<number>()

  constructor(private readonly geometry: PieceGeometry) {}

  read(job: ReadJob): void {
    this.reads++
    this.bytes += job.into.length
    this.waiting.push(job)
  }

  /** True: one was finished. */
  finish(at = 0): boolean {
    const [job] = this.waiting.splice(at, 1)
    if (job === undefined) return false
    const from = job.piece * this.geometry.pieceLength + job.begin
    for (let i = 0; i < job.into.length; i++) job.into[i] = byteAt(from + i)
    job.done(this.broken.has(job.piece) ? new NodeError('ERR_STORAGE_IO', 'operator', 'broken') : null)
    return true
  }
}

/** A link that takes all and passes it on when told: what lies in the buffers then is what goes out. */
class LateOutlet implements Outlet {
  writable = true
  sent = 0
  total = 0
  readonly rejects: string[] = []
  blocks = 0
  private readonly pending: { readonly at: number; readonly parts: readonly Uint8Array[]; readonly end: number }[] = []

  constructor(
    private readonly geometry: PieceGeometry,
    private readonly room = Infinity,
  ) {}

  block(piece: number, begin: number, length: number, first: Uint8Array, second: Uint8Array | null): number {
    expect(first.length + (second?.length ?? 0)).to.equal(length)
    this.total += 13 + length
    this.pending.push({
      at: piece * this.geometry.pieceLength + begin,
      parts: second === null ? [first] : [first, second],
      end: this.total,
    })
    this.writable = this.pending.length < this.room
    return this.total
  }

  reject(piece: number, begin: number): void {
    this.rejects.push(`${piece}.${begin / BLOCK_LENGTH}`)
  }

  /** Passes on the oldest block, as it is now. */
  pass(): boolean {
    const next = this.pending.shift()
    if (next === undefined) return false
    let at = next.at
    for (const part of next.parts)
      for (const byte of part) if (byte !== byteAt(at++)) throw new Error(`garbage at ${at - 1}`)
    this.sent = next.end
    this.blocks++
    this.writable = true
    return true
  }
}

class Bed {
  readonly geometry
  readonly storage
  readonly arena
  readonly reads
  readonly outlets: LateOutlet[] = []
  readonly queues: UploadQueue[] = []
  readonly lost: number[] = []
  readonly have = new Set<number>()
  uploaded = 0

  constructor(pieces: number, pieceLength: number, bufferBlocks: number, peers = 1, room = Infinity) {
    this.geometry = pieceGeometry(pieces * pieceLength - 100, pieceLength)
    this.storage = new LateStorage(this.geometry)
    this.arena = new BufferArena(bufferBlocks * BLOCK_LENGTH)
    const unused = () => Promise.reject(new Error('not here'))
    this.reads = new ReadAhead(
      this.geometry,
      this.arena,
      {
        read: job => this.storage.read(job),
        write: unused,
        present: unused,
        stamp: unused,
        flush: unused,
        close: unused,
      },
      waiting => {
        for (const peer of waiting) this.queues[peer]?.pump()
      },
      piece => {
        this.lost.push(piece)
        this.have.delete(piece)
        this.reads.forget(piece)
      },
    )
    for (let i = 0; i < pieces; i++) this.have.add(i)
    for (let peer = 0; peer < peers; peer++) {
      const outlet = new LateOutlet(this.geometry, room)
      this.outlets.push(outlet)
      this.queues.push(
        new UploadQueue(
          peer,
          outlet,
          this.geometry,
          this.reads,
          piece => this.have.has(piece),
          bytes => (this.uploaded += bytes),
        ),
      )
    }
  }

  get queue(): UploadQueue {
    return this.queues[0] ?? raise()
  }

  get outlet(): LateOutlet {
    return this.outlets[0] ?? raise()
  }

  forget(piece: number): void {
    this.reads.forget(indexOf(this.geometry, piece))
  }

  ask(piece: number, k: number, peer = 0): boolean {
    const length = Math.min(
      BLOCK_LENGTH,
      this.geometry.totalLength - piece * this.geometry.pieceLength - k * BLOCK_LENGTH,
    )
    return this.queues[peer]?.push(piece, k * BLOCK_LENGTH, length) === true
  }

  /** Until nothing moves. */
  settle(): void {
    for (let moved = true; moved;) {
      moved = this.storage.finish()
      for (const [i, outlet] of this.outlets.entries()) {
        moved = outlet.pass() || moved
        this.queues[i]?.pump()
      }
    }
  }
}

describe('upload queue and read-ahead', () => {
  it('read an extent once for all the blocks in it, in one job or few', () => {
    const bed = new Bed(4, 8 * BLOCK_LENGTH, 64)
    for (let k = 0; k < 8; k++) bed.ask(0, k)
    for (let k = 0; k < 8; k++) bed.ask(1, k)
    bed.queue.pump()
    bed.settle()
    expect(bed.outlet.blocks).to.equal(16)
    expect(bed.storage.reads).to.equal(2)
    expect(bed.uploaded).to.equal(16 * BLOCK_LENGTH)
    bed.ask(0, 3)
    bed.queue.pump()
    expect(bed.storage.waiting, 'it is still there').to.have.length(0)
    expect(bed.outlet.pass()).to.equal(true)
  })

  it('answer in the order of the requests', () => {
    const bed = new Bed(4, 4 * BLOCK_LENGTH, 64)
    const order: string[] = []
    const { outlet } = bed
    const block = outlet.block.bind(outlet)
    outlet.block = (piece, begin, length, first, second) => {
      order.push(`${piece}.${begin / BLOCK_LENGTH}`)
      return block(piece, begin, length, first, second)
    }
    for (const [piece, k] of [
      [2, 1],
      [0, 0],
      [2, 0],
      [3, 2],
    ] as const)
      bed.ask(piece, k)
    bed.queue.pump()
    while (bed.storage.finish(bed.storage.waiting.length - 1));
    bed.settle()
    expect(order).to.deep.equal(['2.1', '0.0', '2.0', '3.2'])
  })

  it('send a block over the end of an extent in two parts', () => {
    const length = 3 << 20
    const bed = new Bed(2, length, 1024)
    bed.queue.push(0, 0, BLOCK_LENGTH)
    bed.queue.pump()
    bed.settle()
    const begin = (1 << 20) - 5_000
    bed.queue.push(0, begin, BLOCK_LENGTH)
    bed.queue.pump()
    bed.settle()
    expect(bed.outlet.blocks).to.equal(2)
    expect(bed.storage.reads).to.equal(2)
  })

  it('read everything about once for fifty peers that are in different places, though not all of it fits', () => {
    const pieces = 100
    const bed = new Bed(pieces, 64 * BLOCK_LENGTH, 1024, 50, 12)
    const random = createRandom(4)
    const orders = bed.queues.map(() => shuffled(pieces - 1, random).slice(0, 6))
    const pipeline = 64
    const asked = bed.queues.map(() => 0)
    for (let moved = true; moved;) {
      moved = false
      for (const [peer, order] of orders.entries()) {
        const queue = bed.queues[peer] ?? raise()
        while (queue.length < pipeline && asked[peer]! < order.length * 64) {
          const block = asked[peer]!++
          bed.ask(order[block >> 6] ?? raise(), block & 63, peer)
        }
        queue.pump()
        // Each turn the links pass on what they hold; the storage finishes some of its work.
        while (bed.outlets[peer]?.pass()) moved = true
        if (bed.storage.finish()) moved = true
        queue.tick()
      }
    }
    expect(bed.uploaded).to.equal(50 * 6 * 64 * BLOCK_LENGTH)
    const bytes = bed.storage.bytes / bed.uploaded
    expect(bytes, 'bytes read for each byte sent').to.be.below(1.1)
  })

  it('read everything once for fifty peers that go in step', () => {
    const bed = new Bed(13, 4 * BLOCK_LENGTH, 24, 50, 2)
    for (let piece = 0; piece < 12; piece++) {
      for (let peer = 0; peer < 50; peer++) for (let k = 0; k < 4; k++) bed.ask(piece, k, peer)
      for (const queue of bed.queues) queue.pump()
      bed.settle()
    }
    expect(bed.uploaded).to.equal(50 * 12 * 4 * BLOCK_LENGTH)
    expect(bed.storage.reads).to.equal(12)
  })

  it('read far ahead for one peer, and less for each of many', () => {
    const readFor = (peers: number): number => {
      const bed = new Bed(400, 64 * BLOCK_LENGTH, 4096, peers, 4)
      for (let peer = 0; peer < peers; peer++) for (let k = 0; k < 256; k++) bed.ask(4 * peer + (k >> 6), k & 63, peer)
      for (const queue of bed.queues) queue.pump()
      return bed.storage.waiting.reduce((sum, job) => sum + job.into.length, 0) / peers / BLOCK_LENGTH
    }
    expect(readFor(1)).to.equal(192)
    expect(readFor(50)).to.be.within(16, 4096 / 50)
  })

  it('forget a peer that asks no more when they share out the memory', () => {
    const bed = new Bed(8, 64 * BLOCK_LENGTH, 256, 20)
    for (let peer = 0; peer < 20; peer++) bed.ask(0, peer, peer)
    expect(bed.arena.readers).to.equal(20)
    for (const queue of bed.queues) queue.pump()
    bed.settle()
    for (const queue of bed.queues) queue.tick()
    expect(bed.arena.readers).to.equal(20)
    for (const queue of bed.queues) queue.tick()
    expect(bed.arena.readers).to.equal(0)
    bed.ask(0, 1, 3)
    bed.queues[3]?.close()
    expect(bed.arena.readers).to.equal(0)
  })

  it('go on with those that found no memory when something was read, without waiting for the tick', () => {
    const bed = new Bed(40, 16 * BLOCK_LENGTH, 64, 12, 1)
    for (let peer = 0; peer < 12; peer++) for (let k = 0; k < 16; k++) bed.ask(3 * peer, k, peer)
    for (const queue of bed.queues) queue.pump()
    for (let moved = true; moved;) {
      moved = bed.storage.finish()
      // A link that passes something on pumps for its own peer alone.
      for (const [peer, outlet] of bed.outlets.entries()) {
        if (!outlet.pass()) continue
        moved = true
        bed.queues[peer]?.pump()
      }
    }
    expect(bed.queues.map(queue => queue.length)).to.deep.equal(new Array(12).fill(0))
  })

  it('send nothing a peer took back, and refuse what waits when it is choked, but for what it may have', () => {
    const bed = new Bed(4, 4 * BLOCK_LENGTH, 64)
    for (const piece of [0, 1, 2]) bed.ask(piece, 0)
    expect(bed.queue.cancel(1, 0, BLOCK_LENGTH)).to.equal(true)
    expect(bed.queue.cancel(1, 0, BLOCK_LENGTH)).to.equal(false)
    bed.queue.refuse(piece => piece === 2)
    expect(bed.outlet.rejects).to.deep.equal(['0.0'])
    bed.queue.pump()
    bed.settle()
    expect(bed.outlet.blocks).to.equal(1)
    expect(bed.queue.length).to.equal(0)
  })

  it('let no more wait than is said in reqq', () => {
    const bed = new Bed(4, 4 * BLOCK_LENGTH, 64)
    for (let i = 0; i < MAX_QUEUED_REQUESTS; i++) expect(bed.ask(0, 0)).to.equal(true)
    expect(bed.ask(0, 0)).to.equal(false)
  })

  it('refuse what cannot be read, and say so', () => {
    const bed = new Bed(4, 4 * BLOCK_LENGTH, 64)
    bed.storage.broken.add(1)
    for (const piece of [0, 1, 2]) bed.ask(piece, 0)
    bed.queue.pump()
    bed.settle()
    expect(bed.lost).to.deep.equal([1])
    expect(bed.outlet.rejects).to.deep.equal(['1.0'])
    expect(bed.outlet.blocks).to.equal(2)
  })

  it('do not send what was read of a piece that left, but let pass what is on its way', () => {
    const bed = new Bed(4, 4 * BLOCK_LENGTH, 64)
    bed.ask(0, 0)
    bed.queue.pump()
    bed.storage.finish()
    const held = bed.arena.unitsInUse
    bed.have.delete(0)
    bed.forget(0)
    expect(bed.arena.unitsInUse, 'a link still sends from it').to.equal(held)
    bed.ask(0, 1)
    bed.queue.pump()
    expect(bed.outlet.rejects).to.deep.equal(['0.1'])
    bed.settle()
    expect(bed.outlet.blocks).to.equal(1)
    expect(bed.arena.unitsInUse).to.equal(0)
  })

  it('never fill a buffer again that a link has not passed on, whatever happens and however little memory there is', () => {
    const random = createRandom(3)
    for (let round = 0; round < 12; round++) {
      const bed = new Bed(12, 4 * BLOCK_LENGTH, 8 + random.below(30), 3, 1 + random.below(20))
      for (let step = 0; step < 600; step++) act(bed, random)
      bed.settle()
      for (const queue of bed.queues) queue.pump()
      bed.settle()
      expect(
        bed.queues.map(queue => queue.length),
        `round ${round}`,
      ).to.deep.equal([0, 0, 0])
      for (const queue of bed.queues) queue.close()
      bed.reads.close()
      while (bed.storage.finish());
      expect(bed.arena.unitsInUse, `round ${round}`).to.equal(0)
    }
  })

  it('give all memory back when they close with reads and writes under way', () => {
    const bed = new Bed(8, 4 * BLOCK_LENGTH, 64)
    for (let piece = 0; piece < 8; piece++) bed.ask(piece, 0)
    bed.queue.pump()
    bed.storage.finish()
    bed.reads.close()
    bed.queue.close()
    while (bed.storage.finish());
    expect(bed.arena.unitsInUse).to.equal(0)
  })
})

function shuffled(count: number, random: Random): readonly number[] {
  const all = Array.from({ length: count }, (_, i) => i)
  shuffle(all, random)
  return all
}

function act(bed: Bed, random: Random): void {
  const peer = random.below(3)
  const piece = random.below(12)
  switch (random.below(8)) {
    case 0:
    case 1:
    case 2:
      bed.ask(piece, random.below(piece === 11 ? 3 : 4), peer)
      break
    case 3:
      bed.queues[peer]?.pump()
      break
    case 4:
      bed.storage.finish(random.below(Math.max(1, bed.storage.waiting.length)))
      break
    case 5:
    case 6:
      if (bed.outlets[peer]?.pass() === true) bed.queues[peer]?.pump()
      break
    case 7:
      if (random.below(5) === 0) {
        bed.have.delete(piece)
        bed.forget(piece)
      } else bed.have.add(piece)
  }
}

function raise(): never {
  throw new Error('there is one')
}
