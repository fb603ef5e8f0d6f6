// How fast the networks of the world ask: a token bucket for each /24 of IPv4 and /48 of IPv6, in a table of fixed size
// in shared memory, one for all threads. A bucket is one word, the moment at which it will be full again, so that there
// is nothing to fill up in between. Where a set of four is taken, the bucket nearest to full goes, which loses least: a
// table that overflows admits more, never less.
//
// Threads write without looking at each other. Of two that take from one bucket in the same instant one may go
// uncounted, and a bucket that is being replaced may begin with the level of the other; neither admits more than the
// threads there are, nor keeps anybody out for longer than a burst lasts.
import { isLoopback } from '../base/address.js'
import { tableHash } from '../base/half-siphash.js'
import type { Refused } from '../contracts/refusal.js'

const WAYS = 4
const SETS = 16_384
/** A bucket: the prefix by its keyed hash, and the moment in microseconds, which come round after 71 minutes (see `rest`). */
const WORDS = 2
const HEAD = 4
const COST = 0
const BURST = 1
const KEY = 2
/** What a bucket keeps: so many seconds' worth may come at once. */
const BURST_SECONDS = 2
/** Threads read their clocks now and then. What is further ahead than this is left from before the clock came round. */
const SLACK_MICROS = 5_000_000
const LONG_PAST = -0x8000_0000

/** How often `rest` is to be called, well within half of what goes into 32 bits. */
export const REST_MS = 600_000

export const TOO_FAST: Refused = {
  reason: 'your network asks this tracker too often',
  kind: 'too_fast',
  retryMinutes: 1,
  quiet: true,
}

/** As fast as microseconds can tell apart well. */
export const MOST_PER_SECOND = 100_000

export class PrefixRate {
  private readonly words: Int32Array
  private readonly cost: number
  private readonly burst: number
  private readonly key0: number
  private readonly key1: number
  private readonly prefix = new Int32Array(2)

  /** `memory` of `reserve`, in whatever thread. */
  constructor(readonly memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory)
    this.cost = this.words[COST]!
    this.burst = this.words[BURST]!
    this.key0 = this.words[KEY]!
    this.key1 = this.words[KEY + 1]!
  }

  /** `secret`: 8 unpredictable bytes of this start. */
  static reserve(perSecond: number, secret: Uint8Array): SharedArrayBuffer {
    const memory = new SharedArrayBuffer(4 * (HEAD + SETS * WAYS * WORDS))
    const words = new Int32Array(memory)
    words[COST] = Math.round(1e6 / perSecond)
    words[BURST] = BURST_SECONDS * 1e6
    new Uint8Array(memory).set(secret.subarray(0, 8), 4 * KEY)
    return memory
  }

  /** Takes one from the bucket of this address (4 or 16 bytes). False: it is empty. `now`: monotonic milliseconds. */
  take(ip: Uint8Array, now: number): boolean {
    if (isLoopback(ip)) return true
    const { words } = this
    const time = (now * 1000) | 0
    const prefix = this.prefixOf(ip)
    const end = HEAD + ((prefix & (SETS - 1)) + 1) * WAYS * WORDS
    let place = 0
    let least = 0x7fff_ffff
    for (let at = end - WAYS * WORDS; at < end; at += WORDS) {
      const ahead = this.ahead(at, time)
      if (words[at] === prefix) return this.takeFrom(at, ahead, time)
      if (ahead >= least) continue
      least = ahead
      place = at
    }
    words[place] = prefix
    words[place + 1] = time + this.cost
    return true
  }

  /** Makes every full bucket one that is full by now: one that was full for an hour would else seem to be empty. */
  rest(now: number): void {
    const { words } = this
    const time = (now * 1000) | 0
    for (let at = HEAD; at < words.length; at += WORDS) if (this.ahead(at, time) <= 0) words[at + 1] = time
  }

  private takeFrom(at: number, ahead: number, time: number): boolean {
    const after = (ahead > 0 ? ahead : 0) + this.cost
    if (after > this.burst) return false
    this.words[at + 1] = time + after
    return true
  }

  /** Microseconds until the bucket is full. */
  private ahead(at: number, time: number): number {
    const ahead = (this.words[at + 1]! - time) | 0
    return ahead > this.burst + SLACK_MICROS ? LONG_PAST : ahead
  }

  /** A /24 is one word, a /48 two, and the hash knows how many. */
  private prefixOf(ip: Uint8Array): number {
    const { prefix } = this
    prefix[0] = ip[0]! | (ip[1]! << 8) | (ip[2]! << 16)
    if (ip.length === 4) return tableHash(this.key0, this.key1, prefix, 1)
    prefix[0] |= ip[3]! << 24
    prefix[1] = ip[4]! | (ip[5]! << 8)
    return tableHash(this.key0, this.key1, prefix, 2)
  }
}
