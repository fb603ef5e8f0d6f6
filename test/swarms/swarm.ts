// A tracker, a seeder and leechers in one world, from their profiles to their last announce.
import { fileURLToPath } from 'node:url'
import { delay } from '../../core/base/clock.js'
import type { NodeSettings } from '../../core/sim/node.js'
import { World } from '../../core/sim/world.js'
import { bringContent, bringTorrent, CONTENT, damages, TORRENT } from './album.js'
import { SimulatedNode, type NodePlan } from './sim-node.js'

export interface SwarmPlan {
  readonly seed: number
  readonly leechers: number
  readonly selector: 'rarest-first' | 'sequential'
  /** Storages hash beside the disk; else the hash pool does. */
  readonly hashing: boolean
}

export interface SwarmOutcome {
  readonly log: readonly string[]
  readonly digest: string
  /** When the last leecher was whole. */
  readonly completedAt: number
  /** Bytes of content that the nodes sent each other. */
  readonly uploaded: number
  /** Files of leechers that are not what they should be. */
  readonly damages: readonly string[]
  /** Warnings and errors that nodes told. */
  readonly complaints: readonly string[]
  /** What machines still hold when every node has stopped. */
  readonly held: readonly string[]
}

const RECOUNT = fileURLToPath(new URL('./recount.js', import.meta.url))
const URLS = ['http://tracker:6969/announce', 'udp://tracker:6969/announce']
/** Less than the content. */
const BUFFER_MIB = 1
const TRACKER: NodePlan = { profile: 'tracker', more: [RECOUNT] }
/** Leechers come this far apart. */
const ARRIVAL_MS = 300
/** What is announced at the end has arrived by then. */
const LINGER_MS = 10_000

export class SimulatedSwarm {
  readonly world: World
  readonly leechers: SimulatedNode[] = []

  private constructor(
    private readonly plan: SwarmPlan,
    public tracker: SimulatedNode,
    readonly seeder: SimulatedNode,
  ) {
    this.world = tracker.machine.world
  }

  static async load(plan: SwarmPlan): Promise<SimulatedSwarm> {
    const world = new World(plan.seed)
    const tracker = await SimulatedNode.load(world.node('tracker', line(world)), TRACKER)
    const seeder = await SimulatedNode.load(world.node('seeder', line(world)), clientPlan('leecher', plan, URLS))
    bringTorrent(seeder.machine)
    bringContent(seeder.machine)
    const swarm = new SimulatedSwarm(plan, tracker, seeder)
    for (let i = 0; i < plan.leechers; i++) {
      const machine = world.node(`leecher ${i + 1}`, line(world))
      bringTorrent(machine)
      swarm.leechers.push(await SimulatedNode.load(machine, leecherPlan(plan, i)))
    }
    return swarm
  }

  get nodes(): readonly SimulatedNode[] {
    return [this.tracker, this.seeder, ...this.leechers]
  }

  /** Tracker and seeder first, then the leechers one after the other. */
  async start(): Promise<void> {
    const { world } = this
    await world.until(this.tracker.start())
    await world.until(this.seeder.start())
    const arrivals = this.leechers.map(async (leecher, i) => {
      await delay(leecher.machine.host.clock, i * ARRIVAL_MS)
      await leecher.start()
    })
    await world.until(Promise.all(arrivals))
  }

  /** On the same machine, with nothing in memory. The old one has stopped. */
  async restartTracker(): Promise<void> {
    this.tracker = await SimulatedNode.load(this.tracker.machine, TRACKER)
    await this.world.until(this.tracker.start())
  }

  /** The same for a leecher, whose disk still has what it had. */
  async restartLeecher(i: number): Promise<SimulatedNode> {
    const old = this.leechers[i]
    if (old === undefined) throw new Error(`there is no leecher ${i}`)
    const leecher = await SimulatedNode.load(old.machine, leecherPlan(this.plan, i))
    this.leechers[i] = leecher
    await this.world.until(leecher.start())
    return leecher
  }

  async complete(): Promise<void> {
    await this.world.run(() => this.leechers.every(leecher => leecher.saw('complete')))
  }

  /** Says goodbye, and looks at what is left. */
  async finish(): Promise<SwarmOutcome> {
    const { world } = this
    const completedAt = world.timeline.now
    await world.advance(LINGER_MS)
    const clients = [this.seeder, ...this.leechers]
    const uploaded = clients.reduce((sum, client) => sum + client.uploaded(), 0)
    await world.until(Promise.all(clients.map(client => client.stop())))
    await world.until(this.tracker.stop())
    await world.advance(LINGER_MS)
    return {
      log: world.log.lines,
      digest: world.log.digest(),
      completedAt,
      uploaded,
      damages: this.leechers.flatMap(leecher => damages(leecher.machine)),
      complaints: this.nodes.flatMap(node => node.complaints()),
      held: this.nodes.flatMap(node => node.machine.inUse().map(what => `${node.machine.name}: ${what}`)),
    }
  }
}

export async function runSwarm(plan: SwarmPlan): Promise<SwarmOutcome> {
  const swarm = await SimulatedSwarm.load(plan)
  await swarm.start()
  await swarm.complete()
  return swarm.finish()
}

/** Each leecher asks one of the two trackers, in turn. */
function leecherPlan(plan: SwarmPlan, i: number): NodePlan {
  const profile = plan.selector === 'sequential' ? 'leecher-sequential' : 'leecher'
  return clientPlan(profile, plan, [URLS[i % 2] ?? ''])
}

function clientPlan(profile: string, plan: SwarmPlan, announceTo: readonly string[]): NodePlan {
  return {
    profile,
    options: {
      'storage-file': { hashing: plan.hashing },
      client: { bufferMiB: BUFFER_MIB, announceTo, torrents: [{ file: TORRENT, into: CONTENT }] },
    },
  }
}

/** How a machine is connected: as the seed has it, between a slow line and a middling one. */
function line(world: World): Partial<NodeSettings> {
  const random = world.random.fork(`line ${world.nodes.length}`)
  return {
    latencyMs: 5 + random.below(40),
    upBytesPerSecond: 150_000 + random.below(250_000),
    downBytesPerSecond: 500_000 + random.below(1_000_000),
  }
}
