// Who may download from us. The policy decides every ten seconds; in between, an interested peer is unchoked at once
// while a slot is free, and a slot that falls free is given on at the next tick.
import { messageOf, type NodeError } from '../base/errors.js'
import type { Random } from '../base/random.js'
import type { ChokeCandidate, ChokePolicy } from '../contracts/choke-policy.js'
import { torrentErrors } from './errors.js'
import { type Peer, PeerFlag, type PeerTable } from './peer-table.js'

const ROUND_MS = 10_000
const LEAST_SLOTS = 4
/** What a slot has to carry before another one is opened beside it: bytes a second. */
const SLOT_RATE = 1 << 20

interface Seat extends ChokeCandidate {
  slot: number
  interested: boolean
  unchoked: boolean
  rateToUs: number
  rateFromUs: number
  sinceMs: number
  snubbing: boolean
}

export class ChokeRound {
  private readonly seats: Seat[] = []
  private readonly chosen: Uint8Array
  private readonly roundSeats: Seat[] = []
  private lastRound = -Infinity
  private rounds = -1
  private vacated = false
  /** Milliseconds, as of the last tick. */
  private now = 0
  private policy: ChokePolicy | null

  constructor(
    private readonly peers: PeerTable,
    policy: ChokePolicy,
    private readonly most: number,
    private readonly random: Random,
    private readonly setAside: (error: NodeError) => void,
  ) {
    this.policy = policy
    this.chosen = new Uint8Array(peers.capacity)
  }

  /** The peer wants something: it gets a free slot at once. */
  interested(peer: Peer): void {
    if (this.unchoked < this.slots) this.unchoke(peer, this.now)
  }

  /** A slot may have fallen free. */
  left(): void {
    this.vacated = true
  }

  tick(now: number, seeding: boolean): void {
    this.now = now
    const regular = now - this.lastRound >= ROUND_MS
    if (!regular && !(this.vacated && this.waiting)) return
    this.vacated = false
    // A slot that falls free is given on within the count of the round before: every third regular one is the optimist's.
    if (regular) {
      this.lastRound = now
      this.rounds++
    }
    this.round(now, seeding)
  }

  /** Upload slots now: four at least, more while those there are carry much, up to the configured most. */
  private get slots(): number {
    let rate = 0
    for (const peer of this.peers) rate += this.peers.upRate[peer.slot]!
    return Math.max(1, Math.min(this.most, LEAST_SLOTS + Math.floor(rate / SLOT_RATE)))
  }

  private get unchoked(): number {
    let count = 0
    for (const peer of this.peers)
      if (!this.peers.is(peer.slot, PeerFlag.WeChoke) && this.peers.is(peer.slot, PeerFlag.TheyWant)) count++
    return count
  }

  private get waiting(): boolean {
    for (const peer of this.peers)
      if (this.peers.is(peer.slot, PeerFlag.WeChoke) && this.peers.is(peer.slot, PeerFlag.TheyWant)) return true
    return false
  }

  private round(now: number, seeding: boolean): void {
    const count = this.peers.liveCount
    this.roundSeats.length = 0
    for (let i = 0; i < count; i++) this.roundSeats.push(this.seat(i, this.peers.live[i]!, now))
    this.chosen.fill(0, 0, count)
    this.ask(seeding, count)
    for (let i = 0; i < count; i++) {
      const peer = this.peers.peers[this.roundSeats[i]!.slot]
      if (!peer) continue
      const choked = this.peers.is(peer.slot, PeerFlag.WeChoke)
      if (this.chosen[i] === 1 && choked) this.unchoke(peer, now)
      else if (this.chosen[i] === 0 && !choked) this.choke(peer, now)
      peer.voice.flush()
    }
  }

  private ask(seeding: boolean, count: number): void {
    if (this.policy === null) return this.ownChoice(count)
    try {
      this.policy.round(this.roundSeats, this.slots, seeding, this.rounds, this.random, this.chosen.subarray(0, count))
    } catch (error) {
      this.policy = null
      this.setAside(
        torrentErrors.make(
          'ERR_TORRENT_CHOKER',
          `the choke policy threw: ${messageOf(error)}; it is set aside and the first to come are served`,
          {
            cause: error,
          },
        ),
      )
      this.ownChoice(count)
    }
  }

  private ownChoice(count: number): void {
    let left = this.slots
    for (let i = 0; i < count; i++) if (this.roundSeats[i]!.interested && left-- > 0) this.chosen[i] = 1
  }

  private seat(i: number, slot: number, now: number): Seat {
    const seat = (this.seats[i] ??= {
      slot,
      interested: false,
      unchoked: false,
      rateToUs: 0,
      rateFromUs: 0,
      sinceMs: 0,
      snubbing: false,
    })
    seat.slot = slot
    seat.interested = this.peers.is(slot, PeerFlag.TheyWant)
    seat.unchoked = !this.peers.is(slot, PeerFlag.WeChoke)
    seat.rateToUs = this.peers.downRate[slot]!
    seat.rateFromUs = this.peers.upRate[slot]!
    seat.sinceMs = now - this.peers.chokedAt[slot]!
    seat.snubbing = this.peers.is(slot, PeerFlag.Snubbing)
    return seat
  }

  private unchoke(peer: Peer, now: number): void {
    this.peers.set(peer.slot, PeerFlag.WeChoke, false)
    this.peers.chokedAt[peer.slot] = now
    peer.setChoked(false)
  }

  private choke(peer: Peer, now: number): void {
    this.peers.set(peer.slot, PeerFlag.WeChoke, true)
    this.peers.chokedAt[peer.slot] = now
    peer.setChoked(true)
  }
}
