// Our announces at other people's trackers.
import { expect } from 'chai'
import { toHex } from '../../core/base/bytes.js'
import { AnnouncedPeer, Announcing, someHash } from './announcing.js'
import { bittorrentTracker, opentracker, type RunningTracker } from './foreign-trackers.js'
import { loopback } from './places.js'
import { Program } from './programs.js'

describe('trackers of others', () => {
  after(() => Program.stopAll())

  for (const kind of [opentracker, bittorrentTracker]) {
    const { name, missing } = kind
    describe(missing === null ? name : `${name} [skipped: needs ${missing}]`, () => {
      const hashes = [someHash(), someHash()]
      // npm's tracker counts no downloads and gives the seeders instead.
      const downloads = (counted: number, seeders: number): number => (name === 'opentracker' ? counted : seeders)
      let tracker: RunningTracker
      let announcing: Announcing

      before(async function () {
        if (missing !== null) return this.skip()
        announcing = await Announcing.open()
        tracker = await kind.start(
          loopback,
          hashes.map(hash => toHex(hash)),
        )
      })

      after(async () => {
        await announcing?.close()
        await tracker?.stop()
      })

      for (const [i, scheme] of (['http', 'udp'] as const).entries()) {
        it(`hears started, completed and stopped over ${scheme}, joins peers, and tells the counts`, async () => {
          const infoHash = hashes[i]!
          const url = new URL(tracker[scheme])
          const counts = async (): Promise<unknown> => {
            const [one] = await announcing.scrape(url, [infoHash])
            return { seeders: one?.seeders, leechers: one?.leechers, completed: one?.completed }
          }

          const seeder = new AnnouncedPeer(announcing.discovery, url, infoHash, 6001, 0)
          expect(await seeder.told('started')).to.include({ error: null })
          const leecher = new AnnouncedPeer(announcing.discovery, url, infoHash, 6002, 1000)
          expect(await leecher.told('started')).to.include({ error: null })
          expect([...leecher.found]).to.include('127.0.0.1:6001')
          expect(await counts()).to.deep.equal({ seeders: 1, leechers: 1, completed: downloads(0, 1) })

          leecher.complete()
          expect(await leecher.told('completed')).to.include({ error: null })
          expect(await counts()).to.deep.equal({ seeders: 2, leechers: 0, completed: downloads(1, 2) })

          await Promise.all([seeder.stop(), leecher.stop()])
          expect((await leecher.told('stopped')).error).to.equal(null)
          expect(await counts()).to.include({ seeders: 0, leechers: 0 })
          expect(leecher.notes.map(note => note.kind)).to.deep.equal(['started', 'completed', 'stopped'])
          expect(seeder.notes.map(note => note.kind)).to.deep.equal(['started', 'stopped'])
        })
      }

      if (name === 'opentracker')
        it('is quoted when it refuses', async () => {
          // Over UDP it says nothing instead.
          const peer = new AnnouncedPeer(announcing.discovery, new URL(tracker.http), someHash(), 6003, 1)
          const { error } = await peer.told('started')
          expect(error).to.include('not authorized')
          await peer.stop()
        })
    })
  }
})
