// Somebody else's policy reads the announce URL, over HTTP and over UDP (BEP 41), on the main thread and in threads.
import { expect } from 'chai'
import { endpointOf } from '../../core/base/address.js'
import {
  AnnouncePolicies,
  BatchedDatagrams,
  Datagrams,
  Http,
  NameLookup,
  SwarmStores,
  Tracker,
} from '../../core/contracts/index.js'
import { readHttpAnnounceReply } from '../../core/protocol/tracker-http-client.js'
import {
  readUdpConnectReply,
  readUdpError,
  udpReplyAction,
  writeUdpAnnounce,
  writeUdpConnect,
} from '../../core/protocol/tracker-udp-client.js'
import { UdpAction } from '../../core/protocol/tracker-udp.js'
import httpPlugin from '../../plugins/tracker-http/index.js'
import trackerPlugin from '../../plugins/tracker/index.js'
import udpPlugin from '../../plugins/tracker-udp/index.js'
import { infoHash, loadPlugin } from '../conformance/index.js'
import { CountingStore } from '../unit/tracker/portable-parts.js'
import { directNames, DirectDatagrams, DirectHttp, ipOf, ThreadedDatagrams } from './tracker-nets.js'
import type { AnnouncePolicy } from '../../core/contracts/index.js'

const POLICY = new URL('../../../test/fixtures/third-party/policy-passkey/passkey-policy.js', import.meta.url)
const FROM = endpointOf(ipOf('192.0.2.1'), 5000)
const REFUSED = 'the passkey in your announce URL is not known here'

async function trackerWith(keys: readonly string[]) {
  const { PasskeyPolicy } = (await import(POLICY.href)) as {
    PasskeyPolicy: new (keys: readonly string[]) => AnnouncePolicy
  }
  const policy = new PasskeyPolicy(keys)
  const loaded = await loadPlugin(trackerPlugin, {}, [
    [SwarmStores, new CountingStore()],
    [AnnouncePolicies, policy],
  ])
  return { service: loaded.provided(Tracker), policy, loaded }
}

/** "ok", or why not. */
async function announceByUdp(net: DirectDatagrams, url: string): Promise<string> {
  const hello = new Uint8Array(16)
  writeUdpConnect(hello, 7)
  const id = readUdpConnectReply((await net.ask(hello, FROM)) ?? hello)
  if (id === null) throw new Error('no connection id')
  const packet = new Uint8Array(1000)
  const fields = { infoHash: infoHash(1), peerId: infoHash(2), event: 0, left: 1, uploaded: 0, downloaded: 0 } as const
  const announce = { ...fields, numWant: -1, key: 1, port: 6881 }
  const length = writeUdpAnnounce(packet, id, 8, announce, new TextEncoder().encode(url))
  const reply = (await net.ask(packet.slice(0, length), FROM)) ?? new Uint8Array(0)
  return udpReplyAction(reply) === UdpAction.Error ? readUdpError(reply) : 'ok'
}

describe('a passkey in the announce URL', () => {
  const keys = ['alice123', `${'x'.repeat(60)}7890`]

  for (const io of ['dgram', 'mmsg'] as const) {
    it(`is read over UDP, io ${io}`, async () => {
      const { service, loaded } = await trackerWith(keys)
      const [plain, threads] = [new DirectDatagrams(), new ThreadedDatagrams()]
      const server = await loadPlugin(udpPlugin, { listen: '[::]:0', threads: 2, io }, [
        [Tracker, service],
        [Datagrams, plain],
        [BatchedDatagrams, threads],
        [NameLookup, directNames],
      ])
      const net = io === 'mmsg' ? threads : plain
      expect(net.listening).to.have.length(1)
      const said: string[] = []
      const long = `/announce?${'pad=1&'.repeat(60)}passkey=${keys[1]}`
      for (const url of ['/announce?passkey=alice123', '/announce?passkey=mallory1', '', long, long.slice(0, -1)]) {
        said.push(await announceByUdp(net, url))
      }
      expect(said).to.deep.equal(['ok', REFUSED, REFUSED, 'ok', REFUSED])
      await server.stop()
      await loaded.stop()
    })
  }

  it('is read over HTTP', async () => {
    const { service, policy, loaded } = await trackerWith(keys)
    const net = new DirectHttp()
    const server = await loadPlugin(httpPlugin, { listen: '[::]:0' }, [
      [Tracker, service],
      [Http, net],
      [NameLookup, directNames],
      [AnnouncePolicies, policy],
    ])
    const ask = async (more: string) => {
      const query = `info_hash=${'%01'.repeat(20)}&peer_id=${'%02'.repeat(20)}&port=6881&left=1${more}`
      const { failure, retryIn } = readHttpAnnounceReply((await net.ask(`/announce?${query}`, '192.0.2.1')).body)
      return [failure, retryIn]
    }
    expect(await ask('&passkey=alice123')).to.deep.equal([null, null])
    expect(await ask('&passkey=alice124')).to.deep.equal([REFUSED, 'never'])
    expect(await ask('')).to.deep.equal([REFUSED, 'never'])
    await server.stop()
    await loaded.stop()
  })
})
