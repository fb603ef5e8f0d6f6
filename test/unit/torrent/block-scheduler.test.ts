import { expect } from 'chai'
import { Bitfield } from '../../../core/base/bitfield.js'
import { createRandom } from '../../../core/base/random.js'
import { NONE, PieceState, type PieceSelectorFactory } from '../../../core/contracts/piece-selector.js'
import { BLOCK_LENGTH, pieceGeometry } from '../../../core/protocol/geometry.js'
import { Availability } from '../../../core/torrent/availability.js'
import { BlockScheduler } from '../../../core/torrent/block-scheduler.js'
import { BufferArena } from '../../../core/torrent/buffer-arena.js'
import { PieceBook } from '../../../core/torrent/piece-book.js'
import { PieceSlots } from '../../../core/torrent/piece-slots.js'
import { PeerFlag, PeerTable } from '../../../core/torrent/peer-table.js'
import { SelectorGuard } from '../../../core/torrent/selector-guard.js'
import { indexOf } from './indexes.js'
import { TablePeer } from './table-peer.js'
import { unlimited } from './unlimited.js'

/** Pieces in their order. */
const inOrder: PieceSelectorFactory = {
  create: view => ({
    pick(peer) {
      for (let i = 0; i < view.geometry.pieceCount; i++) {
        const piece = view.geometry.piece(i)
        if (piece !== -1 && view.state[i] === PieceState.Wanted && peer.has(i)) return piece
      }
      return NONE
    },
  }),
}

class Bed {
  readonly geometry
  readonly book
  readonly peers = new PeerTable(20)
  readonly slots
  readonly scheduler
  /** Pieces whose blocks are all there. */
  readonly full: number[] = []
  now = 0

  constructor(pieces: number, blocksAPiece: number, bufferPieces = pieces + 2, arena?: BufferArena) {
    const pieceLength = blocksAPiece * BLOCK_LENGTH
    this.geometry = pieceGeometry(pieces * pieceLength, pieceLength)
    this.book = new PieceBook(this.geometry)
    this.slots = new PieceSlots(
      this.geometry,
      arena ?? new BufferArena(Math.ceil((bufferPieces * pieceLength * 8) / 7)),
    )
    const availability = new Availability(pieces)
    const view = {
      geometry: this.geometry,
      state: this.book.state,
      priority: this.book.priority,
      availability: availability.count,
      seeds: 0,
      random: createRandom(1),
    }
    const guard = new SelectorGuard(inOrder, {}, view, 20, 'in-order', () => {})
    this.scheduler = new BlockScheduler(this, guard, unlimited().asks, slot => {
      const piece = this.slots.pieceIn(slot)
      this.full.push(piece)
      this.book.move(piece, PieceState.Verifying)
      this.slots.release(slot)
      this.book.move(piece, PieceState.Have)
      this.scheduler.restock()
    })
  }

  /** A peer with the given pieces, all by default, that does not choke us. */
  join(pieces?: readonly number[]): TablePeer {
    const have = new Bitfield(this.geometry.pieceCount)
    if (pieces === undefined) have.fill()
    else for (const piece of pieces) have.set(piece)
    const peer = TablePeer.join(this.peers, have, this.now)
    this.peers.set(peer.slot, PeerFlag.TheyChoke, false)
    return peer
  }

  leave(peer: TablePeer): void {
    this.scheduler.release(peer)
    this.peers.release(peer.slot)
  }

  /** The peer sends a block; false: it went nowhere. */
  send(peer: TablePeer, name: string): boolean {
    const [piece = 0, k = 0] = name.split('.').map(Number)
    const length = this.geometry.blockLength(indexOf(this.geometry, piece), k)
    const kept = this.scheduler.target(peer, piece, k * BLOCK_LENGTH, length) !== null
    this.scheduler.received(peer, piece, k * BLOCK_LENGTH, length, kept)
    this.check()
    return kept
  }

  fill(peer: TablePeer): readonly string[] {
    this.scheduler.fill(peer)
    this.check()
    return peer.asked()
  }

  tick(seconds = 1): void {
    for (let i = 0; i < seconds; i++) this.scheduler.tick((this.now += 1_000), 1_000)
    this.check()
  }

