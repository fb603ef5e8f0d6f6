// Is a swarm whole? Believes nothing: what is looked at may be a piece of something else.
import { COUNTS, DIRECTORY, META } from './layout.js'
import { BLOCKS, depthIn } from './swarm.js'
import type { Claims } from './claims.js'
import type { FamilyStore } from './family-store.js'

export interface Found {
  readonly peers: number
  readonly seeders: number
  /** Of those that are no seeders. */
  readonly partialSeeds: number
}

const NOTHING: Found = { peers: 0, seeders: 0, partialSeeds: 0 }

/** Counts what is there, and claims its blocks. What it finds wrong goes to `faults`. */
export function inspectSwarm(store: FamilyStore, table: number, root: number, faults: string[], claims: Claims): Found {
  const { arena } = store
  const meta = arena.i32[root + META] ?? -1
  const wide = (meta & DIRECTORY) !== 0
  if (!claims.claim(root, meta & 0xff)) return fault(faults, 'a swarm lies in no block of its own')
  store.table.seekAt(root)
  if (store.table.table !== table) faults.push('a swarm stands in another table than it should')
  if (!wide) {
    const found = inspectBlock(store, root, root, faults)
    if (found.peers === 0) faults.push('an empty swarm was kept')
    return found
  }
  const depth = depthIn(meta)
  if (depth === 0 || depth > 16 || BLOCKS + 2 ** depth > 16 << (meta & 0xff)) return fault(faults, 'no such directory')
  return inspectBlocks(store, root, depth, faults, claims)
}

function inspectBlocks(store: FamilyStore, root: number, depth: number, faults: string[], claims: Claims): Found {
  const { i32 } = store.arena
  const blocks: number[] = []
  // All entries first: looking for a peer follows them.
  for (let entry = 0; entry < 2 ** depth;) {
    const block = i32[root + BLOCKS + entry] ?? -1
    const meta = i32[block + META] ?? -1
    const span = 2 ** (depth - depthIn(meta))
    if (!claims.claim(block, meta & 0xff)) return fault(faults, 'part of a swarm lies in no block of its own')
    if (span < 1 || entry % span !== 0) return fault(faults, 'a block stands in the wrong place of a directory')
    for (let i = entry; i < entry + span; i++) {
      if (i32[root + BLOCKS + i] !== block) return fault(faults, 'a block stands in too few places of a directory')
    }
    blocks.push(block)
    entry += span
  }
  let peers = 0
  let seeders = 0
  let partialSeeds = 0
  for (const block of blocks) {
    const found = inspectBlock(store, root, block, faults)
    peers += found.peers
    seeders += found.seeders
    partialSeeds += found.partialSeeds
  }
  const { swarm } = store
  swarm.root = root
  if (swarm.seeders !== seeders || swarm.leechers !== peers - seeders) {
    faults.push(`${swarm.leechers} + ${swarm.seeders} counted, ${peers - seeders} + ${seeders} there`)
  }
  if (swarm.partialSeeds !== partialSeeds)
    faults.push(`${swarm.partialSeeds} partial seeds counted, ${partialSeeds} there`)
  if (peers === 0) faults.push('an empty swarm was kept')
  return { peers, seeders, partialSeeds }
}

function inspectBlock(store: FamilyStore, root: number, block: number, faults: string[]): Found {
  const { layout, peers, index, arena } = store
  const order = peers.order(block)
  const size = peers.size(block)
  const capacity = layout.capacity[order] ?? 0
  const leechers = peers.leechers(block)
  const seeders = peers.seeders(block)
  if (size > capacity) return fault(faults, `more peers than a block holds (${arena.i32[block + COUNTS]!})`)
  if (layout.slots[order] !== 0 && index.used(block, order) !== size) return fault(faults, 'an index of other peers')
  let partialSeeds = 0
  for (let p = 0; p < capacity; p++) {
    if (p >= leechers && p < capacity - seeders) continue
    if (p < leechers && peers.isPartial(block, p)) partialSeeds++
    if (!store.findsItself(root, block, p)) return fault(faults, 'a peer is not found by its endpoint')
  }
  if (peers.partialSeeds(block) !== partialSeeds) return fault(faults, 'another number of partial seeds than counted')
  return { peers: size, seeders, partialSeeds }
}

function fault(faults: string[], text: string): Found {
  faults.push(text)
  return NOTHING
}
