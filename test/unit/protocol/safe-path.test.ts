import { expect } from 'chai'
import fc from 'fast-check'
import { win32 } from 'node:path'
import { fromHex } from '../../../core/base/bytes.js'
import { safePath, type PathPlatform } from '../../../core/protocol/safe-path.js'
import { uniquePaths } from '../../../core/protocol/unique-paths.js'
import { fixture, haveFixtures } from './fixtures.js'

const platforms: readonly PathPlatform[] = ['posix', 'darwin', 'win32']

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text))
}

function safe(elements: readonly string[], platform: PathPlatform): string {
  return safePath(elements.map(bytes), platform).join('/')
}

describe('safe path', () => {
  const hard = fc.constantFrom(
    '.',
    '..',
    '/',
    '\\',
    ' ',
    '\0',
    '\u200b',
    '\u200d',
    'con',
    'NUL',
    'a',
    ':',
    '\u00e9',
    '.txt',
    '~',
  )
  const element = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.array(hard, { maxLength: 8 }).map(parts => bytes(parts.join(''))),
    fc.string({ unit: 'grapheme', maxLength: 300 }).map(bytes),
  )

  for (const platform of platforms) {
    it(`stays inside its folder and is legal, whatever the elements, on ${platform}`, () => {
      fc.assert(
        fc.property(fc.array(element, { maxLength: 6 }), elements => {
          const path = safePath(elements, platform)
          for (const part of path) {
            expect(part).to.not.match(/^\.{0,2}$|[/\\\p{Cc}\p{Bidi_Control}]/u)
            expect(part.isWellFormed()).to.equal(true)
            expect(Buffer.byteLength(part)).to.be.at.most(245)
            if (platform !== 'win32') continue
            expect(part).to.not.match(/[<>:"|?*]|[. ]$/)
            expect(part).to.not.match(/^(con|prn|aux|nul|com\d|lpt\d) *(\.|$)/i)
          }
          const root = 'C:\\root'
          expect(win32.relative(root, win32.join(root, ...path))).to.equal(path.join('\\'))
          expect(safePath(path.map(bytes), platform)).to.deep.equal(path)
        }),
        { numRuns: 500 },
      )
    })
  }

  it('sees through names hidden by invisible characters and trailing spaces', () => {
    for (const platform of platforms) expect(safe(['a', '.\u200b.', 'b'], platform)).to.equal('a/b')
    for (const platform of platforms) expect(safe(['a', '.\u200d.', '\u200c..', 'b'], platform)).to.equal('a/b')
    expect(safe(['\u{1f468}\u200d\u{1f469}.jpg', 'co\u200dn'], 'win32')).to.equal('\u{1f468}\u200d\u{1f469}.jpg/con_')
    expect(safe(['.. ', 'b'], 'win32')).to.equal('b')
    expect(safe(['co\u200bn.txt'], 'win32')).to.equal('con_.txt')
    expect(safe(['CON ', 'NUL .x'], 'win32')).to.equal('CON_/NUL _.x')
    expect(safe(['CON', 'nul.tar.gz', 'lpt1.log'], 'posix')).to.equal('CON/nul.tar.gz/lpt1.log')
  })

  it('cuts a long name to 240 bytes before its extension, never within a character', () => {
    expect(safe([`${'a'.repeat(300)}.tar.gz`], 'posix')).to.equal(`${'a'.repeat(237)}.gz`)
    expect(safe(['\u00e9'.repeat(200)], 'posix')).to.equal('\u00e9'.repeat(120))
    expect(safe([`${'\u{1f600}'.repeat(80)}.mkv`], 'posix')).to.equal(`${'\u{1f600}'.repeat(59)}.mkv`)
  })

  it('maps every published vector as it says [needs the fixtures folder]', function () {
    if (!haveFixtures()) this.skip()
    const file = fixture<{
      vectors: { elements_hex: string[]; posix: string; windows: string }[]
      windows_reserved_upstream_2026: string[]
      reserved_with_extension: string[]
      anacrolix_safe_path_tests: { path: string[] }[]
      monotorrent_reject: string[]
    }>('vectors/paths.json')
    for (const { elements_hex, posix, windows } of file.vectors) {
      const elements = elements_hex.map(hex => fromHex(hex) ?? new Uint8Array(0))
      expect(safePath(elements, 'posix').join('/'), elements_hex.join()).to.equal(posix)
      expect(safePath(elements, 'darwin').join('/'), elements_hex.join()).to.equal(posix)
      expect(safePath(elements, 'win32').join('/'), elements_hex.join()).to.equal(windows)
    }
    for (const name of [...file.windows_reserved_upstream_2026, ...file.reserved_with_extension]) {
      expect(safe([name], 'win32'), name).to.not.equal(name)
    }
    // Others refuse these; here they become names inside the folder.
    for (const path of [...file.anacrolix_safe_path_tests.map(test => test.path), ...file.monotorrent_reject]) {
      for (const platform of platforms) {
        for (const part of safe([path].flat(), platform).split('/')) expect(part).to.not.match(/^\.{1,2}$|[\\]|^C:$/)
      }
    }
  })
})

describe('a device name that is as long as a name may be', () => {
  it('stays so long, and is left alone the second time', () => {
    for (const name of [`nul.${'a'.repeat(236)}`, `nul${' '.repeat(233)}.txt`, `nul.${'a'.repeat(234)}. `]) {
      const once = safe([name], 'win32')
      expect(once)
        .to.match(/^nul *_/)
        .and.have.lengthOf.at.most(240)
      expect(safe([once], 'win32')).to.equal(once)
    }
  })
})

describe('unique paths', () => {
  it('rename the later of two equal ones, and a file that is a folder', () => {
    const paths = [
      ['t', 'bar.txt'],
      ['t', 'bar.txt'],
      ['t', 'bar.1.txt'],
      ['t', 'd'],
      ['t', 'd', 'x'],
      ['t', '.x'],
      ['t', '.x'],
    ]
    expect(uniquePaths(paths, 'posix').map(path => path?.join('/'))).to.deep.equal([
      't/bar.txt',
      't/bar.1.txt',
      't/bar.1.1.txt',
      't/d.1',
      't/d/x',
      't/.x',
      't/.x.1',
    ])
  })

  it('tell case apart where the platform does', () => {
    const paths = [['a', 'README'], ['A', 'readme'], null, ['a', 'caf\u00e9'], ['a', 'cafe\u0301']]
    expect(uniquePaths(paths, 'posix')).to.deep.equal(paths)
    const folded = uniquePaths(paths, 'win32')
    expect(folded.map(path => path?.at(-1))).to.deep.equal([
      'README',
      'readme.1',
      undefined,
      'caf\u00e9',
      'cafe\u0301.1',
    ])
  })

  it('take no longer for a hundred thousand equal names than for others', function () {
    this.timeout(5000)
    const paths = Array.from({ length: 100_000 }, () => ['t', 'same.txt'])
    const unique = new Set(uniquePaths(paths, 'win32').map(path => path?.join('/')))
    expect(unique.size).to.equal(100_000)
  })

  it('cost next to nothing for their depth', function () {
    this.timeout(1000)
    const paths = Array.from({ length: 20_000 }, (_, i) => [`x${i}`, ...Array.from({ length: 98 }, () => 'a')])
    expect(uniquePaths(paths, 'posix')).to.deep.equal(paths)
  })

  it('are unique for any list', () => {
    const path = fc.array(fc.constantFrom('a', 'A', 'b', 'a.1', 'b.1'), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(fc.array(path, { maxLength: 30 }), fc.constantFrom(...platforms), (paths, platform) => {
        const keys = uniquePaths(paths, platform).map(found => found?.join('/') ?? '')
        const folded = platform === 'posix' ? keys : keys.map(key => key.toUpperCase())
        expect(new Set(folded).size).to.equal(paths.length)
        for (const key of folded) {
          expect(
            folded.some(other => other.startsWith(`${key}/`)),
            key,
          ).to.equal(false)
        }
      }),
    )
  })
})
