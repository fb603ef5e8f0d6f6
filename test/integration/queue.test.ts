// More torrents than may be at work at once, over real sockets and files.
import { expect } from 'chai'
import fs from 'node:fs'
import { until } from '../plugins/waiting.js'
import { same, Workbench } from './workbench.js'

const PIECE = 16_384

describe('a queue of downloads', () => {
  let bench: Workbench

  beforeEach(() => {
    bench = new Workbench()
  })

  afterEach(() => bench.close())

  it('is gone through in its order, one at a time, each giving its place to the next', async () => {
    const all = ['one', 'two', 'three'].map((name, i) => bench.make(`${name}.bin`, 20 * PIECE, PIECE, i + 1))
    const seeder = await bench.node({
      dataDir: bench.at('seeder-state'),
      client: { torrents: all.map(made => ({ file: made.file, into: made.origin })) },
    })
    await until(() => seeder.count('torrent') === 3)
    const into = bench.at('into')
    const node = await bench.node({
      dataDir: bench.at('state'),
      client: { queue: { downloads: 1, seeds: 1 }, torrents: all.map(made => ({ file: made.file, into })) },
      peers: [`127.0.0.1:${seeder.port}`],
    })
    await until(() => node.count('complete') === 3)
    for (const made of all) expect(same(into, made.files)).to.equal(true)
    const names = new Map(all.map(made => [made.hash, made.metainfo.name]))
    const told = node.events.filter(({ event }) => event === 'torrent' || event === 'complete')
    expect(told.map(({ event, infoHash }) => `${event} ${names.get(String(infoHash))}`)).to.deep.equal([
      'torrent one.bin',
      'complete one.bin',
      'torrent two.bin',
      'complete two.bin',
      'torrent three.bin',
      'complete three.bin',
    ])
    await until(() => node.api.snapshot().torrents.filter(({ phase }) => phase === 'running').length === 1)
    const locks = (): number => fs.readdirSync(bench.at('state')).filter(name => name.endsWith('.lock')).length
    await until(() => locks() === 1)
    await node.stop()

    const again = await bench.node({
      dataDir: bench.at('state'),
      client: { queue: { downloads: 1, seeds: 1 }, torrents: all.map(made => ({ file: made.file, into })) },
    })
    await until(() => again.api.snapshot().opening === 0)
    const phases = again.api.snapshot().torrents.map(({ phase, have }) => [phase, have])
    expect(phases).to.deep.equal([
      ['running', 20],
      ['queued', 20],
      ['queued', 20],
    ])
    expect(again.count('torrent'), 'the others were never opened').to.equal(1)
  })
})

describe('seeding', () => {
  let bench: Workbench

  beforeEach(() => {
    bench = new Workbench()
  })

  afterEach(() => bench.close())

  it('ends with the ratio, by the content that is here, whatever was downloaded', async () => {
    const made = bench.make('film.bin', 20 * PIECE, PIECE)
    const seeder = await bench.node({
      dataDir: bench.at('seeder-state'),
      client: { torrents: [{ file: made.file, into: made.origin }], seedGoal: { ratio: 2 } },
    })
    await seeder.event('torrent')
    for (const name of ['first', 'second']) {
      expect(seeder.api.snapshot().torrents[0]).to.include({ phase: 'running' })
      const leecher = await bench.node({
        dataDir: bench.at(`${name}-state`),
        client: { torrents: [{ file: made.file, into: bench.at(name) }] },
        peers: [`127.0.0.1:${seeder.port}`],
      })
      await leecher.event('complete')
      await leecher.stop()
    }
    await until(() => seeder.api.snapshot().torrents[0]?.phase === 'finished')
    expect(seeder.api.snapshot().torrents[0]).to.include({ downloaded: 0, peers: 0, uploaded: 40 * PIECE })
    expect(seeder.events.at(-1)).to.include({ event: 'state', phase: 'finished' })
  })
})
