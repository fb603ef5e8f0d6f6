// Our announces at other people's trackers.
import { expect } from 'chai'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '../../core/base/bytes.js'
import type { InfoHash } from '../../core/protocol/ids.js'
import { AnnouncedPeer, Announcing, someHash } from './announcing.js'
import { freePort, hasPackage, listening, onPath, Program } from './programs.js'

interface ForeignTracker {
  readonly urls: readonly string[]
  stop(): Promise<void>
}

/** Debian builds it to track only what a list names. It gives up root, so its folder is open to all. */
async function opentracker(hashes: readonly InfoHash[]): Promise<ForeignTracker> {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-opentracker-'))
  chmodSync(folder, 0o755)
  writeFileSync(join(folder, 'whitelist'), hashes.map(hash => `${toHex(hash)}\n`).join(''))
  const port = await freePort()
  const words = ['-i', '127.0.0.1', '-p', `${port}`, '-P', `${port}`, '-d', folder, '-w', 'whitelist', '-u', 'nobody']
  const program = Program.start(onPath('opentracker')!, words)
  await listening(port)
  return {
    urls: [`http://127.0.0.1:${port}/announce`, `udp://127.0.0.1:${port}/announce`],
    async stop() {
      await program.stop()
      rmSync(folder, { recursive: true })
    },
  }
}

async function bittorrentTracker(): Promise<ForeignTracker> {
  const program = Program.script(`
    import { Server } from 'bittorrent-tracker'
    const server = new Server({ udp: true, http: true, ws: false, stats: false })
    server.on('warning', () => {})
    const hosts = { http: '127.0.0.1', udp4: '127.0.0.1', udp6: '::1' }
    server.listen(0, hosts, () => console.log('ports', server.http.address().port, server.udp.address().port, ''))
  `)
  await program.printed('ports')
  const [, http, udp] = /ports (\d+) (\d+) /.exec(program.output) ?? []
  return {
    urls: [`http://127.0.0.1:${http}/announce`, `udp://127.0.0.1:${udp}`],
    stop: () => program.stop(),
  }
}

const trackers = [
  { name: 'opentracker', absent: () => onPath('opentracker') === null, start: opentracker },
  { name: 'bittorrent-tracker', absent: () => !hasPackage('bittorrent-tracker'), start: bittorrentTracker },
]

describe('trackers of others', () => {
  after(() => Program.stopAll())

  for (const { name, absent, start } of trackers) {
    describe(`${name} [skipped where it is not installed]`, () => {
      const hashes = [someHash(), someHash()]
      // npm's tracker counts no downloads and gives the seeders instead.
      const downloads = (counted: number, seeders: number): number => (name === 'opentracker' ? counted : seeders)
      let tracker: ForeignTracker
      let announcing: Announcing

      before(async function () {
        if (absent()) return this.skip()
        announcing = await Announcing.open()
        tracker = await start(hashes)
      })

      after(async () => {
        await announcing?.close()
        await tracker?.stop()
      })

      for (const [i, scheme] of ['http', 'udp'].entries()) {
        it(`hears started, completed and stopped over ${scheme}, joins peers, and tells the counts`, async () => {
          const infoHash = hashes[i]!
          const url = new URL(tracker.urls[i]!)
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
          const peer = new AnnouncedPeer(announcing.discovery, new URL(tracker.urls[0]!), someHash(), 6003, 1)
          const { error } = await peer.told('started')
          expect(error).to.include('not authorized')
          await peer.stop()
        })
    })
  }
})
