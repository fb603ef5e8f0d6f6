// A tracker thread that dies in the middle of an announce: another takes its place, and nobody else loses anything.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { AnnouncePolicies } from '../../core/contracts/index.js'
import { infoHash } from '../conformance/index.js'
import { until } from '../plugins/waiting.js'
import { DEADLY, deadlyPolicy } from './portable-deadly-policy.js'
import { escaped, overHttp } from './raw-http.js'
import { RunningCli } from './run-cli.js'
import { TrackerBed, UdpPeer } from './tracker-bed.js'
import { unusableIo } from './tracker-io.js'

const SWARMS = 20

describe('a tracker whose thread dies', function () {
  this.timeout(30_000)
  let bed: TrackerBed | null = null
  before(async function () {
    if ((await unusableIo('mmsg')) !== null) this.skip()
  })
  afterEach(async () => {
    await bed?.stop()
    bed = null
  })

  const deadly = new Uint8Array(20).fill(DEADLY)
  const hashes = Array.from({ length: SWARMS }, (_, i) => infoHash(i))

  for (const threads of [1, 2]) {
    it(`goes on with another, and keeps its swarms, its ids and its other clients (${threads} of ${threads} die in turn)`, async () => {
      const node = (bed = await TrackerBed.start({ io: 'mmsg', threads, given: [[AnnouncePolicies, deadlyPolicy]] }))
      const peer = await node.udp('127.0.0.2')
      const six = await node.udp('::1')
      for (const hash of hashes) {
        for (let port = 1; port <= 5; port++) {
          await peer.announce({ infoHash: hash, port, left: port % 2 })
          await six.announce({ infoHash: hash, port, left: port % 2 })
        }
      }
      const [four, ids] = [await peer.scrape(...hashes), await peer.connect()]
      const web = `/scrape?${hashes.map(hash => `info_hash=${escaped(hash)}`).join('&')}`
      const [before6, beforeWeb] = [await six.scrape(...hashes), await overHttp(node.port('http:'), web, '127.0.0.9')]
      expect(four).to.deep.equal(hashes.map(() => ({ seeders: 2, leechers: 3, completed: 0 })))
      // Each sender is one thread's: several of them meet each.
      for (let i = 0; i < 2 * threads; i++) {
        const killer = await node.udp(`127.0.1.${i + 1}`)
        expect(await killer.told(killer.packet(await killer.connect(), { infoHash: deadly }))).to.deep.equal([])
        // It is answered itself, by another.
        await killer.scrape(...hashes)
      }
      expect(await peer.told(peer.packet(ids, { port: 1, left: 1 }))).to.have.length(1)
      expect(await peer.scrape(...hashes)).to.deep.equal(four)
      expect(await six.scrape(...hashes)).to.deep.equal(before6)
      expect(await overHttp(node.port('http:'), web, '127.0.0.9')).to.equal(beforeWeb)
      // New ones come in, from both sides.
      expect(await peer.announce({ port: 77 })).to.include({ seeders: 2, leechers: 4 })
      const query = `/announce?info_hash=${escaped(infoHash(1))}&peer_id=${'x'.repeat(20)}&port=78&left=1`
      expect(await overHttp(node.port('http:'), query, '127.0.0.3')).to.include('10:incompletei5e')
      await until(() => node.lines.length > 0)
      expect(node.lines.length, node.lines.join('\n')).to.be.at.most(4 * threads)
    })
  }

  it('gives up with an error that says what to do where threads die again and again, and stops a node that says so', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'shoal-death-'))
    try {
      const plugins = [
        { use: 'builtin:host-node' },
        { use: 'builtin:swarm-store-memory' },
        { use: 'builtin:tracker' },
        { use: fileURLToPath(new URL('portable-deadly-policy.js', import.meta.url)) },
        { use: 'builtin:datagrams-mmsg', critical: true },
        { use: 'builtin:tracker-udp', config: { listen: '127.0.0.1:0', io: 'mmsg' } },
      ]
      writeFileSync(path.join(folder, 'node.json'), JSON.stringify({ node: { dataDir: '.' }, plugins }))
      const node = new RunningCli(['start', 'node.json', '--json'], { cwd: folder })
      const [ready = ''] = await node.until(/"event":"ready"/)
      const { announce } = JSON.parse(ready) as { readonly announce: readonly [string] }
      const killer = await UdpPeer.open('127.0.1.9', Number(new URL(announce[0]).port))
      let over = false
      void node.ended.then(() => (over = true))
      const id = await killer.connect()
      // One after the other: each new thread finds one of these, as it was not read by those before it.
      const again = setInterval(() => killer.tell(killer.packet(id, { infoHash: deadly })), 20)
      await until(() => over)
      clearInterval(again)
      killer.close()
      const { code, stderr } = await node.ended
      expect(code).to.be.a('number').and.not.equal(0)
      expect(stderr).to.include('ERR_DATAGRAM_THREAD')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
