// Recounts the whole arena: every count, every index entry, every block either in use once or free. For simulations and
// tests; walks everything, while nobody else is at work.
import { Claims } from './claims.js'
import { allOf } from './census.js'
import { inspectSwarm } from './inspect.js'
import { TABLE_USED, TABLES, tableWord } from './memory.js'
import type { Arena } from './arena.js'
import type { FamilyStore } from './family-store.js'

export function audit(arena: Arena, families: readonly FamilyStore[]): string[] {
  const faults: string[] = []
  const seen = { swarms: 0, peers: 0 }
  const claims = new Claims(arena)
  for (const store of families) {
    const own = { swarms: 0, peers: 0, seeders: 0 }
    for (let table = 0; table < TABLES; table++) auditTable(store, table, claims, faults, own)
    const told = store.census.totals()
    for (const what of ['swarms', 'peers', 'seeders'] as const) {
      if (told[what] !== own[what]) faults.push(`IPv${store.family}: ${told[what]} ${what} counted, ${own[what]} there`)
    }
    seen.swarms += own.swarms
    seen.peers += own.peers
  }
  const told = allOf(arena.i32)
  if (seen.swarms !== told.swarms) faults.push(`${told.swarms} swarms counted, ${seen.swarms} there`)
  if (seen.peers !== told.peers) faults.push(`${told.peers} peers counted, ${seen.peers} there`)
  const used = arena.taken - arena.first - arena.freeBytes()
  if (used !== claims.bytes) faults.push(`${used} bytes in use, ${claims.bytes} belong to swarms`)
  return faults
}

function auditTable(
  store: FamilyStore,
  table: number,
  claims: Claims,
  faults: string[],
  own: { swarms: number; peers: number; seeders: number },
): void {
  const slots = store.table.slotsOf(table)
  if (slots === 0) return
  let used = 0
  if (!claims.claim(store.table.blockOf(table), store.table.orderOf(table))) faults.push('a table overlaps a block')
  for (let slot = 0; slot < slots; slot++) {
    const root = store.table.at(table, slot)
    if (root === 0) continue
    used++
    const found = inspectSwarm(store, table, root, faults, claims)
    own.swarms++
    own.peers += found.peers
    own.seeders += found.seeders
    store.table.seekAt(root)
    if (store.table.find() !== root) faults.push('a swarm is not found by its info-hash')
  }
  const told = store.arena.i32[tableWord(store.family, table) + TABLE_USED]!
  if (told !== used) faults.push(`${told} slots of a table counted, ${used} in use`)
}
