import { expect } from 'chai'
import { formatEndpoint, parseIp } from '../../core/base/address.js'
import { silentLogger } from '../../core/base/log.js'
import { type Names, NameLookup } from '../../core/contracts/host.js'
import { infoHashOf, peerIdOf } from '../../core/protocol/ids.js'
import { config } from '../../plugins/discovery-static/config.js'
import { StaticDiscovery } from '../../plugins/discovery-static/static-discovery.js'
import { loadPlugin, ManualClock, peerDiscoveryCases, register } from '../conformance/index.js'
import plugin from '../../plugins/discovery-static/index.js'
import { PeerDiscoveries } from '../../core/contracts/peer-discovery.js'

/** Knows literal addresses, and the names it is told. */
function namesFrom(known: Record<string, readonly string[]> = {}): Names {
  return {
    own: () => [],
    resolve(host) {
      const texts = known[host] ?? [host]
      const found = texts.map(parseIp).filter(ip => ip !== null)
      return found.length === 0 ? Promise.reject(new Error(`no such host ${host}`)) : Promise.resolve(found)
    },
  }
}

function watch(
  peers: readonly string[],
  names: Names,
): { clock: ManualClock; offers: string[]; refresh(): void; stop(): Promise<void> } {
  const clock = new ManualClock(0)
  const offers: string[] = []
  const torrent = {
    infoHash: infoHashOf(new Uint8Array(20))!,
    peerId: peerIdOf(new Uint8Array(20))!,
    privateTorrent: false,
    trackers: [],
    port: 1,
  }
  const handle = new StaticDiscovery(peers, names, clock, silentLogger).watch(
    torrent,
    () => ({ left: 1, uploaded: 0, downloaded: 0, connected: 0 }),
    { found: found => void offers.push(`${clock.now() / 1000}: ${found.map(formatEndpoint).join(' ')}`) },
  )
  return { clock, offers, refresh: () => handle.refresh(), stop: () => handle.stop(new AbortController().signal) }
}

describe('discovery-static', () => {
  register(
    'peer-discovery contract',
    peerDiscoveryCases((peers, clock) => ({
      discovery: new StaticDiscovery(peers.map(formatEndpoint), namesFrom(), clock, silentLogger),
    })),
  )

  it('offers its peers at once, after 1, 2, 5 and 10 seconds, then every 30', async () => {
    const { clock, offers, stop } = watch(['192.0.2.1:7'], namesFrom())
    await clock.advance(100_000)
    expect(offers.map(line => Number(line.split(':')[0]))).to.deep.equal([0, 1, 3, 8, 18, 48, 78])
    await stop()
  })

  it('starts over when more peers are wanted, and is not put off by being asked again and again', async () => {
    const { clock, offers, refresh, stop } = watch(['192.0.2.1:7'], namesFrom())
    await clock.advance(20_000)
    offers.length = 0
    for (let i = 0; i < 8; i++) {
      refresh()
      await clock.advance(500)
    }
    expect(offers.map(line => Number(line.split(':')[0]))).to.deep.equal([21, 22, 23, 24])
    await stop()
  })

  it('looks names up each time, takes every address, and leaves out what has none', async () => {
    const known: Record<string, readonly string[]> = { two: ['192.0.2.1', '2001:db8::1'], moving: ['192.0.2.2'] }
    const { clock, offers, stop } = watch(['two:7', 'moving:8', 'nowhere:9'], namesFrom(known))
    await clock.advance(0)
    known['moving'] = ['192.0.2.3']
    await clock.advance(1000)
    expect(offers).to.deep.equal([
      '0: 192.0.2.1:7 [2001:db8::1]:7 192.0.2.2:8',
      '1: 192.0.2.1:7 [2001:db8::1]:7 192.0.2.3:8',
    ])
    await stop()
  })

  it('refuses options that name no peer', () => {
    for (const peer of ['192.0.2.1', 'host:0', 'host:70000', '[::1]', '']) {
      expect(config.safeParse({ peers: [peer] }).success, peer).to.equal(false)
    }
    expect(config.parse({})).to.deep.equal({ peers: [] })
    expect(config.safeParse({ peers: ['seeder.example:6881', '[::1]:6881'] }).success).to.equal(true)
  })

  it('is loaded as a plugin', async () => {
    const loaded = await loadPlugin(plugin, { peers: ['192.0.2.1:7'] }, [[NameLookup, namesFrom()]])
    expect(loaded.provided(PeerDiscoveries).map(one => one.origin)).to.deep.equal(['static'])
    await loaded.stop()
  })
})
