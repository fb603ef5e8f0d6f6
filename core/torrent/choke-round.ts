// Who may download from us. The policy decides every ten seconds; in between, an interested peer is unchoked at once
// while a slot is free, and a slot that falls free is given on at the next tick, but not more often than every three
// seconds, whatever peers do.
import { messageOf, type NodeError } from '../base/errors.js'
import type { Random } from '../base/random.js'
import type { ChokeCandidate, ChokePolicy } from '../contracts/choke-policy.js'
import { torrentErrors } from './errors.js'
import { type Peer, PeerFlag, type PeerTable } from './peer-table.js'
import { UploadSlots } from './upload-slots.js'

const ROUND_MS = 10_000
const OUT_OF_TURN_MS = 3_000
/** A peer that was choked waits so long until a mere word of interest gets it a slot again. */
const AGAIN_MS = 10_000
/** Whoever has a slot and takes nothing for this long does not count: others are tried, twice as many each time. */
const UNUSED_MS = 3_000
/** Who owes us blocks and has sent none for this long snubs us. */
const SNUB_MS = 60_000

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
  private readonly uploadSlots: UploadSlots
  private lastRound = -Infinity
  private lastOutOfTurn = -Infinity
  private rounds = -1
  /** Bytes sent in all, as of the last tick, and as of the last round. */
  private sent = 0
  private sentInRounds = 0
  /** Slots that nobody makes use of. */
  private unused = 0
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
    /** Bytes a second that this torrent may send; Infinity: nobody said. */
    private readonly limit: () => number = () => Infinity,
  ) {
    this.policy = policy
    this.uploadSlots = new UploadSlots(most)
    this.chosen = new Uint8Array(peers.capacity)
  }

  /** Upload slots now. */
  get slots(): number {
    return Math.min(this.most, this.uploadSlots.count + 2 * this.unused)
  }

  /** The peer wants something: it gets a free slot at once. */
  interested(peer: Peer): void {
    const { slot } = peer
    if (this.peers.is(slot, PeerFlag.Served) && this.now - this.peers.chokedAt[slot]! < AGAIN_MS) return this.left()
    if (this.snubs(slot)) return
    if (this.count(false) < this.slots) this.unchoke(peer, this.now)
  }

  /** A slot may have fallen free. */
  left(): void {
    this.vacated = true
  }

  /** Once a second. `sent`: bytes of blocks sent in all. */
  tick(now: number, seeding: boolean, sent: number): void {
    const elapsed = Math.max(1, now - this.now)
    this.now = now
    const rate = ((sent - this.sent) * 1000) / elapsed
    this.sent = sent
    const before = this.slots
    this.uploadSlots.tick(rate, this.limit())
    this.unused = this.countUnused(now)
    if (this.slots > before) this.left()
    const regular = now - this.lastRound >= ROUND_MS
    if (!regular && !(this.vacated && now - this.lastOutOfTurn >= OUT_OF_TURN_MS && this.count(true) > 0)) return
    this.vacated = false
    // A slot that falls free is given on within the count of the round before: every third regular one is the optimist's.
    if (regular) this.open(now)
    else this.lastOutOfTurn = now
    this.round(now, seeding)
  }

  private open(now: number): void {
    const rate = ((this.sent - this.sentInRounds) * 1000) / Math.max(1, now - this.lastRound)
    const wanting = this.count(true) > 0 && this.count(false) >= this.slots
    if (this.rounds >= 0) this.uploadSlots.round(rate, wanting, this.limit())
    this.sentInRounds = this.sent
    this.lastRound = now
    this.rounds++
  }

  /** Interested peers that are choked, or are not. */
  private count(choked: boolean): number {
    const { live, liveCount, flags } = this.peers
    const looked = PeerFlag.WeChoke | PeerFlag.TheyWant
    const wanted = choked ? looked : PeerFlag.TheyWant
    let count = 0
    for (let i = 0; i < liveCount; i++) if ((flags[live[i]!]! & looked) === wanted) count++
    return count
  }

  /** Where there is a limit, who is sent nothing may be waiting for his turn; not if his link is full. */
  private countUnused(now: number): number {
    const { live, liveCount, idleUp, chokedAt } = this.peers
    const limited = this.limit() !== Infinity
    let count = 0
    for (let i = 0; i < liveCount; i++) {
      const slot = live[i]!
      if (idleUp[slot]! < UNUSED_MS || this.peers.is(slot, PeerFlag.WeChoke) || now - chokedAt[slot]! < UNUSED_MS)
        continue
      if (!this.peers.is(slot, PeerFlag.TheyWant)) continue
      if (!limited || this.peers.peers[slot]?.voice.writable === false) count++
    }
    return count
  }

  private snubs(slot: number): boolean {
    return this.peers.is(slot, PeerFlag.Snubbing) && this.now - this.peers.silentSince[slot]! >= SNUB_MS
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
    seat.snubbing = this.snubs(slot)
    return seat
  }

  private unchoke(peer: Peer, now: number): void {
    this.peers.set(peer.slot, PeerFlag.WeChoke, false)
    this.peers.set(peer.slot, PeerFlag.Served, true)
    this.peers.chokedAt[peer.slot] = now
    peer.setChoked(false)
  }

  private choke(peer: Peer, now: number): void {
    this.peers.set(peer.slot, PeerFlag.WeChoke, true)
    this.peers.chokedAt[peer.slot] = now
    peer.setChoked(true)
  }
}
