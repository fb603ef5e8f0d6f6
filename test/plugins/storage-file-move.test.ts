import { expect } from 'chai'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { moveContent } from '../../plugins/storage-file/content-move.js'
import { codeOf } from './code-of.js'

const NEVER = new AbortController().signal

describe('storage-file: a move', () => {
  let top: string

  beforeEach(() => {
    top = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'shoal-move-')))
  })

  afterEach(() => fs.rmSync(top, { recursive: true, force: true }))

  const lay = (folder: string, name: string, text: string): void => {
    fs.mkdirSync(path.join(top, folder, 'set'), { recursive: true })
    fs.writeFileSync(path.join(top, folder, 'set', name), text)
  }
  const text = (folder: string, name: string): string => fs.readFileSync(path.join(top, folder, 'set', name), 'utf8')
  const list = (folder: string): string[] => {
    const at = path.join(top, folder, 'set')
    return fs.existsSync(at) ? fs.readdirSync(at).sort() : []
  }
  const files = ['a', 'b', 'c'].map(name => ({ path: ['set', name], length: 3, padding: false }))
  const move = (resumed: boolean, signal = NEVER): Promise<void> => {
    const spec = { root: path.join(top, 'from'), pieceLength: 16, totalLength: 9, files }
    return moveContent(spec, path.join(top, 'to'), { resumed, signal, moved: () => {} })
  }

  it('takes no file of somebody else for one that is still to be fetched', async () => {
    lay('from', 'a', 'our')
    lay('to', 'b', 'his')
    expect(await codeOf(move(false))).to.equal('ERR_STORAGE_EXISTS')
    // Also where a kill came before anything was moved.
    expect(await codeOf(move(true))).to.equal('ERR_STORAGE_EXISTS')
    expect([text('from', 'a'), text('to', 'b')]).to.deep.equal(['our', 'his'])
    expect(list('to')).to.deep.equal(['b'])
  })

  it('goes on wherever it was killed', async () => {
    const begun = (): void => {
      lay('from', 'a', 'our')
      lay('from', 'b', 'two')
    }
    const ways = [
      begun,
      (): void => {
        begun()
        fs.mkdirSync(path.join(top, 'to', 'set'), { recursive: true })
        fs.linkSync(path.join(top, 'from', 'set', 'a'), path.join(top, 'to', 'set', 'a'))
      },
      (): void => {
        lay('to', 'a', 'our')
        lay('from', 'b', 'two')
        fs.linkSync(path.join(top, 'from', 'set', 'b'), path.join(top, 'to', 'set', 'b'))
      },
      (): void => {
        lay('to', 'a', 'our')
        lay('to', 'b', 'two')
      },
    ]
    for (const lie of ways) {
      fs.rmSync(path.join(top, 'from'), { recursive: true, force: true })
      fs.rmSync(path.join(top, 'to'), { recursive: true, force: true })
      fs.mkdirSync(path.join(top, 'from'))
      lie()
      await move(true)
      expect([text('to', 'a'), text('to', 'b'), list('to'), list('from')]).to.deep.equal(['our', 'two', ['a', 'b'], []])
    }
  })

  it('knows a copy of its own where times are kept to two seconds', async () => {
    lay('from', 'a', 'our')
    lay('from', 'b', 'two')
    lay('to', 'a', 'our')
    const { mtime } = fs.statSync(path.join(top, 'from', 'set', 'a'))
    fs.utimesSync(path.join(top, 'to', 'set', 'a'), mtime, new Date(mtime.getTime() - 1_900))
    await move(true)
    expect([list('to'), list('from')]).to.deep.equal([['a', 'b'], []])
  })
})
