import { expect } from 'chai'
import { FileNames } from '../../../core/protocol/file-names.js'

const file = (path: string) => ({ path: path.split('/'), padding: false })
const files = [
  file('Show S01/01 [x265].mkv'),
  { path: ['Show S01', '.pad', '100'], padding: true },
  file('Show S01/02 [x265].mkv'),
  file('Show S01/02 [x265].MKV.nfo'),
  file('Show S01/subs/en/01.srt'),
  file('Show S01/subs/de/01.srt'),
  file('Show S01/2020-2021'),
]

describe('file-names', () => {
  const names = new FileNames(files)
  /** The numbers of what is found. */
  const found = (name: string): string =>
    names
      .find(name)
      .map(i => names.numbered.indexOf(i) + 1)
      .join()

  it('number what is stored, and pass padding over', () => {
    expect(names.numbered).to.deep.equal([0, 2, 3, 4, 5, 6])
    expect(['1', '2', '6', '2-4', '5-', '1-1'].map(found)).to.deep.equal(['1', '2', '6', '2,3,4', '5,6', '1'])
    expect(['0', '7', '0-2', '5-7', '3-2', '99999999999', '-2', ''].map(found)).to.deep.equal(Array(8).fill(''))
  })

  it('find by the last element, by the path below the name, and with it', () => {
    expect(found('*.mkv')).to.equal('1,2')
    expect(found('01.srt')).to.equal('4,5')
    expect(found('subs/en/01.srt')).to.equal('4')
    expect(found('Show S01/subs/de/01.srt')).to.equal('5')
    expect(found('Show S01/*')).to.equal('1,2,3,4,5,6')
  })

  it('find all in a folder, whatever the torrent itself is called', () => {
    expect(['subs', 'subs/e*', 'SUBS/*', 's*', '*', '**'].map(found)).to.deep.equal([
      '4,5',
      '4',
      '4,5',
      '4,5',
      '1,2,3,4,5,6',
      '1,2,3,4,5,6',
    ])
    expect(found('Show*'), 'the name is no folder to choose by').to.equal('')
  })

  it('know two wildcards, and take the rest as it stands', () => {
    expect(found('0? [x265].mkv')).to.equal('1,2')
    expect(found('*.srt')).to.equal('4,5')
    expect(found('**/en/**')).to.equal('4')
    expect(found('subs/**.srt')).to.equal('4,5')
    expect(found('0[12]*')).to.equal('')
    expect(found('.*')).to.equal('')
    expect(found('2020-2021'), 'no such numbers, but a name').to.equal('6')
    expect(new FileNames([file('single.bin')]).find('s*.bin')).to.deep.equal([0])
  })

  it('say what there is where nothing is found, the likest names first of all', () => {
    expect(names.missing('O2 [x265].mk')).to.match(
      /^no file is called "O2 \[x265\]\.mk"; there are 6 files, numbered 1 to 6: /,
    )
    expect(names.missing('O2 [x265].mk')).to.include('2 Show S01/02 [x265].mkv')
    expect(names.missing('9')).to.match(/and others$/)
    expect(new FileNames([file('single.bin')]).missing('x')).to.equal(
      'no file is called "x"; there is one file: 1 single.bin',
    )
  })

  it('are found among 10,000 in no time', () => {
    const many = new FileNames(Array.from({ length: 10_000 }, (_, i) => file(`many/${i % 100}/${i} ${'x'.repeat(60)}`)))
    expect(many.find('7* x*')).to.have.length(1111)
    expect(many.find('42')).to.deep.equal([41])
    expect(many.missing('12345 xxx')).to.be.a('string')
  })
})
