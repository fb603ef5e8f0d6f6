// A process of many cheap peers: node dist/test/bench/cheap-crowd.js PLAN, with a CrowdPlan in JSON. Prints one line of
// JSON, a CrowdReport: leechers after `seconds`, seeders when the other side has closed all links.
import { readFileSync } from 'node:fs'
import { setTimeout as passed } from 'node:timers/promises'
import { fromHex } from '../../core/base/bytes.js'
import { createRandom } from '../../core/base/random.js'
import { BLOCK, CheapLeecher, CheapSeeder, type Order } from './cheap-peer.js'

export interface CrowdPlan {
  readonly role: 'leech' | 'seed'
  readonly port: number
  readonly peers: number
  readonly infoHash: string
  readonly pieceLength: number
  readonly totalLength: number
  /** Leechers. */
  readonly order?: Order
  readonly pipeline?: number
  readonly seconds?: number
  /** Before these: for greetings, and until the other side has opened its slots. */
  readonly warm?: number
  /** They read nothing after the first unchoke. */
  readonly deaf?: boolean
  /** Seeders: a file that the content is, or repeats; and the part of the pieces that each of them has. */
  readonly source?: string
  readonly part?: number
}

export interface CrowdReport {
  readonly bytes: number
  readonly seconds: number
  readonly mbPerSecond: number
  /** Of the bytes of each: the least and the most, as parts of a fair share. */
  readonly least: number
  readonly most: number
  readonly unchokes: number
  readonly closed: number
  readonly cpuSeconds: number
}

interface Counted {
  readonly bytes: number
  readonly closed: boolean
  close(): void
}

const plan = JSON.parse(process.argv[2] ?? '{}') as CrowdPlan
const infoHash = fromHex(plan.infoHash)
if (infoHash === null) throw new Error('the plan names no info-hash')
const content = { infoHash, pieceLength: plan.pieceLength, totalLength: plan.totalLength }

function report(peers: readonly Counted[], before: readonly number[], seconds: number, unchokes: number): CrowdReport {
  const bytes = peers.map((peer, i) => peer.bytes - (before[i] ?? 0))
  const total = bytes.reduce((sum, one) => sum + one, 0)
  const share = Math.max(1, total / peers.length)
  const { user, system } = process.cpuUsage()
  return {
    bytes: total,
    seconds,
    mbPerSecond: total / seconds / 1e6,
    least: Math.min(...bytes) / share,
    most: Math.max(...bytes) / share,
    unchokes,
    closed: peers.filter(peer => peer.closed).length,
    cpuSeconds: (user + system) / 1e6,
  }
}

async function leech(): Promise<CrowdReport> {
  const { peers, pipeline = 64, order = 'shuffle', deaf = false, seconds = 5, warm = 5 } = plan
  const crowd = Array.from(
    { length: peers },
    (_, nth) => new CheapLeecher(content, plan.port, nth, peers, order, pipeline, deaf),
  )
  await passed(warm * 1000)
  const before = crowd.map(peer => peer.bytes)
  const from = performance.now()
  await passed(seconds * 1000)
  const unchokes = crowd.reduce((sum, peer) => sum + peer.unchokes, 0)
  const result = report(crowd, before, (performance.now() - from) / 1000, unchokes)
  for (const peer of crowd) peer.close()
  return result
}

async function seed(): Promise<CrowdReport> {
  const { peers, part = 1, source } = plan
  const bytes = source === undefined ? Buffer.alloc(Math.max(BLOCK, plan.pieceLength)) : readFileSync(source)
  const crowd = Array.from({ length: peers }, (_, nth) => {
    const lots = createRandom(nth + 1)
    // Every piece is somewhere: the nth peer has each nth one, and others by lot.
    const has = (piece: number): boolean => part >= 1 || piece % peers === nth || lots.below(1000) < part * 1000
    return new CheapSeeder(content, bytes, has, plan.port, nth)
  })
  let from = 0
  let until = 0
  let served = 0
  while (crowd.some(peer => !peer.closed)) {
    await passed(5)
    const now = crowd.reduce((sum, peer) => sum + peer.bytes, 0)
    if (from === 0 && now > 0) from = performance.now()
    if (now > served) until = performance.now()
    served = now
  }
  return report(crowd, [], Math.max(0.001, (until - from) / 1000), 0)
}

process.stdout.write(`${JSON.stringify(plan.role === 'seed' ? await seed() : await leech())}\n`)
process.exitCode = 0
