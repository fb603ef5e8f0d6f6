// What READMEs say of the files beside them is so: tables of files are complete, and links lead somewhere.
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect } from 'chai'
import { filesBelow, root } from './tree.js'

const beside = ['core', 'plugins', 'test'].flatMap(filesBelow)
const readmes = ['README.md', ...beside.filter(path => basename(path) === 'README.md')]
const text = (path: string): string => readFileSync(join(root, path), 'utf8')

/** Names of the first column of the table headed "file", and of lists in it; null where there is no such table. */
function listed(readme: string): readonly string[] | null {
  const lines = text(readme).split('\n')
  const from = lines.findIndex(line => /^\| *file *\|/.test(line))
  if (from < 0) return null
  const rows = lines.slice(from + 2)
  const cells = rows.slice(0, rows.findIndex(line => !line.startsWith('|')) >>> 0).map(line => line.split('|')[1] ?? '')
  return cells.flatMap(cell => [...cell.matchAll(/`([\w-]+)(?:\.ts|\/)?`/g)].map(found => found[1] ?? ''))
}

describe('READMEs', () => {
  it('are found', () => expect(readmes).to.include.members(['README.md', 'core/kernel/README.md', 'plugins/README.md']))

  it('that list the files of a folder list all of them, and no others', () => {
    const lists = readmes.filter(readme => listed(readme) !== null)
    expect(lists).to.include.members(['core/base/README.md', 'plugins/client/README.md'])
    for (const readme of lists) {
      const there = beside.filter(path => dirname(path) === dirname(readme) && path.endsWith('.ts'))
      const names = there.map(path => basename(path, '.ts'))
      const known = new Set(listed(readme))
      const unsaid = names.filter(name => !known.has(name) && !['index', 'config', 'errors'].includes(name))
      const gone = [...known].filter(name => !names.includes(name) && !existsSync(join(root, dirname(readme), name)))
      expect({ readme, unsaid, gone }).to.deep.equal({ readme, unsaid: [], gone: [] })
    }
  })

  it('link to what there is', () => {
    for (const readme of readmes) {
      const links = [...text(readme).matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(found => found[1] ?? '')
      const dead = links.filter(to => !/^https?:/.test(to) && !existsSync(join(root, dirname(readme), to)))
      expect({ readme, dead }).to.deep.equal({ readme, dead: [] })
    }
  })
})
