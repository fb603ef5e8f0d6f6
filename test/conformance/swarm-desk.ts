// Asks a swarm store as a tracker would, whether it answers at once or later, and reads its replies.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { formatEndpoint, endpointOf } from '../../core/base/address.js'
import { isRefusal, reasonOf } from '../../core/contracts/refusal.js'
import { AnnounceEvent } from '../../core/contracts/swarm-store.js'
import type { Later } from '../../core/base/later.js'
import type {
  AnnounceReply,
  AnnounceRequest,
  ScrapeCounts,
  SwarmLimits,
  SwarmStore,
} from '../../core/contracts/index.js'
import type { InfoHash, PeerId } from '../../core/protocol/ids.js'

export const WIDE_LIMITS: SwarmLimits = {
  maxSwarms: 1_000_000,
  maxPeers: 1_000_000,
  maxPeersPerAddress: 100_000,
  peerTimeoutSeconds: 1000,
}

/** Peer number `n` (from 0) of a family, each at an address of its own: 10.x.y.z, or a /64 of 2001:db8:: each. */
export interface Announce {
  readonly hash?: number
  readonly peer: number
  readonly family?: 4 | 6
  readonly port?: number
  readonly left?: number
  readonly event?: AnnounceEvent
  readonly want?: number
  readonly peerId?: number
  /** Bytes of the buffer for peers. */
  readonly room?: number
  /** Where it begins in a piece of memory in which nothing else may be touched. */
  readonly at?: number
}

export interface Told {
  readonly seeders: number
  readonly leechers: number
  readonly peers: readonly string[]
}

/** What no buffer for peers may be mistaken for. */
const UNTOUCHED = 0xaa

export class SwarmDesk {
  now = 5000
  private readonly memory = new Uint8Array(8192)

  constructor(
    readonly store: SwarmStore,
    limits: Partial<SwarmLimits> = {},
  ) {
    store.limit({ ...WIDE_LIMITS, ...limits })
  }

  /** What the store answers; a text where it refuses. */
  async ask(announce: Announce): Promise<Told | string> {
    const { family = 4, port = 6881, left = 1000, event = AnnounceEvent.None, want = 50, peerId = 0 } = announce
    const request: AnnounceRequest = {
      infoHash: infoHash(announce.hash ?? 1),
      peerId: new Uint8Array(20).fill(peerId) as PeerId,
      from: { family, ip: ipOf(announce.peer, family), port },
      event,
      left,
      uploaded: 0,
      downloaded: 0,
      numWant: want,
      key: 0,
      urlData: null,
    }
    const reply: AnnounceReply = {
      interval: 0,
      minInterval: 0,
      seeders: -1,
      leechers: -1,
      peers: this.buffer(announce),
      peerBytes: -1,
    }
    const answer = this.store.announce(request, this.now, reply)
    // A server fills the same objects again for the next announce.
    request.infoHash.fill(0xff)
    request.from.ip.fill(0xff)
    request.from = { family: 4, ip: new Uint8Array(4), port: 1 }
    this.checkAround(reply.peers)
    if (answer === true) return told(reply, family)
    if (isRefusal(answer)) return reasonOf(answer)
    reply.peers.fill(0xee)
    const late = await settled(answer)
    return isRefusal(late) ? reasonOf(late) : told(late, family)
  }

  private buffer({ at, room = 2000 * 18 }: Announce): Uint8Array {
    return at === undefined ? new Uint8Array(room) : this.memory.fill(UNTOUCHED).subarray(at, at + room)
  }

  private checkAround({ buffer, byteOffset, byteLength }: Uint8Array): void {
    if (buffer !== this.memory.buffer) return
    const around = this.memory.filter((_, i) => i < byteOffset || i >= byteOffset + byteLength)
    ok(
      around.every(byte => byte === UNTOUCHED),
      'written outside the buffer for peers',
    )
  }

  /** As `ask`, for announces that must be admitted. */
  async announce(announce: Announce): Promise<Told> {
    const answer = await this.ask(announce)
    if (typeof answer === 'string') throw new Error(`refused: ${answer}`)
    return answer
  }

  async scrape(hash = 1, family: 4 | 6 = 4): Promise<ScrapeCounts & { found: boolean }> {
    const out = { seeders: -1, leechers: -1, completed: -1, partialSeeds: -1 }
    const answer = this.store.scrape(infoHash(hash), family, out)
    if (typeof answer === 'boolean') return { ...out, found: answer }
    const late = await settled(answer)
    if (typeof late === 'string') throw new Error(late)
    return { ...late, found: late.seeders + late.leechers > 0 }
  }

  /** Sweeps to the end of a round. */
  sweep(budgetMs = 5): void {
    for (let i = 0; this.store.sweep(this.now, budgetMs); i++) ok(i < 100_000, 'a sweep that never ends')
  }

  totals(swarms: number, peers: number): void {
    const totals = this.store.totals()
    deepEqual({ swarms: totals.swarms, peers: totals.peers }, { swarms, peers })
    if (totals.families === undefined) return
    const sum = (of: 'swarms' | 'peers'): number => totals.families?.reduce((all, one) => all + one[of], 0) ?? 0
    deepEqual({ swarms: sum('swarms'), peers: sum('peers') }, { swarms, peers }, 'the families do not add up')
  }
}

/** Text form of peer `n`, as it stands in `Told.peers`. */
export function peer(n: number, family: 4 | 6 = 4, port = 6881): string {
  return formatEndpoint(endpointOf(ipOf(n, family), port))
}

/** Spread over all bytes, as real ones are. */
export function infoHash(n: number): InfoHash {
  const bytes = new Uint8Array(20)
  let state = n + 1
  for (let i = 0; i < 20; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + i
    bytes[i] = state >>> 16
  }
  return bytes as InfoHash
}

function ipOf(n: number, family: 4 | 6): Uint8Array {
  if (family === 4) return Uint8Array.of(10, n >>> 16, n >>> 8, n)
  return Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, n >>> 16, n >>> 8, n, 0, 0, 0, 0, 0, 0, 0, 1)
}

function told(reply: AnnounceReply, family: 4 | 6): Told {
  const size = family === 4 ? 6 : 18
  equal(reply.peerBytes % size, 0, 'peerBytes is no whole number of peers')
  ok(reply.peerBytes <= reply.peers.length, 'more peers than the buffer holds')
  const peers: string[] = []
  for (let at = 0; at < reply.peerBytes; at += size) {
    const port = (reply.peers[at + size - 2]! << 8) | reply.peers[at + size - 1]!
    peers.push(formatEndpoint(endpointOf(reply.peers.slice(at, at + size - 2), port)))
  }
  equal(new Set(peers).size, peers.length, 'a peer stands in the reply twice')
  return { seeders: reply.seeders, leechers: reply.leechers, peers }
}

/** Checks on the way that `done` is not called inside `settle`, nor twice. */
function settled<T>(later: Later<T>): Promise<T | string> {
  return new Promise((resolve, reject) => {
    let inside = true
    let calls = 0
    later.settle(result => {
      if (inside || ++calls > 1) reject(new Error(inside ? 'done was called inside settle' : 'done was called twice'))
      resolve(result)
    })
    inside = false
  })
}
