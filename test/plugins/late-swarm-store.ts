// A swarm store as one on the far side of a network would be: it answers everything later, in order, from maps. Proves
// that the contract can be met that way.
import { formatEndpoint } from '../../core/base/address.js'
import { toHex } from '../../core/base/bytes.js'
import { AnnounceEvent } from '../../core/contracts/index.js'
import type {
  AnnounceReply,
  AnnounceRequest,
  Later,
  ScrapeCounts,
  SwarmLimits,
  SwarmStore,
} from '../../core/contracts/index.js'
import type { InfoHash } from '../../core/protocol/ids.js'

interface Member {
  readonly compact: Uint8Array
  readonly site: string
  seeder: boolean
  heard: number
}

interface Members {
  readonly byEndpoint: Map<string, Member>
  seeders: number
  completed: number
}

export class LateSwarmStore implements SwarmStore {
  private readonly swarms = new Map<string, Members>()
  private peers = 0
  private limits: SwarmLimits = { maxSwarms: 0, maxPeers: 0, maxPeersPerAddress: 0, peerTimeoutSeconds: 0 }

  limit(limits: SwarmLimits): void {
    this.limits = limits
  }

  announce(request: AnnounceRequest, now: number, reply: AnnounceReply): Later<AnnounceReply> {
    const { from, event, left } = request
    const want = Math.min(request.numWant, Math.floor(reply.peers.length / (from.ip.length + 2)))
    const name = `${from.family}${toHex(request.infoHash)}`
    const compact = Uint8Array.of(...from.ip, from.port >> 8, from.port & 0xff)
    const who = formatEndpoint(from)
    const site = toHex(from.ip.subarray(0, from.family === 4 ? 4 : 8))
    return answered(() => {
      const known = this.swarms.get(name)
      if (event === AnnounceEvent.Stopped) return this.stop(name, who)
      const refused = known?.byEndpoint.has(who) === true ? null : this.refusal(known, site)
      if (refused !== null) return refused
      const swarm = known ?? emptySwarm()
      this.swarms.set(name, swarm)
      const member = swarm.byEndpoint.get(who)
      if (member === undefined) this.peers++
      else {
        if (event === AnnounceEvent.Completed && left === 0 && !member.seeder) swarm.completed++
        if (member.seeder) swarm.seeders--
        swarm.byEndpoint.delete(who)
      }
      const chosen = want > 0 ? choose(swarm, left === 0, want) : []
      swarm.byEndpoint.set(who, { compact, site, seeder: left === 0, heard: now })
      if (left === 0) swarm.seeders++
      return replyOf(swarm, chosen)
    })
  }

  scrape(infoHash: InfoHash, family: 4 | 6): Later<ScrapeCounts> {
    const name = `${family}${toHex(infoHash)}`
    return answered(() => {
      const swarm = this.swarms.get(name)
      if (swarm === undefined) return { seeders: 0, leechers: 0, completed: 0 }
      const { seeders, leechers } = replyOf(swarm, [])
      return { seeders, leechers, completed: swarm.completed }
    })
  }

  sweep(now: number): boolean {
    for (const [name, swarm] of this.swarms) {
      for (const [who, member] of swarm.byEndpoint) {
        if (now - member.heard > this.limits.peerTimeoutSeconds) this.stop(name, who)
      }
    }
    return false
  }

  totals(): { swarms: number; peers: number } {
    return { swarms: this.swarms.size, peers: this.peers }
  }

  private stop(name: string, who: string): AnnounceReply {
    const swarm = this.swarms.get(name) ?? emptySwarm()
    const member = swarm.byEndpoint.get(who)
    if (member !== undefined) {
      swarm.byEndpoint.delete(who)
      this.peers--
      if (member.seeder) swarm.seeders--
    }
    if (swarm.byEndpoint.size === 0) this.swarms.delete(name)
    return replyOf(swarm, [])
  }

  private refusal(swarm: Members | undefined, site: string): string | null {
    if (swarm === undefined && this.swarms.size >= this.limits.maxSwarms) return 'no further torrents'
    if (this.peers >= this.limits.maxPeers) return 'no further peers'
    if ((swarm?.byEndpoint.size ?? 0) < this.limits.maxPeersPerAddress) return null
    const near = [...(swarm?.byEndpoint.values() ?? [])].filter(one => one.site === site)
    return near.length >= this.limits.maxPeersPerAddress ? 'no further peers of your address' : null
  }
}

const emptySwarm = (): Members => ({ byEndpoint: new Map<string, Member>(), seeders: 0, completed: 0 })

/** Members in the order in which they were last heard, from a place that moves on. */
let turn = 0
function choose(swarm: Members, seeder: boolean, want: number): Member[] {
  const all = [...swarm.byEndpoint.values()]
  const chosen: Member[] = []
  turn += 7
  for (let i = 0; i < all.length && chosen.length < want; i++) {
    const member = all[(i + turn) % all.length]
    if (member !== undefined && !(seeder && member.seeder)) chosen.push(member)
  }
  return chosen
}

function replyOf(swarm: Members, chosen: readonly Member[]): AnnounceReply {
  const { seeders } = swarm
  const peers = new Uint8Array(chosen.flatMap(one => [...one.compact]))
  const leechers = swarm.byEndpoint.size - seeders
  return { interval: 0, minInterval: 0, seeders, leechers, peers, peerBytes: peers.length }
}

function answered<T>(work: () => T | string): Later<T> {
  return { settle: done => void setImmediate(() => done(work())) }
}