  check(): void {
    expect([...this.scheduler.checkInvariants(), ...this.book.checkInvariants()]).to.deep.equal([])
  }
}

function blocks(piece: number, count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, i) => `${piece}.${from + i}`)
}

describe('block scheduler', () => {
  it('goes on with a piece, then opens the next, until sixteen blocks are asked', () => {
    const bed = new Bed(10, 6)
    const peer = bed.join()
    expect(bed.fill(peer)).to.deep.equal([...blocks(0, 6), ...blocks(1, 6), ...blocks(2, 4)])
    expect(bed.scheduler.outstanding(peer.slot)).to.equal(16)
    expect(bed.fill(peer)).to.deep.equal([])
    for (const block of blocks(0, 6)) expect(bed.send(peer, block)).to.equal(true)
    expect(bed.full).to.deep.equal([0])
    // Six came, and the pipeline grew by one for each.
    expect(bed.fill(peer)).to.deep.equal([...blocks(2, 2, 4), ...blocks(3, 6), ...blocks(4, 4)])
  })

  it('gives each peer a piece of its own while there are enough', () => {
    const bed = new Bed(10, 16)
    const [a, b] = [bed.join(), bed.join()]
    expect(bed.fill(a)).to.deep.equal(blocks(0, 16))
    expect(bed.fill(b)).to.deep.equal(blocks(1, 16))
  })

  it('asks a peer only for what it has, and nobody who chokes', () => {
    const bed = new Bed(4, 4)
    const some = bed.join([2])
    expect(bed.fill(some)).to.deep.equal(blocks(2, 4))
    const choking = bed.join()
    bed.peers.set(choking.slot, PeerFlag.TheyChoke, true)
    expect(bed.fill(choking)).to.deep.equal([])
  })

  it('asks a choking peer for the pieces that it lets us have', () => {
    const bed = new Bed(6, 4)
    const peer = bed.join([1, 3, 5])
    bed.peers.set(peer.slot, PeerFlag.TheyChoke, true)
    peer.allowedFast = [2, 3]
    expect(bed.fill(peer)).to.deep.equal(blocks(3, 4))
    for (const block of blocks(3, 4)) bed.send(peer, block)
    expect(bed.full).to.deep.equal([3])
    bed.scheduler.wake(peer)
    expect(bed.fill(peer)).to.deep.equal([])
  })

  it('takes over what a peer leaves behind, and keeps the blocks that came', () => {
    const bed = new Bed(3, 4)
    const a = bed.join()
    bed.fill(a)
    bed.send(a, '0.0')
    bed.send(a, '0.2')
    bed.leave(a)
    bed.check()
    const b = bed.join()
    expect(bed.fill(b)).to.deep.equal(['0.1', '0.3', ...blocks(1, 4), ...blocks(2, 4)])
  })

  it('asks again for a block that was rejected', () => {
    const bed = new Bed(1, 4)
    const [a, b] = [bed.join(), bed.join()]
    bed.fill(a)
    expect(bed.scheduler.rejected(a, 0, BLOCK_LENGTH, BLOCK_LENGTH)).to.equal(true)
    expect(bed.scheduler.rejected(a, 0, BLOCK_LENGTH, BLOCK_LENGTH), 'it was not asked any more').to.equal(false)
    bed.check()
    expect(bed.fill(b)[0]).to.equal('0.1')
  })

  it('in the end asks a second peer for what the first has not sent, and cancels with the slower', () => {
    const bed = new Bed(1, 4)
    const [a, b, c] = [bed.join(), bed.join(), bed.join()]
    expect(bed.fill(a)).to.deep.equal(blocks(0, 4))
    expect(bed.fill(b)).to.deep.equal(blocks(0, 4))
    expect(bed.fill(c), 'two at most').to.deep.equal([])
    expect(bed.send(a, '0.0')).to.equal(true)
    expect([a.cancelled(), b.cancelled()]).to.deep.equal([[], ['0.0']])
    expect(bed.send(b, '0.3')).to.equal(true)
    expect(a.cancelled()).to.deep.equal(['0.3'])
    expect(bed.send(a, '0.3'), 'it is here').to.equal(false)
    expect(bed.scheduler.wasted).to.equal(BLOCK_LENGTH)
    bed.send(a, '0.1')
    bed.send(b, '0.2')
    expect(bed.full).to.deep.equal([0])
    expect([a, b].map(peer => bed.scheduler.outstanding(peer.slot))).to.deep.equal([0, 0])
  })

  it('lets one peer write a block at a time, unless that one has stood still', () => {
    const bed = new Bed(1, 2)
    const [a, b] = [bed.join(), bed.join()]
    bed.tick()
    bed.fill(a)
    bed.fill(b)
    const first = bed.scheduler.target(a, 0, 0, BLOCK_LENGTH)
    expect(first).not.to.equal(null)
    expect(bed.scheduler.target(b, 0, 0, BLOCK_LENGTH)).to.equal(null)
    bed.tick(3)
    expect(bed.scheduler.target(b, 0, 0, BLOCK_LENGTH)).not.to.equal(null)
    expect(a.abandoned, 'the rest of its block is skipped').to.equal(1)
  })

  it('has no place for what nobody asked, is misaligned, or has another length', () => {
    const bed = new Bed(2, 2)
    const peer = bed.join([0])
    bed.fill(peer)
    for (const [piece, begin, length] of [
      [1, 0, BLOCK_LENGTH],
      [0, 1, BLOCK_LENGTH],
      [0, 0, BLOCK_LENGTH - 1],
      [0, 2 * BLOCK_LENGTH, BLOCK_LENGTH],
      [0, -BLOCK_LENGTH, BLOCK_LENGTH],
      [7, 0, BLOCK_LENGTH],
    ] as const) {
      expect(bed.scheduler.target(peer, piece, begin, length), `${piece} ${begin} ${length}`).to.equal(null)
    }
    const stranger = bed.join([1])
    expect(bed.scheduler.target(stranger, 0, 0, BLOCK_LENGTH)).to.equal(null)
    expect(bed.scheduler.received(stranger, 0, 0, BLOCK_LENGTH, false)).to.equal(false)
    bed.check()
  })

  it('takes its requests back from a peer that is silent for 60 seconds, 20 where another has the piece', () => {
    for (const [others, patience] of [
      [0, 60],
      [1, 20],
    ] as const) {
      const bed = new Bed(1, 4)
      const silent = bed.join()
      bed.fill(silent)
      const late = bed.join([])
      bed.tick(patience)
      if (others > 0) late.have.fill()
      silent.asked()
      expect(silent.cancelled(), `${others} others`).to.deep.equal([])
      if (others === 0) {
        bed.tick()
        expect(silent.cancelled()).to.deep.equal(blocks(0, 4))
        expect(bed.peers.is(silent.slot, PeerFlag.Snubbing)).to.equal(true)
        expect(silent.asked(), 'one block at a time from now on').to.have.length(1)
      } else {
        bed.tick()
        expect(silent.cancelled()).to.deep.equal(blocks(0, 4))
        bed.scheduler.fill(late)
        expect(late.asked().length).to.be.at.least(3)
      }
      bed.check()
    }
  })

  it('forgives a snubbing peer at its next block', () => {
    const bed = new Bed(2, 4)
    const peer = bed.join()
    bed.fill(peer)
    bed.tick(62)
    expect(bed.peers.is(peer.slot, PeerFlag.Snubbing)).to.equal(true)
    const [asked = ''] = peer.asked().slice(-1)
    expect(bed.send(peer, asked)).to.equal(true)
    expect(bed.peers.is(peer.slot, PeerFlag.Snubbing)).to.equal(false)
  })

  it('grows a pipeline by a block for each that comes, to the cap, and shrinks it to three seconds of the rate', () => {
    const bed = new Bed(500, 4, 600)
    const peer = bed.join()
    bed.peers.pipelineCap[peer.slot] = 100
    const asked: string[] = [...bed.fill(peer)]
    expect(asked).to.have.length(16)
    const most: number[] = []
    for (let second = 0; second < 6; second++) {
      for (let i = 0; i < 60; i++) {
        const next = asked.shift()
        if (next !== undefined) bed.send(peer, next)
        asked.push(...bed.fill(peer))
      }
      bed.tick()
      asked.push(...peer.asked())
      most.push(bed.peers.pipeline[peer.slot] ?? 0)
    }
    expect(Math.max(...most)).to.equal(100)
    // Steady at sixty blocks a second the rate grows no more; then it falls to eight.
    for (let second = 0; second < 30; second++) {
      for (let i = 0; i < 8; i++) {
        const next = asked.shift()
        if (next !== undefined) bed.send(peer, next)
      }
      bed.tick()
      asked.push(...peer.asked())
    }
    expect(bed.peers.pipeline[peer.slot]).to.be.within(20, 30)
  })

  it('asks a peer on parole for whole pieces that nobody else touches', () => {
    const bed = new Bed(3, 4)
    const suspect = bed.join()
    bed.peers.set(suspect.slot, PeerFlag.Parole, true)
    const honest = bed.join()
    expect(bed.fill(honest).slice(0, 4)).to.deep.equal(blocks(0, 4))
    bed.scheduler.rejected(honest, 0, 0, BLOCK_LENGTH)
    const alone = bed.fill(suspect)
    expect(alone, 'not the block that is free in a piece of another').not.to.include('0.0')
    for (const block of alone)
      expect(bed.slots.exclusive[bed.slots.slotOf[Number(block.split('.')[0])] ?? 0]).to.equal(suspect.slot)
    const third = bed.join()
    for (const block of bed.fill(third)) expect(alone).not.to.include(block)
  })

  it('gives up the piece of a peer on parole when that peer goes', () => {
    const bed = new Bed(1, 4)
    const suspect = bed.join()
    bed.peers.set(suspect.slot, PeerFlag.Parole, true)
    bed.fill(suspect)
    bed.send(suspect, '0.0')
    bed.leave(suspect)
    bed.check()
    expect(bed.book.state[0]).to.equal(PieceState.Wanted)
    expect(bed.fill(bed.join())).to.deep.equal(blocks(0, 4))
  })

  it('gives up open pieces that no connected peer has while others are to be had', () => {
    const bed = new Bed(4, 4, 1)
    const first = bed.join([0])
    bed.fill(first)
    bed.leave(first)
    const second = bed.join([1, 2])
    expect(bed.fill(second), 'no memory').to.deep.equal([])
    bed.tick()
    expect(bed.book.state[0]).to.equal(PieceState.Wanted)
    expect(bed.fill(second)).to.deep.equal(blocks(1, 4))
  })

  it('without memory, has others send again only what stands still: the disk may be slow, and not the peers', () => {
    const bed = new Bed(6, 4, 3)
    const busy = bed.join()
    expect(bed.fill(busy)).to.have.length(8)
    const idle = bed.join()
    expect(bed.fill(idle)).to.deep.equal([])
    bed.now += 3000
    bed.tick()
    bed.send(busy, '0.0')
    expect(bed.fill(idle)).to.deep.equal([])
    bed.now += 3000
    bed.tick()
    expect(bed.fill(idle), 'of the piece that nobody sends').to.deep.equal(blocks(1, 4))
  })

  it('leaves memory that falls free to another torrent that has less and waits', () => {
    const arena = new BufferArena(19 * BLOCK_LENGTH)
    const [a, b] = [new Bed(12, 4, 0, arena), new Bed(12, 4, 0, arena)]
    const [first, second] = [a.join(), b.join()]
    const asked = [...a.fill(first)]
    expect(a.slots.openCount).to.equal(4)
    expect(b.fill(second), 'no memory').to.deep.equal([])
    for (let i = 0; i < 4; i++) a.send(first, asked.shift() ?? '')
    expect(a.full).to.deep.equal([0])
    expect(a.fill(first), 'it is not its turn').to.deep.equal([])
    b.tick()
    expect(second.asked()).to.deep.equal(blocks(0, 4))
    expect(b.slots.openCount).to.equal(1)
    // Of what falls free now, the second gets its half. (A tick without a block has shortened its pipeline.)
    b.peers.pipeline[second.slot] = 16
    b.scheduler.restock()
    expect(b.fill(second)).to.deep.equal([])
    for (let i = 0; i < 4; i++) a.send(first, asked.shift() ?? '')
    expect(a.fill(first)).to.deep.equal([])
    b.scheduler.restock()
    b.fill(second)
    expect([a.slots.openCount, b.slots.openCount]).to.deep.equal([2, 2])
    for (let i = 0; i < 4; i++) a.send(first, asked.shift() ?? '')
    expect(a.fill(first)).to.deep.equal(blocks(4, 4))
  })

  it('gives up what stands still where another torrent wants the memory', () => {
    const arena = new BufferArena(19 * BLOCK_LENGTH)
    const [a, b] = [new Bed(12, 4, 0, arena), new Bed(12, 4, 0, arena)]
    const [silent, waiting] = [a.join(), b.join()]
    a.fill(silent)
    expect(b.fill(waiting)).to.deep.equal([])
    for (let second = 0; second < 30; second++) {
      a.tick()
      b.tick()
    }
    expect(waiting.asked()).to.deep.equal([])
    a.tick(2)
    b.tick()
    expect(waiting.asked().length).to.be.at.least(4)
    expect(a.slots.openCount).to.be.lessThan(4)
  })

  it('leaves nothing open when it is told to abandon all', () => {
    const bed = new Bed(4, 4)
    const peer = bed.join()
    bed.fill(peer)
    bed.scheduler.target(peer, 1, 0, BLOCK_LENGTH)
    bed.scheduler.abandonAll()
    bed.check()
    expect(bed.slots.openCount).to.equal(0)
    expect(bed.book.count(PieceState.Wanted)).to.equal(4)
    expect(peer.abandoned).to.equal(1)
    expect(peer.cancelled()).to.have.members([...blocks(0, 4), ...blocks(1, 4), ...blocks(2, 4), ...blocks(3, 4)])
  })

  it('completes, with every invariant, whatever peers do', () => {
    const random = createRandom(11)
    for (let round = 0; round < 20; round++) {
      const bed = new Bed(12, 3, 4)
      const peers: TablePeer[] = []
      const owed = new Map<TablePeer, string[]>()
      const join = (): void => {
        const peer = bed.join(
          random.below(3) === 0
            ? undefined
            : Array.from({ length: 12 }, (_, i) => i).filter(() => random.below(2) === 0),
        )
        if (random.below(5) === 0) bed.peers.set(peer.slot, PeerFlag.Parole, true)
        peers.push(peer)
        owed.set(peer, [])
      }
      join()
      for (let step = 0; step < 4_000 && bed.full.length < 12; step++) {
        const peer = peers[random.below(peers.length)]
        if (peer === undefined || (random.below(40) === 0 && peers.length < 8)) join()
        else {
          const list = owed.get(peer) ?? []
          list.push(...bed.fill(peer))
          for (const gone of peer.cancelled()) list.splice(list.indexOf(gone), 1)
          const next = random.below(10) === 0 ? undefined : list.shift()
          const what = random.below(30)
          if (what === 0 && peers.length > 1) {
            peers.splice(peers.indexOf(peer), 1)
            bed.leave(peer)
          } else if (what === 1 && next !== undefined) {
            const [piece = 0, k = 0] = next.split('.').map(Number)
            bed.scheduler.rejected(peer, piece, k * BLOCK_LENGTH, BLOCK_LENGTH)
          } else if (next !== undefined) bed.send(peer, next)
          else if (what < 6) bed.tick()
          bed.check()
        }
      }
      if (bed.full.length < 12) {
        const whole = bed.join()
        for (let step = 0; step < 400 && bed.full.length < 12; step++) {
          for (const block of bed.fill(whole)) bed.send(whole, block)
          bed.tick(5)
          for (const block of whole.asked()) bed.send(whole, block)
        }
      }
      expect(
        [...bed.full].sort((a, b) => a - b),
        `round ${round}`,
      ).to.deep.equal(Array.from({ length: 12 }, (_, i) => i))
    }
  })
})
