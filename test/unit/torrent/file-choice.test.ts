import { expect } from 'chai'
import fc from 'fast-check'
import { Bitfield } from '../../../core/base/bitfield.js'
import { pieceGeometry } from '../../../core/protocol/geometry.js'
import { everything, fileBytes, pieceWishes, sameChoice, type ChoiceFile } from '../../../core/torrent/file-choice.js'

const PIECE = 100
const file = (length: number): ChoiceFile => ({ length, padding: false })
const pad = (length: number): ChoiceFile => ({ length, padding: true })
const geometryOf = (files: readonly ChoiceFile[]) =>
  pieceGeometry(
    files.reduce((sum, { length }) => sum + length, 0),
    PIECE,
  )

function wished(files: readonly ChoiceFile[], wishes: readonly number[], firstAndLast = false): string {
  const choice = { wishes: Uint8Array.from(wishes), firstAndLast }
  return pieceWishes(files, geometryOf(files), choice).join('')
}

describe('file-choice', () => {
  it('wants every piece as usual where nothing is said', () => {
    const files = [file(150), pad(50), file(0), file(330)]
    expect(pieceWishes(files, geometryOf(files), everything(files)).join('')).to.equal('444444')
  })

  it('gives a shared piece the highest wish of its files', () => {
    const files = [file(150), file(100), file(350)]
    expect(wished(files, [0, 4, 0])).to.equal('044000')
    expect(wished(files, [1, 0, 6])).to.equal('116666')
    expect(wished(files, [4, 6, 1])).to.equal('466111')
    expect(wished([file(10), file(20), file(30)], [0, 1, 0])).to.equal('1')
  })

  it('lets files without bytes, and padding, claim no piece for themselves', () => {
    const files = [file(150), pad(50), file(0), file(200), pad(100)]
    expect(wished(files, [0, 4, 7, 4, 0])).to.equal('00444')
    expect(wished(files, [6, 0, 0, 0, 7])).to.equal('66000')
  })

  it('puts the first and the last piece of every wanted file at the top', () => {
    const files = [file(350), file(450), file(400)]
    expect(wished(files, [4, 4, 4], true)).to.equal('744744477447')
    expect(wished(files, [1, 0, 0], true)).to.equal('711700000000')
    expect(wished([file(30), file(20), file(150)], [0, 4, 0], true), 'a file within one piece').to.equal('70')
    expect(wished([file(30), file(20), file(150)], [0, 0, 1], true)).to.equal('77')
  })

  it('tells how much of each file is here, to the byte', () => {
    const files = [file(150), pad(50), file(0), file(120), file(230)]
    const have = new Bitfield(geometryOf(files).pieceCount)
    have.set(1)
    have.set(3)
    expect(fileBytes(files, geometryOf(files), have)).to.deep.equal([50, 50, 0, 20, 80])
    expect(fileBytes(files, geometryOf(files), null)).to.deep.equal([0, 0, 0, 0, 0])
  })

  it('agrees with a look at every byte', () => {
    const some = fc.array(
      fc.record({ length: fc.nat(350), padding: fc.boolean(), wish: fc.nat(7), has: fc.boolean() }),
      { minLength: 1, maxLength: 12 },
    )
    fc.assert(
      fc.property(some, fc.boolean(), (files, firstAndLast) => {
        const geometry = geometryOf(files)
        const expected = new Uint8Array(geometry.pieceCount)
        const have = new Bitfield(geometry.pieceCount)
        for (let i = 0; i < geometry.pieceCount; i++) if (files[i % files.length]!.has) have.set(i)
        let at = 0
        let wish = 4
        const bytes = files.map(one => {
          let here = 0
          if (!one.padding && one.length > 0) wish = one.wish
          for (let k = 0; k < one.length; k++, at++) {
            const piece = Math.floor(at / PIECE)
            const edge = firstAndLast && !one.padding && wish > 0 && (k === 0 || k === one.length - 1)
            expected[piece] = Math.max(expected[piece]!, edge ? 7 : wish)
            if (have.has(piece)) here++
          }
          return here
        })
        const choice = { wishes: Uint8Array.from(files, one => one.wish), firstAndLast }
        expect([...pieceWishes(files, geometry, choice)]).to.deep.equal([...expected])
        expect(fileBytes(files, geometry, have)).to.deep.equal(bytes)
      }),
      { seed: 3, numRuns: 300 },
    )
  })

  it('knows equal choices', () => {
    const files = [file(1), file(2)]
    const one = everything(files)
    expect(sameChoice(one, everything(files))).to.equal(true)
    expect(sameChoice(one, { ...one, firstAndLast: true })).to.equal(false)
    expect(sameChoice(one, { ...one, wishes: Uint8Array.of(4, 0) })).to.equal(false)
  })
})
