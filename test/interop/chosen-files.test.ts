// Files chosen of a torrent that other people's clients made and seed, held against the bytes they were made of.
import { expect } from 'chai'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '../../core/base/bytes.js'
import { parseMetainfo } from '../../core/protocol/metainfo.js'
import { aria2 } from './clients/aria2.js'
import type { ForeignClient } from './clients/client.js'
import { libtorrent } from './clients/libtorrent.js'
import { digests, writeContent } from './content.js'
import { knows, ourTracker } from './foreign-trackers.js'
import { loopback } from './places.js'
import { Program } from './programs.js'
import { Scratch } from './scratch.js'
import { Shoal } from './shoal.js'

const MIB = 1 << 20

describe('files chosen of what others seed', function () {
  this.timeout(60_000)
  let scratch: Scratch
  let content: string

  before(() => {
    scratch = new Scratch()
    content = join(scratch.folder(), 'content')
    writeContent(content)
  })

  afterEach(async function () {
    await Program.stopAll(this.currentTest)
  })

  after(() => scratch?.remove())

  for (const client of [libtorrent, aria2()]) {
    const needs = client.missing === null ? '' : ` [skipped: needs ${client.missing}]`
    it(`are theirs, byte for byte, and next to nothing else is fetched: ${client.name}${needs}`, async function () {
      if (client.missing !== null) return this.skip()
      const file = await seeded(client)
      const into = scratch.folder()
      const words = ['get', file, '-o', into, '--files', 'archive.tar,*.jpg', '--first-and-last']
      const { program } = Shoal.start(loopback, words)
      await program.done()
      const source = digests(content)
      const got = digests(join(into, 'content'))
      const chosen = Object.keys(source).filter(path => path.endsWith('.jpg') || path.endsWith('archive.tar'))
      for (const path of chosen) expect(got[path], path).to.equal(source[path])
      expect(got).to.not.have.property('nested/empty')
      const film = join(into, 'content', 'film.mkv')
      if (existsSync(film)) expect(statSync(film).blocks * 512, 'what a piece or two bring').to.be.below(5 * MIB)
    })
  }

  /** The .torrent, once the tracker knows the seeder. */
  async function seeded(client: ForeignClient): Promise<string> {
    const tracker = await ourTracker.start(loopback, [])
    const file = join(scratch.folder(), 'content.torrent')
    if (client.create !== undefined) await client.create(content, file, tracker.http)
    else await Shoal.start(loopback, ['create', content, '-o', file, '--announce', tracker.http]).program.done()
    await client.seed(loopback, file, join(content, '..'))
    const infoHash = toHex(parseMetainfo(readFileSync(file)).infoHash)
    await knows(loopback, tracker, infoHash, 'seeder')
    return file
  }
})
