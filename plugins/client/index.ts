import { endpointOf, type Endpoint } from '../../core/base/address.js'
import { Choke } from '../../core/contracts/choke-policy.js'
import { Files, Hashing, NameLookup } from '../../core/contracts/host.js'
import { Api } from '../../core/contracts/node-api.js'
import { PeerDiscoveries } from '../../core/contracts/peer-discovery.js'
import { PeerTransports } from '../../core/contracts/peer-transport.js'
import { PieceSelectors } from '../../core/contracts/piece-selector.js'
import { Probes } from '../../core/contracts/probe.js'
import { Storages } from '../../core/contracts/storage.js'
import { Catalog, TrackerServers } from '../../core/contracts/tracker.js'
import { definePlugin } from '../../core/kernel/plugin.js'
import { peerPriority } from '../../core/protocol/peer-priority.js'
import { BufferArena } from '../../core/torrent/buffer-arena.js'
import { PeerBook } from '../../core/torrent/peer-book.js'
import { config } from './config.js'
import { TorrentClient } from './torrent-client.js'

export default definePlugin({
  name: 'client',
  config,
  requires: [Files, Hashing, Storages, PieceSelectors, PeerTransports, Choke],
  optional: [NameLookup, PeerDiscoveries, TrackerServers, Catalog],
  provides: [Api, Probes],
  setup(ctx) {
    const names = ctx.find(NameLookup)
    const client: TorrentClient = new TorrentClient({
      id: ctx.id,
      config: ctx.config,
      host: ctx.host,
      dataDir: ctx.node.dataDir,
      files: ctx.get(Files),
      hashing: ctx.get(Hashing),
      names,
      storages: ctx.named(Storages),
      selectors: ctx.named(PieceSelectors),
      choke: ctx.get(Choke),
      transport: ctx.named(PeerTransports).get(ctx.config.transport),
      discoveries: ctx.all(PeerDiscoveries),
      trackers: ctx.all(TrackerServers),
      catalog: ctx.find(Catalog),
      arena: new BufferArena(ctx.config.bufferMiB << 20),
      openScope: label => ctx.openScope(label),
      peerBook: () => {
        // Asked for once the first peer is heard of: thousands of seeds never hear of one.
        let us: Endpoint | null | undefined
        return new PeerBook(endpoint => {
          us ??= ownEndpoint(names?.own()[0], client.listening[0])
          return us === null ? 0 : peerPriority(us, endpoint)
        })
      },
    })
    ctx.provide(Api, client)
    ctx.provide(Probes, { name: ctx.id, check: () => client.checkInvariants() })
    return {
      start: () => client.start(),
      ready: () => client.ready(),
      drain: signal => client.drain(signal),
      stop: () => client.stop(),
    }
  },
})

function ownEndpoint(ip: Uint8Array | undefined, listening: Endpoint | undefined): Endpoint | null {
  return ip === undefined || listening === undefined ? null : endpointOf(ip, listening.port)
}
