// A node that does nothing but track, on both families, and what it knows.
import type { InfoHash } from '../../core/protocol/ids.js'
import { Tracker, TrackerServers } from '../../core/contracts/tracker.js'
import type { Kernel } from '../../core/kernel/kernel.js'
import { startNode } from '../../core/main/node.js'

export type Io = 'dgram' | 'mmsg'

export class OurTrackers {
  private constructor(private readonly node: Kernel) {}

  /** `listen`: with port 0. */
  static async start(listen: string, io: Io = 'dgram'): Promise<OurTrackers> {
    const names = ['host-node', 'datagrams-mmsg', 'swarm-store-memory', 'tracker']
    const plugins = [
      ...names.map(name => ({ use: `builtin:${name}`, config: {} })),
      { use: 'builtin:tracker-http', config: { listen } },
      { use: 'builtin:tracker-udp', config: { listen, io } },
    ]
    const content = { node: { name: 'trackers' }, plugins }
    return new OurTrackers(await startNode({ name: 'trackers', folder: process.cwd(), content }, { log: 'silent' }))
  }

  /** Its announce URL of that scheme, at `host`. */
  url(scheme: string, host: string): URL {
    const urls = (this.node.find(TrackerServers) ?? []).flatMap(one => one.announceUrls)
    const { port } = new URL(urls.find(url => url.startsWith(`${scheme}:`)) ?? '')
    return new URL(`${scheme}://${host}:${port}/announce`)
  }

  count(infoHash: InfoHash, family: 4 | 6): Readonly<Record<'seeders' | 'leechers' | 'partialSeeds', number>> {
    const counts = { seeders: 0, leechers: 0, partialSeeds: 0 }
    this.node.find(Tracker)?.scrape([infoHash], family, (_, seeders, _completed, leechers, partialSeeds) => {
      Object.assign(counts, { seeders, leechers, partialSeeds })
    })
    return counts
  }

  stop(): Promise<void> {
    return this.node.stop()
  }
}
