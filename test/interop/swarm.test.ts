// The tracker and seeder in one node, on a network: leechers that know nothing but its .torrent.
import { expect } from 'chai'
import { join } from 'node:path'
import { aria2 } from './clients/aria2.js'
import { libtorrent } from './clients/libtorrent.js'
import { transmission } from './clients/transmission.js'
import { webtorrent } from './clients/webtorrent.js'
import { digests, withoutEmpty, writeContent } from './content.js'
import { Network, type Place } from './places.js'
import { Program } from './programs.js'
import { Scratch } from './scratch.js'
import { startSharing } from './sharing-node.js'
import { Shoal } from './shoal.js'

const leechers = [libtorrent, aria2(), transmission(), webtorrent()]

describe(`a node that tracks and seeds, on a network${Network.possible ? '' : ' [skipped: needs root and iproute2]'}`, function () {
  this.timeout(60_000)
  let scratch: Scratch
  let content: string
  let source: Record<string, string>
  let network: Network | null = null
  let hosts: readonly Place[] = []

  before(function () {
    network = Network.open(1 + leechers.length)
    if (network === null) return this.skip()
    hosts = network.hosts
    scratch = new Scratch()
    content = join(scratch.folder(), 'content')
    writeContent(content)
    source = digests(content)
  })

  afterEach(async function () {
    await Program.stopAll(this.currentTest)
  })

  after(() => {
    network?.close()
    scratch?.remove()
  })

  it('gives its seeder to a leecher on another host at an address that it can reach', async () => {
    const [near, far] = hosts
    if (near === undefined || far === undefined) throw new Error('no hosts')
    const node = await startSharing(near, scratch.folder(), content, 'tracker-seeder.json')
    expect(node.announce).to.include.members([`http://${near.host}:6969/announce`, `udp://${near.host}:6969/announce`])
    const into = scratch.folder()
    const get = Shoal.start(far, ['get', node.torrent, '-o', into])
    await get.program.done()
    expect(digests(join(into, 'content'))).to.deep.equal(source)
  })

  const missing = leechers.flatMap(client => client.missing ?? [])
  const needs = missing.length === 0 ? '' : ` [skipped: needs ${missing.join(', ')}]`
  it(`serves a swarm of four different leechers, with no tracker but its own${needs}`, async function () {
    if (missing.length > 0) return this.skip()
    const [near, ...far] = hosts
    if (near === undefined) throw new Error('no hosts')
    const node = await startSharing(near, scratch.folder(), content, 'tracker-seeder.json')
    await Promise.all(
      far.map(async (host, i) => {
        const client = leechers[i]!
        const into = scratch.folder()
        await client.get(host, node.torrent, into)
        expect(digests(join(into, 'content')), client.name).to.deep.equal(
          client.emptyFiles ? source : withoutEmpty(source),
        )
      }),
    )
  })
})
