// Whole nodes whose selector plugin, loaded from a path, answers nonsense: the download completes, with one warning.
import { expect } from 'chai'
import { fileURLToPath } from 'node:url'
import { badSelectors } from '../fixtures/bad-selectors.js'
import { same, Workbench } from './workbench.js'

const PLUGIN = fileURLToPath(new URL('./bad-selector.js', import.meta.url))

describe('a selector that answers nonsense', () => {
  let bench: Workbench

  before(() => {
    bench = new Workbench()
  })

  after(() => bench.close())

  it('slows a download and nothing else, whatever the nonsense', async function () {
    // One that always answers that there is nothing is believed until the next tick, eight times over.
    this.timeout(30_000)
    const made = bench.make('tune.bin', 30 * 16_384 + 77, 16_384)
    const seeder = await bench.seeder(made)
    await seeder.event('torrent')
    const download = async (kind: string, index: number): Promise<void> => {
      const into = bench.at(`into-${index}`)
      const node = await bench.node({
        dataDir: bench.at(`state-${index}`),
        client: { torrents: [{ file: made.file, into }], selector: 'bad' },
        peers: [`127.0.0.1:${seeder.port}`],
        plugins: [{ use: PLUGIN, config: { kind } }],
      })
      await node.event('complete')
      expect(same(into, made.files), kind).to.equal(true)
      const codes = node.events.filter(event => event.event === 'warning').map(event => event['code'])
      expect(codes, kind).to.deep.equal(['ERR_TORRENT_SELECTOR'])
      expect(node.count('error'), kind).to.equal(0)
    }
    await Promise.all(Object.keys(badSelectors).map(download))
  })
})
