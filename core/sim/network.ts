// The network between nodes: addresses, latency, and lanes of limited rate into and out of each node. What two nodes
// exchange arrives in the order it was sent, as long as nothing is lost; a lane is shared by all that use it.
import { formatIp, isLoopback } from '../base/address.js'
import type { Random } from '../base/random.js'
import type { SimNode } from './node.js'
import type { Timeline } from './timeline.js'

/** Bytes of headers that each packet costs on top of what it carries. */
const OVERHEAD = 40
/** How long a packet takes from a node to itself. */
const LOOPBACK_MS = 0.02

/** One direction of a node's connection to the network: takes one packet at a time, at its rate. */
export class Lane {
  private freeAt = 0

  constructor(readonly bytesPerSecond: number) {}

  /** When a packet that wants to pass from `now` on has passed. */
  reserve(now: number, bytes: number): number {
    this.freeAt = Math.max(now, this.freeAt) + (1000 * bytes) / this.bytesPerSecond
    return this.freeAt
  }
}

/** What becomes of a packet: when the sender's lane has passed it, and when the receiver has it. */
export interface Passage {
  readonly left?: () => void
  readonly arrived: () => void
}

export class Network {
  private readonly owners = new Map<string, SimNode>()
  private readonly hosts = new Map<string, SimNode>()

  constructor(
    private readonly timeline: Timeline,
    private readonly random: Random,
  ) {}

  join(node: SimNode): void {
    this.hosts.set(node.name, node)
    for (const ip of node.addresses) this.owners.set(formatIp(ip), node)
  }

  /** Who has this address; a loopback address is the asker's own. */
  owner(ip: Uint8Array, asker: SimNode): SimNode | undefined {
    return isLoopback(ip) ? asker : this.owners.get(formatIp(ip))
  }

  /** A node is found under its name. */
  named(host: string): SimNode | undefined {
    return this.hosts.get(host)
  }

  latency(from: SimNode, to: SimNode): number {
    return from === to ? LOOPBACK_MS : from.latencyMs + to.latencyMs
  }

  carry(from: SimNode, to: SimNode, bytes: number, passage: Passage): void {
    const { timeline } = this
    const size = bytes + OVERHEAD
    const leaves = from === to ? timeline.now : from.up.reserve(timeline.now, size)
    timeline.at(leaves, () => {
      if (passage.left !== undefined) from.act(passage.left)
      timeline.after(this.latency(from, to), () => {
        const passed = from === to ? timeline.now : to.down.reserve(timeline.now, size)
        if (passed <= timeline.now) to.act(passage.arrived)
        else timeline.at(passed, () => to.act(passage.arrived))
      })
    })
  }

  /** Whether the next datagram between the two is lost. */
  loses(from: SimNode, to: SimNode): boolean {
    const kept = (1 - from.loss) * (1 - to.loss)
    return from !== to && kept < 1 && this.random.u32() >= kept * 0x100000000
  }
}
