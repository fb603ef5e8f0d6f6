// The far side of a store behind a network: swarms in maps, asked and answering by messages that hold nothing but data.
import { AnnounceEvent } from '../../core/contracts/swarm-store.js'
import type { Refusal } from '../../core/contracts/refusal.js'
import type { AnnounceReply, ScrapeCounts, SwarmLimits } from '../../core/contracts/swarm-store.js'

export interface AnnounceMessage {
  /** Family and info-hash. */
  readonly swarm: string
  /** The peer as it is handed out; in hexadecimal, its name. */
  readonly peer: Uint8Array
  readonly who: string
  /** What the cap on an address goes by. */
  readonly site: string
  readonly event: AnnounceEvent
  readonly seeder: boolean
  readonly want: number
  readonly now: number
}

interface Member {
  readonly peer: Uint8Array
  readonly site: string
  readonly seeder: boolean
  readonly partial: boolean
  readonly heard: number
}

interface Members {
  readonly byName: Map<string, Member>
  seeders: number
  completed: number
}

export class FarSwarms {
  limits: SwarmLimits = { maxSwarms: 0, maxPeers: 0, maxPeersPerAddress: 0, peerTimeoutSeconds: 0 }
  private readonly swarms = new Map<string, Members>()
  private peers = 0
  /** Where the next choice of peers begins. */
  private turn = 0

  announce(message: AnnounceMessage): AnnounceReply | Refusal {
    const { swarm: name, who, event, seeder } = message
    if (event === AnnounceEvent.Stopped) return this.stop(name, who)
    const found = this.swarms.get(name)
    const known = found?.byName.get(who)
    const refused = known === undefined ? this.refusal(found, message.site) : null
    if (refused !== null) return refused
    const swarm = found ?? emptySwarm()
    this.swarms.set(name, swarm)
    if (known === undefined) this.peers++
    else {
      if (event === AnnounceEvent.Completed && seeder && !known.seeder) swarm.completed++
      if (known.seeder) swarm.seeders--
      swarm.byName.delete(who)
    }
    const chosen = this.choose(swarm, seeder, message.want)
    const partial = event === AnnounceEvent.Paused && !seeder
    swarm.byName.set(who, { peer: message.peer, site: message.site, seeder, partial, heard: message.now })
    if (seeder) swarm.seeders++
    return replyOf(swarm, chosen)
  }

  scrape(name: string): ScrapeCounts {
    const { seeders, byName, completed } = this.swarms.get(name) ?? emptySwarm()
    const partialSeeds = [...byName.values()].filter(member => member.partial).length
    return { seeders, leechers: byName.size - seeders, completed, partialSeeds }
  }

  sweep(now: number): void {
    for (const [name, swarm] of this.swarms) {
      for (const [who, member] of swarm.byName) {
        if (now - member.heard > this.limits.peerTimeoutSeconds) this.stop(name, who)
      }
    }
  }

  totals(): { swarms: number; peers: number } {
    return { swarms: this.swarms.size, peers: this.peers }
  }

  private stop(name: string, who: string): AnnounceReply {
    const swarm = this.swarms.get(name) ?? emptySwarm()
    const member = swarm.byName.get(who)
    if (member !== undefined) {
      swarm.byName.delete(who)
      this.peers--
      if (member.seeder) swarm.seeders--
    }
    if (swarm.byName.size === 0) this.swarms.delete(name)
    return replyOf(swarm, [])
  }

  private refusal(swarm: Members | undefined, site: string): Refusal | null {
    const { maxSwarms, maxPeers, maxPeersPerAddress } = this.limits
    if (swarm === undefined && this.swarms.size >= maxSwarms) return { reason: 'no further torrents', retryMinutes: 9 }
    if (this.peers >= maxPeers) return { reason: 'no further peers', retryMinutes: 9 }
    if (swarm === undefined || swarm.byName.size < maxPeersPerAddress) return null
    const near = [...swarm.byName.values()].filter(one => one.site === site)
    return near.length >= maxPeersPerAddress ? 'no further peers of your address' : null
  }

  /** Members from the one that was silent for longest, beginning a little further on each time. */
  private choose(swarm: Members, seeder: boolean, want: number): Member[] {
    const all = [...swarm.byName.values()]
    const chosen: Member[] = []
    this.turn += 7
    for (let i = 0; i < all.length && chosen.length < want; i++) {
      const member = all[(i + this.turn) % all.length]
      if (member !== undefined && !(seeder && member.seeder)) chosen.push(member)
    }
    return chosen
  }
}

const emptySwarm = (): Members => ({ byName: new Map<string, Member>(), seeders: 0, completed: 0 })

function replyOf(swarm: Members, chosen: readonly Member[]): AnnounceReply {
  const { seeders } = swarm
  const peers = new Uint8Array(chosen.flatMap(one => [...one.peer]))
  const leechers = swarm.byName.size - seeders
  return { interval: 0, minInterval: 0, seeders, leechers, peers, peerBytes: peers.length }
}
