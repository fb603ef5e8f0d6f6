import { expect } from 'chai'
import { endpointOf, formatEndpoint } from '../../core/base/address.js'
import type { PeerDiscovery, TorrentIdentity } from '../../core/contracts/peer-discovery.js'
import type { PeerSink } from '../../core/contracts/peer-transport.js'
import { writeExtensionHandshake, writeMetadataRequest, OUR_METADATA_ID } from '../../core/protocol/extensions.js'
import { writeHandshake } from '../../core/protocol/handshake.js'
import { peerIdOf } from '../../core/protocol/ids.js'
import { parseMetainfo } from '../../core/protocol/metainfo.js'
import { writeExtended } from '../../core/protocol/wire-writer.js'
import { PeerSources } from '../../plugins/client/peer-sources.js'
import { ClientBed, privateTorrent, settled, torrent } from './client-bed.js'

const TRACKER = 'http://tracker.example/pass/announce'
const OPEN = 'http://open.example/announce'
const secret = privateTorrent(TRACKER)

/** Says hello and asks for the metadata; gives all that was answered, and whether the link was closed. */
function visit(bed: ClientBed, bytes: Uint8Array): { readonly heard: () => Buffer; readonly closed: () => boolean } {
  const heard: Uint8Array[] = []
  const call = { sink: null as PeerSink | null, closed: false }
  bed.accept({
    remote: endpointOf(Uint8Array.of(10, 0, 0, 9), 9),
    inbound: true,
    sent: 0,
    open: sink => void (call.sink = sink),
    write: (head, body) => {
      heard.push(head.slice(), ...(body === undefined ? [] : [body.slice()]))
      return true
    },
    pause: () => {},
    resume: () => {},
    close: () => {
      if (!call.closed) call.sink?.onClose(null)
      call.closed = true
    },
  })
  const words = new Uint8Array(400)
  let end = writeHandshake(words, 0, parseMetainfo(bytes).infoHash, peerIdOf(new Uint8Array(20).fill(3))!)
  const said = { client: 'x', port: 1000, metadataSize: 0, yourIp: Uint8Array.of(10, 0, 0, 1) }
  end = writeExtended(words, end, 0, writeExtensionHandshake(said))
  end = writeExtended(words, end, OUR_METADATA_ID, writeMetadataRequest(0))
  call.sink?.onData(words.subarray(0, end))
  return { heard: () => Buffer.concat(heard), closed: () => call.closed }
}

describe('client: private torrents', () => {
  it('ask trackers and heed the user, and the own tracker of the node only where it is one of theirs', () => {
    const asked: string[] = []
    const sources = (['tracker', 'own-tracker', 'static', 'dht', 'pex', 'lan'] as const).map(
      (origin): PeerDiscovery => ({
        origin,
        watch: () => {
          asked.push(origin)
          return { event: () => {}, refresh: () => {}, stop: () => Promise.resolve() }
        },
      }),
    )
    const heard = { found: () => {}, noted: () => {}, forget: () => {} }
    const identity = (isPrivate: boolean): TorrentIdentity => ({
      infoHash: parseMetainfo(secret).infoHash,
      peerId: peerIdOf(new Uint8Array(20).fill(3))!,
      privateTorrent: isPrivate,
      trackers: [[TRACKER]],
      port: 1,
    })
    for (const [own, isPrivate, expected] of [
      [[OPEN], true, 'tracker static'],
      [[OPEN, TRACKER], true, 'tracker own-tracker static'],
      [[], false, 'tracker own-tracker static dht pex lan'],
    ] as const) {
      asked.length = 0
      new PeerSources(sources, heard, () => own).watch(identity(isPrivate), () => {
        throw new Error('not asked')
      })
      expect(asked.join(' ')).to.equal(expected)
    }
  })

  it('announce to their own trackers, and to what was said of them alone', async () => {
    const bed = new ClientBed({ announceTo: [OPEN] })
    await bed.client.add({ torrent })
    await bed.client.add({ torrent: secret })
    expect(bed.watched.map(({ trackers }) => trackers)).to.deep.equal([[[OPEN]], [[TRACKER]]])
    await bed.client.stop()
    const told = new ClientBed({ announceTo: [OPEN] })
    await told.client.add({ torrent: secret }, { announceTo: ['udp://mine.example:1'] })
    expect(told.watched[0]?.trackers).to.deep.equal([[TRACKER], ['udp://mine.example:1']])
    await told.client.stop()
  })

  it('keep their metadata and their magnet link', async () => {
    for (const [bytes, open] of [
      [torrent, true],
      [secret, false],
    ] as const) {
      const bed = new ClientBed()
      await bed.client.start()
      await bed.client.add({ torrent: bytes })
      const { heard } = visit(bed, bytes)
      expect(heard().length).to.be.greaterThan(68)
      expect(heard().includes('piece length')).to.equal(open)
      expect(heard().includes('metadata_size')).to.equal(open)
      expect(bed.client.snapshot().torrents[0]?.magnet.startsWith('magnet:')).to.equal(open)
      expect(bed.events.find(({ event }) => event === 'torrent')?.['magnet'] === '').to.equal(!open)
      await bed.client.stop()
    }
  })

  it('leave everybody when another tracker takes over', async () => {
    const bed = new ClientBed()
    bed.present = 0
    await bed.client.start()
    bed.client.ready()
    await bed.client.add({ torrent: secret })
    const { closed } = visit(bed, secret)
    const latter = endpointOf(Uint8Array.of(10, 0, 0, 2), 1000)
    expect(closed()).to.equal(false)
    bed.listener?.forget?.()
    expect(closed()).to.equal(true)
    bed.listener?.found([latter])
    bed.tick()
    await settled()
    expect(bed.dials.map(formatEndpoint)).to.deep.equal([formatEndpoint(latter)])
    await bed.client.stop()
  })
})
