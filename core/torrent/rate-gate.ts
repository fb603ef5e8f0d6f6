// Bytes a second, shared in turns: first among the torrents that have something to move, then among the peers of each. A
// turn is paid for before it is taken, so that even a block that is worth seconds comes at its time. What one torrent or
// peer leaves goes to the others; what nobody uses is kept for a quarter of a second and then lost.
import { TokenBucket } from '../base/token-bucket.js'
import { BLOCK_LENGTH } from '../protocol/geometry.js'

const BURST_SECONDS = 0.25
/** Turns are given no more often than this, but for those that can be had at once. */
const PAUSE_MS = 20

/** Somebody who moves bytes when it is his turn: one direction of one peer. */
export interface Flow {
  /** The least he can make use of. */
  readonly need: number
  /**
   * His turn: says how many bytes he used, `most` or fewer, or those of `need`. He waits no longer; if he used any and
   * has more to move, he lines up again.
   */
  go(most: number): number
}

/** One direction of the whole node. */
export class RateGate {
  readonly bucket = new TokenBucket()
  private readonly lanes = new Set<RateLane>()
  /** Lanes in which somebody waits, in the order of their turns. */
  private readonly waiting = new Set<RateLane>()
  private dealing = false
  private wakeAt = Infinity

  /** `wake`: call `deal` after so many milliseconds. `leastBurst`: kept however low the rate. */
  constructor(
    readonly now: () => number,
    private readonly wake: (ms: number) => void,
    private readonly leastBurst = BLOCK_LENGTH,
    /** Begins with what can be kept. */
    private readonly full = false,
  ) {}

  lane(): RateLane {
    const lane = new RateLane(this)
    this.lanes.add(lane)
    this.mark(lane)
    return lane
  }

  /** Infinity: no limit. */
  setRate(rate: number): void {
    this.adjust(this.bucket, rate)
    for (const lane of this.lanes) this.mark(lane)
    this.deal()
  }

  adjust(bucket: TokenBucket, rate: number): void {
    bucket.set(rate, Math.max(this.leastBurst, rate * BURST_SECONDS), this.now(), this.full)
  }

  mark(lane: RateLane): void {
    lane.limited = this.bucket.rate !== Infinity || lane.bucket.rate !== Infinity
  }

  join(lane: RateLane): void {
    this.waiting.add(lane)
  }

  quit(lane: RateLane): void {
    this.waiting.delete(lane)
  }

  remove(lane: RateLane): void {
    this.quit(lane)
    this.lanes.delete(lane)
  }

  /** The time that was asked for by `wake` has come. */
  woken(): void {
    this.wakeAt = Infinity
    this.deal()
  }

  /** Gives turns to those that wait, as far as it goes. */
  deal(): void {
    if (this.dealing || this.waiting.size === 0) return
    this.dealing = true
    const now = this.now()
    this.bucket.fill(now)
    for (const lane of this.waiting) lane.bucket.fill(now)
    let passed = 0
    for (let lane = first(this.waiting); lane && passed < this.waiting.size; lane = first(this.waiting)) {
      const need = lane.need
      if (this.bucket.wait(need) > 0) break
      this.waiting.delete(lane)
      if (lane.bucket.wait(need) > 0) {
        this.waiting.add(lane)
        passed++
        continue
      }
      passed = 0
      const used = lane.turn(Math.min(this.bucket.level / (this.waiting.size + 1), lane.bucket.level))
      this.bucket.take(used)
      lane.bucket.take(used)
      if (lane.length > 0) this.waiting.add(lane)
    }
    this.dealing = false
    this.rest()
  }

  /** Asks to be woken when the next turn can be paid for. */
  rest(): void {
    if (this.waiting.size === 0) return
    const now = this.now()
    let ms = Infinity
    for (const lane of this.waiting) {
      const { need } = lane
      ms = Math.min(ms, Math.max(this.bucket.wait(need), lane.bucket.wait(need)))
    }
    if (ms === Infinity) return
    const at = now + Math.max(PAUSE_MS, ms)
    if (at >= this.wakeAt && this.wakeAt >= now) return
    this.wakeAt = at
    this.wake(at - now)
  }
}

/** The same direction of one torrent. */
export class RateLane {
  /** False: nobody has to wait for a turn, nor should; that is all that a node without limits looks at. */
  limited = false
  readonly bucket = new TokenBucket()
  private readonly queue = new Set<Flow>()

  constructor(private readonly gate: RateGate) {}

  setRate(rate: number): void {
    this.gate.adjust(this.bucket, rate)
    this.gate.mark(this)
    this.gate.deal()
  }

  /** What both limits allow, in bytes a second. */
  get rate(): number {
    return Math.min(this.bucket.rate, this.gate.bucket.rate)
  }

  get length(): number {
    return this.queue.size
  }

  /** Of the flow that is first. */
  get need(): number {
    return first(this.queue)?.need ?? 0
  }

  /** Lines up for a turn, which may come at once. Whoever waits already keeps his place. */
  want(flow: Flow): void {
    if (this.queue.has(flow)) return
    if (this.queue.size === 0) this.bucket.fill(this.gate.now())
    this.queue.add(flow)
    this.gate.join(this)
    this.gate.deal()
  }

  waits(flow: Flow): boolean {
    return this.queue.has(flow)
  }

  leave(flow: Flow): void {
    if (this.queue.delete(flow) && this.queue.size === 0) this.gate.quit(this)
  }

  /** What was used will not be moved after all. */
  refund(bytes: number): void {
    this.bucket.put(bytes)
    this.gate.bucket.put(bytes)
    this.gate.rest()
  }

  /** Gives the first one his turn, with his share of what there is. */
  turn(level: number): number {
    const flow = first(this.queue)
    if (flow === undefined) return 0
    const share = Math.max(flow.need, level / this.queue.size)
    this.queue.delete(flow)
    const used = flow.go(share)
    // Whoever can use nothing now lines up when he can.
    if (used === 0) this.queue.delete(flow)
    return used
  }

  /** The torrent is gone. */
  close(): void {
    this.queue.clear()
    this.gate.remove(this)
  }
}

function first<T>(set: ReadonlySet<T>): T | undefined {
  for (const one of set) return one
  return undefined
}
