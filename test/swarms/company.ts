// A few whole nodes in one world that know each other by address, without a tracker.
import { formatIp } from '../../core/base/address.js'
import type { NodeSettings } from '../../core/sim/node.js'
import { World } from '../../core/sim/world.js'
import type { Pile } from './pile.js'
import { SimulatedNode } from './sim-node.js'

export interface MemberPlan {
  readonly name: string
  readonly has?: readonly Pile[]
  readonly wants?: readonly Pile[]
  /** Options of each of its torrents. */
  readonly torrent?: (pile: Pile) => object
  readonly client?: object
  readonly machine?: Partial<NodeSettings>
  /** Members named before that it dials. */
  readonly dials?: readonly SimulatedNode[]
}

const PORT = 6881

export class Company {
  readonly world: World
  readonly members: SimulatedNode[] = []

  constructor(seed = 1) {
    this.world = new World(seed)
  }

  /** Loads a node and starts it. */
  async join(plan: MemberPlan): Promise<SimulatedNode> {
    const machine = this.world.node(plan.name, plan.machine)
    const has = plan.has ?? []
    const all = [...has, ...(plan.wants ?? [])]
    for (const pile of all) pile.bring(machine, has.includes(pile))
    const peers = (plan.dials ?? []).map(({ machine: { addresses } }) => {
      const [ip] = addresses
      return `${ip === undefined ? '' : formatIp(ip)}:${PORT}`
    })
    const torrents = all.map(pile => pile.entry(plan.torrent?.(pile)))
    const node = await SimulatedNode.load(machine, {
      profile: 'leecher',
      options: { 'discovery-static': { peers }, client: { bufferMiB: 8, torrents, ...plan.client } },
    })
    this.members.push(node)
    await this.world.until(node.start())
    await this.world.run(
      () => node.face.snapshot().torrents.filter(one => one.phase === 'running').length === all.length,
    )
    return node
  }

  /** All stop; what they still hold, and what they complained of. */
  async end(): Promise<readonly string[]> {
    const { world, members } = this
    await world.until(Promise.all(members.map(member => member.stop())))
    await world.advance(10_000)
    return members.flatMap(node => [...node.complaints(), ...node.machine.inUse()])
  }
}
