import { expect } from 'chai'
import fc from 'fast-check'
import { PieceState } from '../../../core/contracts/piece-selector.js'
import { pieceGeometry } from '../../../core/protocol/geometry.js'
import type { PieceIndex } from '../../../core/protocol/ids.js'
import { PieceBook } from '../../../core/torrent/piece-book.js'
import { indexOf } from './indexes.js'

const { Skipped, Wanted, Open, Verifying, Have } = PieceState
const STATES = [Skipped, Wanted, Open, Verifying, Have] as const
const LEGAL: ReadonlyArray<readonly [PieceState, PieceState]> = [
  [Skipped, Wanted],
  [Wanted, Skipped],
  [Wanted, Open],
  [Open, Verifying],
  [Verifying, Have],
  [Verifying, Wanted],
  [Open, Wanted],
  [Wanted, Have],
  [Skipped, Have],
  [Have, Wanted],
]
/** How a new piece, which is wanted, comes to each state. */
const WAY: Readonly<Record<PieceState, readonly PieceState[]>> = {
  [Skipped]: [Skipped],
  [Wanted]: [],
  [Open]: [Open],
  [Verifying]: [Open, Verifying],
  [Have]: [Have],
}

const geometry = pieceGeometry(9 * 32_768 + 100, 32_768)
const piece = (raw: number): PieceIndex => indexOf(geometry, raw)

describe('piece book', () => {
  it('makes the moves there are, and no other', () => {
    for (const from of STATES) {
      for (const to of STATES) {
        const book = new PieceBook(geometry)
        for (const step of WAY[from]) book.move(piece(3), step)
        const legal = LEGAL.some(([a, b]) => a === from && b === to)
        if (legal) book.move(piece(3), to)
        else
          expect(() => book.move(piece(3), to))
            .to.throw()
            .with.property('code', 'ERR_TORRENT_STATE')
        expect(book.state[3], `${from} to ${to}`).to.equal(legal ? to : from)
        expect(book.checkInvariants()).to.deep.equal([])
      }
    }
  })

  it('tells of each move after it is made', () => {
    const book = new PieceBook(geometry)
    const told: unknown[] = []
    book.onMove((index, state) => told.push([index, state, book.state[index], book.have.has(index)]))
    for (const step of [Open, Verifying, Have, Wanted]) book.move(piece(2), step)
    expect(() => book.move(piece(2), Verifying)).to.throw()
    expect(told).to.deep.equal([
      [2, Open, Open, false],
      [2, Verifying, Verifying, false],
      [2, Have, Have, true],
      [2, Wanted, Wanted, false],
    ])
  })

  it('counts the short last piece by its own length', () => {
    const book = new PieceBook(geometry)
    expect(book.bytesLeft).to.equal(geometry.totalLength)
    book.move(piece(9), Have)
    expect(book.bytesDone).to.equal(100)
    expect(book.bytesLeft).to.equal(9 * 32_768)
    for (let i = 0; i < 8; i++) book.move(piece(i), Have)
    expect(book.complete).to.equal(false)
    book.move(piece(8), Skipped)
    expect(book.complete, 'what is skipped is not missing').to.equal(true)
    expect(book.bytesLeft).to.equal(0)
    expect(book.have.full).to.equal(false)
  })

  it('counts what is wanted, and makes Skipped of what nobody wants where it would be Wanted', () => {
    const book = new PieceBook(geometry)
    expect([book.wanted, book.bytesWanted]).to.deep.equal([10, geometry.totalLength])
    for (const at of [0, 1, 2, 3, 9]) book.wish(piece(at), 0)
    expect([book.wanted, book.bytesWanted, book.bytesLeft]).to.deep.equal([5, 5 * 32_768, 5 * 32_768])
    book.wish(piece(0), 7)
    book.wish(piece(0), 1)
    expect([book.wanted, book.state[0], book.priority[0]]).to.deep.equal([6, Wanted, 1])
    for (const way of [[Open], [Open, Verifying], [Open, Verifying, Have]]) {
      book.wish(piece(4), 4)
      for (const state of way) book.move(piece(4), state)
      book.wish(piece(4), 0)
      expect(book.state[4], 'what is under way or here stays').to.equal(way.at(-1))
      book.move(piece(4), Wanted)
      expect(book.state[4]).to.equal(Skipped)
      expect(book.checkInvariants()).to.deep.equal([])
    }
    expect([book.wanted, book.bytesLeft]).to.deep.equal([5, 5 * 32_768])
  })

  it('agrees with a plain list of states after any moves', () => {
    const move = fc.record({ at: fc.nat(geometry.pieceCount - 1), to: fc.constantFrom(...STATES) })
    fc.assert(
      fc.property(fc.array(move, { maxLength: 200 }), moves => {
        const book = new PieceBook(geometry)
        const model: PieceState[] = Array.from({ length: geometry.pieceCount }, () => Wanted)
        for (const { at, to } of moves) {
          const legal = LEGAL.some(([a, b]) => a === model[at] && b === to)
          if (legal) {
            book.move(piece(at), to)
            model[at] = to
          } else expect(() => book.move(piece(at), to)).to.throw()
        }
        expect([...book.state]).to.deep.equal(model)
        for (const state of STATES) expect(book.count(state)).to.equal(model.filter(one => one === state).length)
        const bytes = (wanted: (state: number) => boolean): number =>
          model.reduce<number>((sum, state, i) => sum + (wanted(state) ? geometry.lengthOf(piece(i)) : 0), 0)
        expect(book.bytesDone).to.equal(bytes(state => state === Have))
        expect(book.bytesLeft).to.equal(bytes(state => state !== Have && state !== Skipped))
        expect(book.complete).to.equal(model.every(state => state === Have || state === Skipped))
        expect(book.checkInvariants()).to.deep.equal([])
      }),
      { seed: 1, numRuns: 200 },
    )
  })
})
