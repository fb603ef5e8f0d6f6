// The plugins that announce, joined over this machine's real network, and peers that use them.
import { formatEndpoint } from '../../core/base/address.js'
import { createRandom } from '../../core/base/random.js'
import { Datagrams, Http, NameLookup } from '../../core/contracts/host.js'
import {
  PeerDiscoveries,
  type AnnounceNote,
  type DiscoveryHandle,
  type PeerDiscovery,
} from '../../core/contracts/peer-discovery.js'
import { TrackerClients, type TrackerClient, type TrackerCounts } from '../../core/contracts/tracker-client.js'
import { infoHashOf, makePeerId, type InfoHash } from '../../core/protocol/ids.js'
import announceHttp from '../../plugins/announce-http/index.js'
import announceUdp from '../../plugins/announce-udp/index.js'
import discoveryTracker from '../../plugins/discovery-tracker/index.js'
import hostNode from '../../plugins/host-node/index.js'
import { loadPlugin, type PluginUnderTest } from '../conformance/index.js'
import { systemClock } from '../plugins/system-clock.js'
import { until } from '../plugins/waiting.js'

const host = { clock: systemClock, random: createRandom(process.pid), entropy: createRandom(process.pid + 1) }
const never = (): AbortSignal => new AbortController().signal

export function someHash(): InfoHash {
  const bytes = new Uint8Array(20)
  host.entropy.fill(bytes)
  return infoHashOf(bytes)!
}

/** One peer of a torrent, as its trackers meet it. */
export class AnnouncedPeer {
  /** Peers found, as text. */
  readonly found = new Set<string>()
  readonly notes: AnnounceNote[] = []
  private readonly progress = { left: 0, uploaded: 0, downloaded: 0, connected: 0 }
  private readonly handle: DiscoveryHandle

  constructor(discovery: PeerDiscovery, tracker: URL, infoHash: InfoHash, port: number, left: number) {
    this.progress.left = left
    const peerId = makePeerId(out => host.entropy.fill(out))
    const torrent = { infoHash, peerId, privateTorrent: false, trackers: [[tracker.href]], port }
    this.handle = discovery.watch(torrent, () => this.progress, {
      found: peers => peers.forEach(peer => this.found.add(formatEndpoint(peer))),
      noted: note => void this.notes.push(note),
    })
  }

  /** Resolves with what came of the announce of that kind. */
  async told(kind: AnnounceNote['kind']): Promise<AnnounceNote> {
    const note = (): AnnounceNote | undefined => this.notes.find(one => one.kind === kind)
    await until(() => note() !== undefined)
    return note()!
  }

  complete(): void {
    this.progress.left = 0
    this.handle.event('completed')
  }

  stop(): Promise<void> {
    return this.handle.stop(never())
  }
}

export class Announcing {
  private constructor(
    private readonly parts: readonly PluginUnderTest[],
    private readonly clients: ReadonlyMap<string, TrackerClient>,
    readonly discovery: PeerDiscovery,
  ) {}

  static async open(): Promise<Announcing> {
    const machine = await loadPlugin(hostNode, {}, [], { host })
    const names = [NameLookup, machine.provided(NameLookup)] as const
    const http = await loadPlugin(announceHttp, {}, [names, [Http, machine.provided(Http)]], { host })
    const udp = await loadPlugin(announceUdp, {}, [names, [Datagrams, machine.provided(Datagrams)]], { host })
    const clients = new Map([
      ['http', http.provided(TrackerClients).get('http')],
      ['udp', udp.provided(TrackerClients).get('udp')],
    ])
    const given = [...clients].map(([name, client]) => [TrackerClients, client, name] as const)
    const discovery = await loadPlugin(discoveryTracker, {}, [names, ...given], { host })
    return new Announcing([discovery, udp, http, machine], clients, discovery.provided(PeerDiscoveries)[0]!)
  }

  async scrape(tracker: URL, hashes: readonly InfoHash[]): Promise<TrackerCounts[]> {
    return [...(await this.clients.get(tracker.protocol.slice(0, -1))!.scrape(tracker, hashes, never()))]
  }

  async close(): Promise<void> {
    for (const part of this.parts) await part.stop()
  }
}
