// Content that is looked at again because somebody says so.
import { expect } from 'chai'
import fs from 'node:fs'
import path from 'node:path'
import { CountedStorage } from './counted-storage.js'
import { until } from '../plugins/waiting.js'
import { same, Workbench } from './workbench.js'

const PIECE = 16_384

describe('content that is checked on demand', () => {
  let bench: Workbench

  beforeEach(() => {
    bench = new Workbench()
  })

  afterEach(() => bench.close())

  it('is hashed whole; what is damaged is told, and fetched again', async () => {
    const made = bench.make('film.bin', 40 * PIECE, PIECE)
    const seeder = await bench.seeder(made)
    const into = bench.at('into')
    const storage = new CountedStorage()
    const node = await bench.node({
      dataDir: bench.at('state'),
      client: { torrents: [{ file: made.file, into }] },
      peers: [`127.0.0.1:${seeder.port}`],
      without: ['storage-file'],
      given: storage.given,
    })
    await node.event('complete')
    expect(storage.hashed).to.have.length(0)
    const file = path.join(into, 'film.bin')
    const bytes = fs.readFileSync(file)
    for (const piece of [3, 17]) bytes.fill(1, piece * PIECE + 5, piece * PIECE + 50)
    fs.writeFileSync(file, bytes)
    const checking = node.api.recheck(made.hash)
    await until(() => (node.api.snapshot().torrents[0]?.progress?.done ?? 0) > 0)
    expect(node.api.snapshot().torrents[0]).to.include({ phase: 'checking', peers: 0 })
    expect(node.api.snapshot().torrents[0]?.progress).to.include({ of: 40 })
    await checking
    expect([...storage.hashed].sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 40 }, (_, i) => i))
    expect((await node.event('warning'))['message']).to.contain('2 of the pieces')
    await until(() => node.count('complete') === 2)
    expect(same(into, made.files)).to.equal(true)
    const told = node.events.filter(event => event.event === 'torrent' || event.event === 'state')
    expect(told.map(event => event['have'] ?? event['phase'])).to.deep.equal([0, 'checking', 38])
    expect(node.api.snapshot().torrents[0]).to.not.have.property('progress')
  })

  it('waits again, or is paused again, afterwards', async () => {
    const made = bench.make('film.bin', 10 * PIECE, PIECE)
    const node = await bench.node({
      dataDir: bench.at('state'),
      client: { torrents: [{ file: made.file, into: made.origin, paused: true }] },
    })
    await until(() => node.count('state') === 1)
    expect(node.api.snapshot().torrents[0]).to.include({ phase: 'paused', have: 0 })
    await node.api.recheck(made.hash)
    expect(node.api.snapshot().torrents[0]).to.include({ phase: 'paused', have: 10 })
    expect(node.count('torrent'), 'it was never at work').to.equal(0)
    await node.api.resume(made.hash)
    expect(await node.event('torrent')).to.include({ have: 10 })
  })
})
