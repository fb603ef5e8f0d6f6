// Every layer and plugin has one closed table of error codes, and the README beside it lists the same, both ways.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { filesBelow, root } from './tree.js'

const text = (path: string): string => readFileSync(join(root, path), 'utf8')
const sources = ['core', 'plugins'].flatMap(filesBelow).filter(path => path.endsWith('.ts'))
const tables = sources.filter(path => path !== 'core/base/errors.ts' && text(path).includes('errorTable({'))
const folders = [...new Set(tables.map(dirname))]

/** "ERR_X blame", as the code declares them. */
function declared(folder: string): string[] {
  const bodies = tables.filter(path => dirname(path) === folder).map(path => text(path).split('errorTable({').slice(1))
  const rows = bodies.flat().flatMap(body => [...(body.split('})')[0] ?? '').matchAll(/(ERR_\w+): '(\w+)'/g)])
  return rows.map(([, code, blame]) => `${code} ${blame}`).sort()
}

/** The same, as the README has them; a row without anything to do about it is none. */
function documented(folder: string): string[] {
  const readme = join(folder, 'README.md')
  if (!existsSync(join(root, readme))) return []
  const rows = [...text(readme).matchAll(/^\| *`(ERR_\w+)` *\| *(operator|remote|defect) *\| *\S.* \|$/gm)]
  return rows.map(([, code, blame]) => `${code} ${blame}`).sort()
}

describe('error tables', () => {
  it('are found', () => {
    expect(folders).to.include.members(['core/kernel', 'core/main', 'plugins/host-node'])
    expect(declared('core/kernel')).to.include('ERR_LINK_CYCLE operator')
  })

  for (const folder of folders) {
    it(`of ${folder} are those of its README`, () => {
      expect(documented(folder)).to.deep.equal(declared(folder))
    })
  }

  it('blame the same for one code, whoever makes it', () => {
    const rows = new Set(folders.flatMap(declared))
    expect(rows.size).to.equal(new Set([...rows].map(row => row.split(' ')[0])).size)
  })

  it('hold no code that nothing makes', () => {
    const made = sources
      .map(path =>
        text(path)
          .split(/errorTable\(\{[^]*?\}\)/)
          .join(''),
      )
      .join('\n')
    const unused = folders.flatMap(declared).filter(row => !made.includes(row.split(' ')[0] ?? row))
    expect(unused).to.deep.equal([])
  })
})
