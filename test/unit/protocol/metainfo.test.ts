import { expect } from 'chai'
import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { toHex } from '../../../core/base/bytes.js'
import { NodeError } from '../../../core/base/errors.js'
import { encodeBencode, type BencodeValue } from '../../../core/protocol/bencode.js'
import { parseMetainfo, refuseV2Only, type Metainfo } from '../../../core/protocol/metainfo.js'
import { fixture, fixtureBytes, haveFixtures } from './fixtures.js'

const info = { name: 'n', 'piece length': 16384, pieces: new Uint8Array(20), length: 5 }

function torrent(parts: Record<string, BencodeValue | undefined>, top: Record<string, BencodeValue> = {}): Uint8Array {
  return encodeBencode({ ...top, info: { ...info, ...parts } })
}

function parse(bytes: Uint8Array): Metainfo | NodeError {
  try {
    return parseMetainfo(bytes)
  } catch (error) {
    if (error instanceof NodeError) return error
    throw error
  }
}

function codeOf(bytes: Uint8Array): string {
  const read = parse(bytes)
  return read instanceof NodeError ? read.code : 'read'
}

describe('metainfo', () => {
  it('hashes the bytes of the info dictionary as they came', () => {
    const raw = 'd4:name1:n6:lengthi5e12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaae'
    const read = parseMetainfo(new Uint8Array(Buffer.from(`d4:info${raw}8:url-list1:ue`)))
    expect(toHex(read.infoHash)).to.equal(createHash('sha1').update(raw).digest('hex'))
    expect(Buffer.from(read.rawInfo).toString()).to.equal(raw)
    expect(read.files).to.deep.equal([{ path: ['n'], length: 5, padding: false }])
    expect(read.urlList).to.deep.equal(['u'])
  })

  it('takes trackers from the list, in tiers, each once and without the spaces around it', () => {
    const lists: [Record<string, BencodeValue>, string[][]][] = [
      [{}, []],
      [{ announce: ' http://a ' }, [['http://a']]],
      [{ announce: 'http://a', 'announce-list': [] }, [['http://a']]],
      [
        { announce: 'http://a', 'announce-list': [['\thttp://b', 'http://c'], [], ['http://b', 5, '']] },
        [['http://b', 'http://c']],
      ],
      [{ 'announce-list': 'http://a' }, []],
      [{ announce: `http://a/${'x'.repeat(5000)}` }, []],
      [{ 'announce-list': [[`http://a/${'x'.repeat(5000)}`, 'http://b']] }, [['http://b']]],
    ]
    for (const [top, tiers] of lists) expect(parseMetainfo(torrent({}, top)).trackers).to.deep.equal(tiers)
    const crowd = Array.from({ length: 5000 }, (_, i) => [`http://${i}/announce`])
    expect(parseMetainfo(torrent({}, { 'announce-list': crowd })).trackers.length).to.equal(200)
  })

  it('takes the UTF-8 forms of name and path where both are given', () => {
    const files = [{ length: 5, path: ['x'], 'path.utf-8': ['\u00e9'] }]
    const read = parseMetainfo(torrent({ files, length: undefined, 'name.utf-8': 'm' }))
    expect(read.files[0]?.path).to.deep.equal(['m', '\u00e9'])
  })

  it('refuses what makes no sense, by a code', () => {
    const files = (...list: BencodeValue[]): Uint8Array => torrent({ files: list, length: undefined })
    const bad: [Uint8Array, string][] = [
      [new Uint8Array(0), 'ERR_METAINFO_SYNTAX'],
      [encodeBencode([]), 'ERR_METAINFO_SYNTAX'],
      [encodeBencode({}), 'ERR_METAINFO_FIELD'],
      [torrent({ length: undefined }), 'ERR_METAINFO_FIELD'],
      [torrent({ name: '' }), 'ERR_METAINFO_FIELD'],
      [torrent({ name: 5 }), 'ERR_METAINFO_FIELD'],
      [torrent({ 'piece length': 0 }), 'ERR_METAINFO_FIELD'],
      [torrent({ 'piece length': 2 ** 31 }), 'ERR_METAINFO_SIZE'],
      [torrent({ length: 0, pieces: new Uint8Array(0) }), 'ERR_METAINFO_SIZE'],
      [torrent({ length: -1 }), 'ERR_METAINFO_SIZE'],
      [torrent({ length: 2 ** 52 }), 'ERR_METAINFO_SIZE'],
      [torrent({ length: 2 ** 40 }), 'ERR_METAINFO_SIZE'],
      [torrent({ pieces: new Uint8Array(40) }), 'ERR_METAINFO_PIECES'],
      [torrent({ pieces: [] }), 'ERR_METAINFO_PIECES'],
      [torrent({ 'meta version': 3 }), 'ERR_METAINFO_FIELD'],
      [torrent({ 'meta version': 2 }), 'ERR_METAINFO_FIELD'],
      [files('x'), 'ERR_METAINFO_FIELD'],
      [files({ length: 5 }), 'ERR_METAINFO_FIELD'],
      [files({ length: 5, path: [] }), 'ERR_METAINFO_FIELD'],
      [files({ length: 5, path: 'a'.repeat(101).split('') }), 'ERR_METAINFO_SIZE'],
      [
        files({ length: 2 ** 47, path: ['a'] }, { length: 2 ** 47, path: ['b'] }, { length: 1, path: ['c'] }),
        'ERR_METAINFO_SIZE',
      ],
    ]
    for (const [bytes, code] of bad) expect(codeOf(bytes), Buffer.from(bytes).toString('latin1', 0, 90)).to.equal(code)
    const sum = Buffer.from('d4:infod6:lengthi9223372036854775808e4:name1:n12:piece lengthi1e6:pieces0:ee')
    expect(codeOf(new Uint8Array(sum))).to.equal('ERR_METAINFO_SIZE')
  })

  it('loads a hundred thousand equal names in bounded time, each to a path of its own', function () {
    this.timeout(5000)
    const files = Array.from({ length: 100_000 }, () => ({ length: 1, path: ['a'] }))
    const pieces = new Uint8Array(20 * Math.ceil(100_000 / 16384))
    const read = parseMetainfo(torrent({ files, length: undefined, pieces }))
    expect(new Set(read.files.map(file => file.path.join('/'))).size).to.equal(100_000)
  })

  it('ends for any bytes in a torrent that is safe, or an error', () => {
    const whole = Buffer.from(torrent({ files: [{ length: 5, path: ['a', 'b'] }], length: undefined }))
    const edit = fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }))
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), edits => {
        const bytes = new Uint8Array(whole)
        for (const [at, byte] of edits) bytes[at] = byte
        const read = parse(bytes)
        if (read instanceof NodeError) {
          expect(read.code).to.match(/^ERR_METAINFO_/)
          return
        }
        for (const file of read.files) for (const part of file.path) expect(part).to.not.match(/^\.{0,2}$|[/\\\0]/)
      }),
      { numRuns: 2000 },
    )
  })
})

