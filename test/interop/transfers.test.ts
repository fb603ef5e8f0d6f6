// Content to and from other people's clients, through our trackers and those of others, byte for byte.
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '../../core/base/bytes.js'
import { parseMetainfo } from '../../core/protocol/metainfo.js'
import { aria2 } from './clients/aria2.js'
import type { ForeignClient } from './clients/client.js'
import { libtorrent } from './clients/libtorrent.js'
import { transmission } from './clients/transmission.js'
import { webtorrent } from './clients/webtorrent.js'
import { digests, withoutEmpty, writeContent } from './content.js'
import { bittorrentTracker, knows, opentracker, ourTracker, type TrackerKind } from './foreign-trackers.js'
import { loopback, Network, type Place } from './places.js'
import { Program } from './programs.js'
import { Scratch } from './scratch.js'
import { Shoal } from './shoal.js'

interface Way {
  readonly client: ForeignClient
  readonly tracker: TrackerKind
  readonly by: 'http' | 'udp'
  /** The client is there first, so it is Shoal that dials. */
  readonly waits?: boolean
}

const downloads: readonly Way[] = [
  { client: libtorrent, tracker: ourTracker, by: 'udp' },
  { client: aria2(), tracker: ourTracker, by: 'http' },
  { client: transmission(), tracker: opentracker, by: 'http' },
  { client: webtorrent(), tracker: bittorrentTracker, by: 'udp' },
]

const uploads: readonly Way[] = [
  { client: libtorrent, tracker: bittorrentTracker, by: 'http' },
  { client: aria2(), tracker: opentracker, by: 'http' },
  { client: transmission({ 'utp-enabled': false }), tracker: ourTracker, by: 'http' },
  { client: webtorrent({ utp: false, secure: false }), tracker: opentracker, by: 'udp' },
  { client: webtorrent(), tracker: ourTracker, by: 'udp', waits: true },
]

describe('clients of others', function () {
  this.timeout(60_000)
  let scratch: Scratch
  let content: string
  let source: Record<string, string>
  let network: Network | null = null

  before(() => {
    scratch = new Scratch()
    content = join(scratch.folder(), 'content')
    writeContent(content)
    source = digests(content)
    network = Network.open(2)
  })

  afterEach(async function () {
    await Program.stopAll(this.currentTest)
  })

  after(() => {
    network?.close()
    scratch?.remove()
  })

  /** Where Shoal and the tracker run, and where the client does; null: nowhere on this machine. */
  function places(client: ForeignClient): readonly [Place, Place] | null {
    if (client.loopback) return [loopback, loopback]
    const [near, far] = network?.hosts ?? []
    return near === undefined || far === undefined ? null : [near, far]
  }

  for (const { client, tracker, by } of downloads) {
    const title = `give Shoal what they seed: ${client.name}, found through ${tracker.name} over ${by}`
    it(`${title}${needs(client, tracker)}`, async function () {
      const at = places(client)
      if (at === null || client.missing !== null || tracker.missing !== null) return this.skip()
      const [near, far] = at
      // The info-hash is that of a torrent made once, so that a tracker can be told before.
      const draft = await made(client, near, 'http://127.0.0.1:1/announce')
      const running = await tracker.start(near, [draft.infoHash])
      const { file, infoHash } = await made(client, near, running[by])
      const seeder = await client.seed(far, file, join(content, '..'))
      await seeder.during(knows(near, running, infoHash, 'seeder'))
      const into = scratch.folder()
      await Shoal.start(near, ['get', file, '-o', into]).program.done()
      expect(digests(join(into, 'content'))).to.deep.equal(source)
    })
  }

  for (const { client, tracker, by, waits = false } of uploads) {
    const title = `${waits ? 'wait for and ' : ''}get what Shoal seeds: ${client.name}, through ${tracker.name} over ${by}`
    it(`${title}${needs(client, tracker)}`, async function () {
      const at = places(client)
      if (at === null || client.missing !== null || tracker.missing !== null) return this.skip()
      const [near, far] = at
      const draft = await ours(near, 'http://127.0.0.1:1/announce')
      const running = await tracker.start(near, [draft.infoHash])
      const { file, infoHash } = await ours(near, running[by])
      const into = scratch.folder()
      const get = (): Promise<void> => client.get(far, file, into)
      const seed = (): void => {
        const state = { env: { XDG_STATE_HOME: scratch.folder() } }
        Shoal.start(near, ['seed', content, '--torrent', file, '--port', '0'], state)
      }
      if (waits) {
        const got = get()
        await Promise.race([got, knows(near, running, infoHash, 'leecher')])
        seed()
        await got
      } else {
        seed()
        await knows(near, running, infoHash, 'seeder')
        await get()
      }
      expect(digests(join(into, 'content'))).to.deep.equal(client.emptyFiles ? source : withoutEmpty(source))
    })
  }

  /** The .torrent of the content as the client makes it, or as we do where it makes none. */
  async function made(client: ForeignClient, at: Place, url: string): Promise<{ file: string; infoHash: string }> {
    if (client.create === undefined) return ours(at, url)
    const file = join(scratch.folder(), 'content.torrent')
    await client.create(content, file, url)
    return { file, infoHash: toHex(parseMetainfo(readFileSync(file)).infoHash) }
  }

  async function ours(at: Place, url: string): Promise<{ file: string; infoHash: string }> {
    const file = join(scratch.folder(), 'content.torrent')
    const { program } = Shoal.start(at, ['create', content, '-o', file, '--announce', url])
    await program.done()
    return { file, infoHash: toHex(parseMetainfo(readFileSync(file)).infoHash) }
  }
})

function needs(client: ForeignClient, tracker: TrackerKind): string {
  const all = [client.missing, tracker.missing].filter(one => one !== null)
  if (!client.loopback && !Network.possible) all.push('root and iproute2')
  return all.length === 0 ? '' : ` [skipped: needs ${all.join(', ')}]`
}
