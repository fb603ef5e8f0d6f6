// Content that is damaged under a node that shares it.
import { expect } from 'chai'
import fs from 'node:fs'
import path from 'node:path'
import { until } from '../plugins/waiting.js'
import { same, Workbench } from './workbench.js'

const PIECE = 16_384

describe('content that is damaged while it is seeded', () => {
  let bench: Workbench

  beforeEach(() => {
    bench = new Workbench()
  })

  afterEach(() => bench.close())

  const hurts: ReadonlyArray<readonly [what: string, hurt: (file: string) => void]> = [
    ['cut short', file => fs.truncateSync(file, 3 * PIECE)],
    ['deleted', file => fs.rmSync(file)],
  ]
  for (const [what, hurt] of hurts) {
    it(`is withdrawn where a file was ${what}, and fetched again`, async () => {
      const made = bench.make('album', { a: 10 * PIECE, b: 10 * PIECE }, PIECE)
      const checked = await bench.seeder(made)
      await checked.event('torrent')
      await checked.stop()
      // This one need not hash anything, so it holds no file open that would live on when it is deleted.
      const hurtOne = await bench.seeder(made)
      await hurtOne.event('torrent')
      const other = bench.at('other')
      fs.cpSync(made.origin, other, { recursive: true })
      const whole = await bench.node({
        dataDir: bench.at('other-state'),
        client: { torrents: [{ file: made.file, into: other }] },
      })
      await whole.event('torrent')
      hurt(path.join(made.origin, 'album', 'b'))
      const into = bench.at('into')
      const leecher = await bench.node({
        dataDir: bench.at('into-state'),
        client: { torrents: [{ file: made.file, into }] },
        peers: [`127.0.0.1:${hurtOne.port}`],
      })
      const have = (): number => leecher.api.snapshot().torrents[0]?.have ?? 0
      await until(() => have() >= 10 && (hurtOne.api.snapshot().torrents[0]?.have ?? 0) < 20)
      expect(leecher.count('complete')).to.equal(0)
      await leecher.stop()
      const again = await bench.node({
        dataDir: bench.at('into-state'),
        client: { torrents: [{ file: made.file, into }] },
        peers: [`127.0.0.1:${hurtOne.port}`, `127.0.0.1:${whole.port}`],
      })
      await again.event('complete')
      expect(same(into, made.files)).to.equal(true)
      await until(() => hurtOne.api.snapshot().torrents[0]?.have === 20)
      expect(same(made.origin, made.files)).to.equal(true)
      expect(hurtOne.count('error')).to.equal(0)
    }).timeout(30_000)
  }
})
