// What no linter says about the sources: names, sizes, language, and a README beside the code.
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect } from 'chai'
import { filesBelow, root } from './tree.js'

const sources = ['core', 'plugins', 'test']
  .filter(folder => existsSync(join(root, folder)))
  .flatMap(filesBelow)
  .filter(path => /\.[cm]?[jt]s$/.test(path) && !path.endsWith('.d.ts'))
const shipped = sources.filter(path => !path.startsWith('test/') || path.startsWith('test/conformance/'))
const text = (path: string): string => readFileSync(join(root, path), 'utf8')

/** "path:line: what stands there" for each line in which the pattern is found. */
function found(paths: readonly string[], pattern: RegExp): readonly string[] {
  return paths.flatMap(path =>
    text(path)
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])),
  )
}

/** Lines of the longest file. The half of all files stays below 140. */
const LONGEST = 350

describe('house', () => {
  it('has sources to look at', () => expect(shipped.length).to.be.above(20))

  it('has no junk drawers', () => {
    const junk = /^(utils?|helpers?|common|misc|types|shared|lib)\.[cm]?[jt]s$/
    expect(sources.filter(path => junk.test(basename(path)))).to.deep.equal([])
  })

  it('names files in kebab-case', () => {
    const odd = /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.[cm]?[jt]s$/
    expect(sources.filter(path => !odd.test(basename(path)))).to.deep.equal([])
  })

  it('keeps a shipped file short enough to be read in one sitting', () => {
    const lines = shipped.map(path => ({ path, lines: text(path).split('\n').length - 1 }))
    expect(lines.filter(file => file.lines > LONGEST)).to.deep.equal([])
    const sorted = lines.map(file => file.lines).sort((a, b) => a - b)
    expect(sorted[sorted.length >> 1]).to.be.below(140)
  })

  it('is written in ASCII', () => expect(found(sources, /[^\x20-\x7e\t]/)).to.deep.equal([]))

  it('silences neither the compiler nor, without a reason, the linter', () => {
    const itself = 'test/architecture/house.test.ts'
    const hush =
      /as unknown as|@ts-(ignore|nocheck|expect-error)|eslint-disable|oxlint-disable(?!.* -- )|prettier-ignore/
    expect(found(shipped, hush)).to.deep.equal([])
    const anywhere = /@ts-(ignore|nocheck)|eslint-disable|oxlint-disable(?!.* -- )/
    expect(found(sources, anywhere).filter(line => !line.startsWith(itself))).to.deep.equal([])
  })

  it('leaves no notes to itself', () => {
    expect(found(shipped, /\b(TODO|FIXME|XXX|HACK)\b/)).to.deep.equal([])
  })

  it('skips and singles out no test in the source', () => {
    const tests = sources.filter(path => path.endsWith('.test.ts'))
    expect(found(tests, /\b(describe|it|context)\.(skip|only)\(|\bx(it|describe)\(/)).to.deep.equal([])
  })

  it('has a README beside the code', () => {
    const folders = new Set(
      shipped.map(path =>
        path
          .split('/')
          .slice(0, path.split('/').length > 2 ? 2 : 1)
          .join('/'),
      ),
    )
    const bare = [...folders].filter(folder => !existsSync(join(root, folder, 'README.md')))
    expect(bare).to.deep.equal([])
  })

  it('tests every plugin', () => {
    const tests = sources.filter(path => path.endsWith('.test.ts') || path.startsWith('test/integration/')).map(text)
    const plugins = new Set(shipped.map(dirname).filter(folder => /^plugins\/[^/]+$/.test(folder)))
    expect(plugins.size).to.be.above(15)
    const named = (folder: string): RegExp =>
      new RegExp(`/${folder}/|builtin:${basename(folder)}'|entry\\('${basename(folder)}'`)
    expect([...plugins].filter(folder => !tests.some(test => named(folder).test(test)))).to.deep.equal([])
  })

  it('keeps the wiring of a plugin within 80 lines', () => {
    const wiring = shipped.filter(path => /^plugins\/[^/]+\/index\.ts$/.test(path))
    expect(wiring.filter(path => text(path).split('\n').length > 81)).to.deep.equal([])
  })
})
