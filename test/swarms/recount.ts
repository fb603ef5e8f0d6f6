// A plugin that keeps its own naive account of every swarm from the announces it is asked about, and compares the
// store's counts with it. It stands last among the policies, so that it sees only what the store will see.
import { formatEndpoint } from '../../core/base/address.js'
import { fromHex, toHex } from '../../core/base/bytes.js'
import { AnnouncePolicies } from '../../core/contracts/announce-policy.js'
import { Probes } from '../../core/contracts/probe.js'
import { AnnounceEvent, SwarmStores } from '../../core/contracts/swarm-store.js'
import type { AnnounceRequest, SwarmStore } from '../../core/contracts/swarm-store.js'
import { infoHashOf } from '../../core/protocol/ids.js'
import { definePlugin } from '../../core/kernel/plugin.js'

class Recount {
  /** By info-hash and family, then by endpoint: is it a seeder? */
  private readonly swarms = new Map<string, Map<string, boolean>>()
  private readonly completed = new Map<string, number>()

  constructor(private readonly store: SwarmStore) {}

  count(request: AnnounceRequest): void {
    const swarm = `${toHex(request.infoHash)} ${request.from.family}`
    const peers = this.swarms.get(swarm) ?? new Map<string, boolean>()
    this.swarms.set(swarm, peers)
    const peer = formatEndpoint(request.from)
    const known = peers.get(peer)
    if (request.event === AnnounceEvent.Completed && known === false) {
      this.completed.set(swarm, (this.completed.get(swarm) ?? 0) + 1)
    }
    if (request.event === AnnounceEvent.Stopped) peers.delete(peer)
    else peers.set(peer, request.left === 0)
  }

  check(): readonly string[] {
    const broken: string[] = []
    let total = 0
    for (const [swarm, peers] of this.swarms) {
      const [hash, family] = swarm.split(' ')
      const infoHash = infoHashOf(fromHex(hash ?? '') ?? new Uint8Array(0))
      if (infoHash === null) continue
      const out = { seeders: 0, leechers: 0, completed: 0, partialSeeds: 0 }
      this.store.scrape(infoHash, family === '6' ? 6 : 4, out)
      const seeders = [...peers.values()].filter(seeder => seeder).length
      const leechers = peers.size - seeders
      total += peers.size
      if (out.seeders !== seeders) broken.push(`${swarm}: ${out.seeders} seeders counted, there are ${seeders}`)
      if (out.leechers !== leechers) broken.push(`${swarm}: ${out.leechers} leechers counted, there are ${leechers}`)
      const completed = this.completed.get(swarm) ?? 0
      if (peers.size > 0 && out.completed !== completed) {
        broken.push(`${swarm}: ${out.completed} downloads counted, there were ${completed}`)
      }
    }
    const { peers } = this.store.totals()
    if (peers !== total) broken.push(`${peers} peers counted in all, there are ${total}`)
    return broken
  }
}

export default definePlugin({
  name: 'recount',
  requires: [SwarmStores],
  provides: [AnnouncePolicies, Probes],
  setup(ctx) {
    const recount = new Recount(ctx.get(SwarmStores))
    ctx.provide(AnnouncePolicies, {
      admit(request) {
        recount.count(request)
        return null
      },
    })
    ctx.provide(Probes, { name: 'recount', check: () => recount.check() })
  },
})
