// Recounts the whole arena: every count, every index entry, every block either in use once or free. For simulations and
// tests; walks everything.
import { COUNTS, INFO_HASH, META } from './layout.js'
import { TABLES } from './swarm-table.js'
import type { Arena } from './arena.js'
import type { Census, FamilyStore } from './family-store.js'

export function audit(arena: Arena, families: readonly FamilyStore[], census: Readonly<Census>): string[] {
  const faults: string[] = []
  const seen = { swarms: 0, peers: 0, bytes: 0 }
  const take = (block: number): void => {
    seen.bytes += 64 << (arena.i32[block + META]! & 0xff)
  }
  for (const store of families) {
    for (let table = 0; table < TABLES; table++) {
      seen.bytes += 8 * store.table.slotsOf(table)
      for (let slot = 0; slot < store.table.slotsOf(table); slot++) {
        const root = store.table.at(table, slot)
        if (root === 0) continue
        seen.swarms++
        seen.peers += auditSwarm(store, root, faults, take)
        const at = 4 * (root + INFO_HASH)
        if (store.table.find(arena.u8.subarray(at, at + 20)) !== root)
          faults.push('a swarm is not found by its info-hash')
      }
    }
  }
  if (seen.swarms !== census.swarms) faults.push(`${census.swarms} swarms counted, ${seen.swarms} there`)
  if (seen.peers !== census.peers) faults.push(`${census.peers} peers counted, ${seen.peers} there`)
  const used = arena.taken - arena.first - arena.freeBytes()
  if (used !== seen.bytes) faults.push(`${used} bytes in use, ${seen.bytes} belong to swarms`)
  return faults
}

function auditSwarm(store: FamilyStore, root: number, faults: string[], take: (block: number) => void): number {
  const { swarm, peers } = store
  let leechers = 0
  let seeders = 0
  swarm.root = root
  if (swarm.wide) take(root)
  for (let entry = 0; entry < swarm.entries;) {
    swarm.turn(entry)
    const { block } = swarm
    entry = swarm.nextEntry
    take(block)
    leechers += peers.leechers(block)
    seeders += peers.seeders(block)
    if (peers.leechers(block) > peers.firstSeeder(block)) faults.push('leechers and seeders overlap')
    for (let p = 0; p < peers.end(block); p++) {
      if (p >= peers.leechers(block) && p < peers.firstSeeder(block)) continue
      if (!store.findsItself(root, block, p)) faults.push('a peer is not found by its endpoint')
      swarm.root = root
    }
  }
  if (leechers !== swarm.leechers || seeders !== swarm.seeders) {
    faults.push(`${swarm.leechers} leechers and ${swarm.seeders} seeders counted, ${leechers} and ${seeders} there`)
  }
  if (leechers + seeders === 0) faults.push(`an empty swarm was kept (counts ${store.arena.i32[root + COUNTS]!})`)
  return leechers + seeders
}