// Where trusted clients disagree, or the names of files are anyone's to choose: what is done here, and why.
const ownVerdict = new Map([
  // Renaming takes linear time, so the number of equal names need not be limited.
  ['duplicate_files2.torrent', true],
  // The name is "/", of which nothing is left: the info-hash takes its place.
  ['invalid_name4.torrent', true],
])
const ownFileCount = new Map([
  // Padding between files of version 2 is implied, not listed.
  ['v2_multiple_files.torrent', 3],
  ['v2_incomplete_piece_layer.torrent', 3],
])
const ownPaths = new Map([
  // An element with nothing left is left out, by the one rule of the published path vectors, and not made "_".
  ['invalid_directory_name.torrent', ['test2/foo', 'test2/foo.1']],
  ['slash_path.torrent', ['temp/bar']],
  ['slash_path2.torrent', ['temp/abc....def/bar']],
  // The link itself is listed by libtorrent only; here it is an entry that is never stored.
  ['symlink_filtered_path.torrent', ['temp/a/bar', 'temp/a/foo']],
])

interface Expected {
  readonly valid: boolean | null
  readonly kind?: string
  readonly infohash_v1?: string
  readonly infohash_v2?: string
  readonly num_files?: number
  readonly num_pieces?: number
  readonly piece_length?: number
  readonly libtorrent_paths?: string[]
  readonly trackers?: string[]
  readonly pad?: boolean[]
  readonly files?: [string, number][]
  readonly creation_date?: number | null
}

for (const folder of ['libtorrent', 'bep52']) {
  describe(`metainfo of others: ${folder} [needs the fixtures folder]`, () => {
    const all = haveFixtures() ? fixture<Record<string, Expected>>(`${folder}/expected.json`) : {}
    const files = Object.entries(all).filter(([file]) => file.endsWith('.torrent'))
    if (files.length === 0) {
      it('is read as expected', function () {
        this.skip()
      })
    }
    for (const [file, expected] of files) {
      it(file, () => {
        const read = parse(fixtureBytes(`${folder}/${file}`))
        const valid = ownVerdict.get(file) ?? expected.valid
        expect(!(read instanceof NodeError), read instanceof NodeError ? read.message : 'read').to.equal(valid)
        if (!(read instanceof NodeError)) agree(file, read, expected)
      })
    }
  })
}

function agree(file: string, read: Metainfo, expected: Expected): void {
  const paths = read.files.map(each => each.path.join('/'))
  const found = {
    kind: read.kind,
    infohash_v1: toHex(read.infoHash),
    infohash_v2: toHex(read.infoHashV2 ?? new Uint8Array(0)),
    num_files: read.files.length,
    num_pieces: read.geometry.pieceCount,
    piece_length: read.geometry.pieceLength,
    libtorrent_paths: paths,
    trackers: read.trackers.flat(),
    pad: read.files.map(each => each.padding),
    files: read.files.map(each => [each.path.join('/'), each.length]),
    creation_date: read.creationDate,
  }
  const wanted: Record<string, unknown> = { ...expected }
  if (ownFileCount.has(file)) wanted['num_files'] = ownFileCount.get(file)
  if (ownPaths.has(file)) wanted['libtorrent_paths'] = ownPaths.get(file)
  for (const [key, value] of Object.entries(found)) {
    if (key in wanted) expect(value, `${file}: ${key}`).to.deep.equal(wanted[key])
  }
  expect(new Set(paths.filter((_, i) => read.files[i]?.padding === false)).size).to.equal(
    read.files.filter(each => !each.padding).length,
  )
  for (const part of read.files.flatMap(each => each.path)) expect(part).to.not.match(/^\.{0,2}$|[/\\\0]/)
  if (read.kind === 'v2') expect(() => refuseV2Only(read)).to.throw(NodeError, 'version 2 only')
  else expect(read.pieces.length).to.equal(20 * read.geometry.pieceCount)
}
