import { expect } from 'chai'
import { NodeError } from '../../../core/base/errors.js'
import { Bitfield } from '../../../core/base/bitfield.js'
import { PieceState } from '../../../core/contracts/piece-selector.js'
import type { TorrentStorage } from '../../../core/contracts/storage.js'
import { pieceGeometry } from '../../../core/protocol/geometry.js'
import { PieceBook } from '../../../core/torrent/piece-book.js'
import { ReadFaults } from '../../../core/torrent/read-faults.js'
import { Withdrawal } from '../../../core/torrent/withdrawal.js'
import { indexOf } from './indexes.js'

const PIECES = 10
const geometry = pieceGeometry(PIECES * 16_384, 16_384)
const piece = (raw: number) => indexOf(geometry, raw)

const broken = new NodeError('ERR_STORAGE_IO', 'operator', 'broken')

function bed(present: (asked: number) => Promise<Uint8Array>) {
  const book = new PieceBook(geometry)
  for (let i = 0; i < PIECES - 1; i++) book.move(piece(i), PieceState.Have)
  let asked = 0
  const unused = () => Promise.reject(new Error('not here'))
  const storage: TorrentStorage = {
    read: () => {},
    write: unused,
    present: () => present(++asked),
    stamp: unused,
    flush: unused,
    close: unused,
  }
  const withdrawn: (readonly number[])[] = []
  const withdrawal = new Withdrawal(book, storage, new ReadFaults(() => {}), pieces => {
    withdrawn.push(pieces)
    for (const one of pieces) book.move(one, PieceState.Wanted)
  })
  return { withdrawal, withdrawn, asked: () => asked }
}

const bits = (...pieces: number[]): Promise<Uint8Array> => {
  const field = new Bitfield(PIECES)
  for (const one of pieces) field.set(one)
  return Promise.resolve(field.bytes)
}

async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

describe('withdrawal', () => {
  it('takes back at once what cannot be read and what is missing with it', async () => {
    const { withdrawal, withdrawn } = bed(() => bits(0, 1, 2, 3, 9))
    withdrawal.add(piece(2), broken)
    withdrawal.add(piece(6), broken)
    expect(withdrawn).to.deep.equal([])
    await settle()
    expect(withdrawn).to.deep.equal([[2, 4, 5, 6, 7, 8]])
  })

  it('asks the storage once for all that fail meanwhile, and again later', async () => {
    const { withdrawal, withdrawn, asked } = bed(() => bits(0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
    for (let i = 0; i < 20; i++) withdrawal.add(piece(1), broken)
    await settle()
    expect(asked()).to.equal(1)
    withdrawal.add(piece(3), broken)
    await settle()
    expect(asked()).to.equal(2)
    expect(withdrawn).to.deep.equal([[1], [3]])
  })

  it('takes back what could not be read even where the storage cannot say more', async () => {
    const { withdrawal, withdrawn } = bed(() => Promise.reject(new Error('the disk is gone')))
    withdrawal.add(piece(1), broken)
    await settle()
    expect(withdrawn).to.deep.equal([[1]])
  })

  it('leaves alone what is not there any more', async () => {
    const { withdrawal, withdrawn } = bed(() => bits(0, 1, 2, 3, 4, 5, 6, 7, 8))
    withdrawal.add(piece(9), broken)
    await settle()
    expect(withdrawn).to.deep.equal([])
  })
})
