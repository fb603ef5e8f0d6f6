// The magnet links our node prints, in clients that fetch the metadata from it (BEP 9, 10).
import { expect } from 'chai'
import { join } from 'node:path'
import { aria2 } from './clients/aria2.js'
import { libtorrent } from './clients/libtorrent.js'
import { digests, writeContent } from './content.js'
import { loopback } from './places.js'
import { Program } from './programs.js'
import { Scratch } from './scratch.js'
import { type SharingNode, startSharing } from './sharing-node.js'

describe('magnet links of a node', function () {
  this.timeout(60_000)
  let scratch: Scratch
  let source: Record<string, string>
  let node: SharingNode | null = null

  before(async () => {
    scratch = new Scratch()
    const content = join(scratch.folder(), 'content')
    writeContent(content)
    source = digests(content)
    node = await startSharing(loopback, scratch.folder(), content, 'loopback.json')
  })

  after(async () => {
    await Program.stopAll()
    scratch?.remove()
  })

  for (const client of [libtorrent, aria2()]) {
    const title = `give ${client.name} all it needs, the metadata first`
    it(client.missing === null ? title : `${title} [skipped: needs ${client.missing}]`, async function () {
      if (client.missing !== null) return this.skip()
      if (node === null) throw new Error('no node')
      expect(node.magnet).to.match(/^magnet:\?xt=urn:btih:[0-9a-f]{40}&dn=content&tr=/)
      const into = scratch.folder()
      await client.get(loopback, node.magnet, into)
      expect(digests(join(into, 'content'))).to.deep.equal(source)
    })
  }
})
