import { expect } from 'chai'
import { toHex } from '../../../core/base/bytes.js'
import { NodeError } from '../../../core/base/errors.js'
import { assembleTorrent, planTorrent } from '../../../core/protocol/torrent-plan.js'

describe('torrent plan', () => {
  const digests = (count: number): Uint8Array => new Uint8Array(20 * count).fill(7)

  it('makes a torrent of a file, or of a folder, under its name', () => {
    const file = planTorrent([{ path: [], length: 20_000 }], 'f.bin')
    expect(file).to.include({ name: 'f.bin', pieceLength: 16384, totalLength: 20_000 })
    expect(assembleTorrent(file, digests(2)).metainfo.files.map(each => each.path)).to.deep.equal([['f.bin']])
    const folder = planTorrent([{ path: ['f.bin'], length: 20_000 }], 'd')
    expect(assembleTorrent(folder, digests(2)).metainfo.files.map(each => each.path)).to.deep.equal([['d', 'f.bin']])
  })

  it('changes the info-hash by what belongs to it, and by nothing else', () => {
    const plan = planTorrent([{ path: ['a'], length: 5 }], 'd')
    const hash = (options: object): string => toHex(assembleTorrent(plan, digests(1), options).metainfo.infoHash)
    const plain = hash({})
    expect(hash({ trackers: [['http://a/announce']], comment: 'c', createdBy: 'x', creationDate: 5 })).to.equal(plain)
    expect(new Set([plain, hash({ private: true }), hash({ source: 's' })]).size).to.equal(3)
    expect(hash({ private: false })).to.equal(plain)
  })

  it('refuses what could not be found again, or holds nothing, or has pieces of an odd length', () => {
    const refused = (run: () => unknown, code: string): void => {
      expect(run).to.throw(NodeError).with.property('code', code)
    }
    refused(() => planTorrent([], 'd'), 'ERR_METAINFO_SOURCE')
    refused(() => planTorrent([{ path: ['a'], length: 0 }], 'd'), 'ERR_METAINFO_SOURCE')
    for (const bad of ['a\\b', '..', 'x'.repeat(250), 'a\u0007', 'a\u202eb']) {
      refused(() => planTorrent([{ path: [bad], length: 5 }], 'd'), 'ERR_METAINFO_SOURCE')
    }
    refused(() => planTorrent([{ path: ['con'], length: 5 }], 'd', { platform: 'win32' }), 'ERR_METAINFO_SOURCE')
    for (const pieceLength of [0, 8192, 20_000, Number.NaN, 2 ** 30]) {
      refused(() => planTorrent([{ path: [], length: 5 }], 'f', { pieceLength }), 'ERR_METAINFO_PIECE_LENGTH')
    }
    refused(
      () => planTorrent([{ path: [], length: 2 ** 40 }], 'f', { pieceLength: 16384 }),
      'ERR_METAINFO_PIECE_LENGTH',
    )
    expect(planTorrent([{ path: [], length: 5 }], '\u{1f468}\u200d\u{1f469}.jpg').name).to.have.length(9)
  })
})
