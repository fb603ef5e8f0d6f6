// Random scripts of announces, scrapes and passing time, run against a store and against the simplest thing that could
// be right. A failure names its seed and step.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { createRandom } from '../../core/base/random.js'
import { AnnounceEvent } from '../../core/contracts/swarm-store.js'
import { peer } from './swarm-desk.js'
import type { Random } from '../../core/base/random.js'
import type { ScrapeCounts, SwarmLimits } from '../../core/contracts/index.js'
import type { ConformanceCase } from './case.js'
import type { Announce, SwarmDesk, Told } from './swarm-desk.js'

const TIMEOUT = 1000
const STEPS = 400

interface Entry {
  seeder: boolean
  partial: boolean
  heard: number
}

interface ModelSwarm {
  readonly peers: Map<string, Entry>
  completed: number
}

class Model {
  readonly swarms = new Map<string, ModelSwarm>()

  announce(
    announce: Required<Pick<Announce, 'hash' | 'peer' | 'family' | 'port' | 'left' | 'event'>>,
    now: number,
  ): void {
    const name = `${announce.hash}/${announce.family}`
    const who = peer(announce.peer, announce.family, announce.port)
    const swarm = this.swarms.get(name) ?? { peers: new Map<string, Entry>(), completed: 0 }
    const known = swarm.peers.get(who)
    if (announce.event === AnnounceEvent.Stopped) {
      swarm.peers.delete(who)
      if (swarm.peers.size === 0) this.swarms.delete(name)
      return
    }
    this.swarms.set(name, swarm)
    const seeder = announce.left === 0
    if (announce.event === AnnounceEvent.Completed && seeder && known?.seeder === false) swarm.completed++
    swarm.peers.set(who, { seeder, partial: announce.event === AnnounceEvent.Paused && !seeder, heard: now })
  }

  sweep(now: number): void {
    for (const [name, swarm] of this.swarms) {
      for (const [who, entry] of swarm.peers) if (now - entry.heard > TIMEOUT) swarm.peers.delete(who)
      if (swarm.peers.size === 0) this.swarms.delete(name)
    }
  }

  counts(hash: number, family: 4 | 6): ScrapeCounts & { found: boolean } {
    const swarm = this.swarms.get(`${hash}/${family}`)
    const all = swarm === undefined ? [] : [...swarm.peers.values()]
    const seeders = all.filter(entry => entry.seeder).length
    const partialSeeds = all.filter(entry => entry.partial).length
    const counts = { seeders, leechers: all.length - seeders, completed: swarm?.completed ?? 0, partialSeeds }
    return { ...counts, found: swarm !== undefined }
  }

  /** Whom a requester may be given. */
  others(hash: number, family: 4 | 6, who: string, seeder: boolean): Set<string> {
    const swarm = this.swarms.get(`${hash}/${family}`)
    const found = new Set<string>()
    for (const [one, entry] of swarm?.peers ?? []) if (one !== who && !(seeder && entry.seeder)) found.add(one)
    return found
  }
}

export function swarmStoreModelCases(
  test: (name: string, run: (desk: SwarmDesk) => Promise<void>, limits?: Partial<SwarmLimits>) => ConformanceCase,
): ConformanceCase[] {
  // Few and many endpoints: the one meets itself again and again, the other fills its swarms.
  return [1, 2, 3, 4, 5, 6].map(seed =>
    test(
      `does what a model does, script ${seed}`,
      desk => script(desk, createRandom(seed), seed % 2 === 0 ? 400 : 12, seed % 3 === 0 ? 1 : 5),
      { peerTimeoutSeconds: TIMEOUT },
    ),
  )
}

async function script(desk: SwarmDesk, random: Random, peers: number, swarms: number): Promise<void> {
  const model = new Model()
  for (let step = 0; step < STEPS * (peers > 100 ? 4 : 1); step++) {
    const dice = random.below(100)
    const hash = random.below(swarms)
    const family = random.below(3) === 0 ? 6 : 4
    if (dice < 90) {
      const announce = {
        hash,
        family,
        peer: random.below(peers),
        port: 6881 + random.below(2),
        left: random.below(2),
        event: ([0, 0, 0, 0, 1, 1, 2, 3, 3, 4, 4] as const)[random.below(11)] ?? 0,
        want: random.below(80),
      } as const
      const told = await desk.announce(announce)
      model.announce(announce, desk.now)
      judge(told, model, announce, `step ${step}`)
    } else if (dice < 96) {
      deepEqual(await desk.scrape(hash, family), model.counts(hash, family), `step ${step}: scrape`)
    } else {
      // Nine tenths of the time-out: after one such step a peer is alive, after two it is dead, whatever the grain.
      desk.now += TIMEOUT * 0.9
      desk.sweep(random.below(2) === 0 ? 5 : 0.05)
      model.sweep(desk.now)
    }
    let total = 0
    for (const swarm of model.swarms.values()) total += swarm.peers.size
    desk.totals(model.swarms.size, total)
  }
}

function judge(
  told: Told,
  model: Model,
  announce: Readonly<Required<Pick<Announce, 'hash' | 'peer' | 'family' | 'port' | 'left' | 'event' | 'want'>>>,
  where: string,
): void {
  const { hash, family, want, left } = announce
  const { seeders, leechers } = model.counts(hash, family)
  deepEqual([told.seeders, told.leechers], [seeders, leechers], `${where}: counts`)
  if (announce.event === AnnounceEvent.Stopped) return
  const others = model.others(hash, family, peer(announce.peer, family, announce.port), left === 0)
  for (const one of told.peers) ok(others.has(one), `${where}: ${one} must not be handed out`)
  equal(told.peers.length, Math.min(want, others.size), `${where}: how many peers`)
}
