import { expect } from 'chai'
import fc from 'fast-check'
import { buildInfo, buildTorrent, choosePieceLength } from '../../../core/protocol/metainfo-builder.js'
import { parseMetainfo } from '../../../core/protocol/metainfo.js'

const KiB = 1024

describe('metainfo builder', () => {
  it('writes what is read back', () => {
    const name = fc.stringMatching(/^[a-z\u00e0-\u00ff]{1,12}$/)
    const file = fc.record({ path: fc.array(name, { minLength: 1, maxLength: 3 }), length: fc.nat(100_000) })
    const files = fc.uniqueArray(file, { minLength: 1, maxLength: 6, selector: each => each.path[0] })
    const parts = fc.record({ name, files, private: fc.boolean(), source: fc.option(name, { nil: undefined }) })
    const tiers = fc.array(fc.uniqueArray(fc.webUrl(), { minLength: 1, maxLength: 2 }), { maxLength: 2 })
    fc.assert(
      fc.property(parts, tiers, fc.nat(), (said, trackers, creationDate) => {
        const total = said.files.reduce((sum, each) => sum + each.length, 0)
        if (total === 0 || new Set(trackers.flat()).size < trackers.flat().length) return
        const pieces = new Uint8Array(20 * Math.ceil(total / 16384)).fill(3)
        const info = buildInfo({ ...said, pieceLength: 16384, pieces, content: said.files })
        const read = parseMetainfo(buildTorrent({ info, trackers, comment: 'c', createdBy: 'b', creationDate }))
        expect(read.rawInfo).to.deep.equal(info)
        expect(read).to.include({ name: said.name, private: said.private, creationDate, comment: 'c', createdBy: 'b' })
        expect(read.source).to.equal(said.source ?? null)
        expect(read.trackers).to.deep.equal(trackers)
        expect(read.pieces).to.deep.equal(pieces)
        expect(read.files).to.deep.equal(
          said.files.map(({ path, length }) => ({ path: [said.name, ...path], length, padding: false })),
        )
      }),
    )
  })

  it('writes the keys that make the hash, and no others', () => {
    const base = { name: 'n', pieceLength: 16384, pieces: new Uint8Array(20).fill(0x61) }
    expect(Buffer.from(buildInfo({ ...base, content: 7 })).toString()).to.equal(
      `d6:lengthi7e4:name1:n12:piece lengthi16384e6:pieces20:${'a'.repeat(20)}e`,
    )
    const files = [{ path: ['d', 'f'], length: 7 }]
    expect(Buffer.from(buildInfo({ ...base, content: files, private: true, source: 's' })).toString()).to.equal(
      `d5:filesld6:lengthi7e4:pathl1:d1:feee4:name1:n12:piece lengthi16384e6:pieces20:${'a'.repeat(20)}7:privatei1e6:source1:se`,
    )
    const bare = buildTorrent({ info: buildInfo({ ...base, content: 7 }), trackers: [['http://a/announce']] })
    expect(Buffer.from(bare).toString()).to.match(/^d8:announce17:http:\/\/a\/announce4:infod6:length/)
  })

  it('chooses the smallest piece that gives at most 2,000 pieces, from 16 KiB to 16 MiB', () => {
    expect(choosePieceLength(1)).to.equal(16 * KiB)
    expect(choosePieceLength(2000 * 16 * KiB)).to.equal(16 * KiB)
    expect(choosePieceLength(2000 * 16 * KiB + 1)).to.equal(32 * KiB)
    expect(choosePieceLength(KiB ** 3)).to.equal(KiB ** 2)
    expect(choosePieceLength(2 ** 50)).to.equal(16 * KiB ** 2)
  })
})
