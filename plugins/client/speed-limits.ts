// The limits of the node and of its torrents: as the profile has them, as NodeApi changes them, as the hour calls for.
import { parseByteRate } from '../../core/base/byte-rate.js'
import type { Clock, Timer } from '../../core/base/clock.js'
import type { LimitMode, LimitState, RateLimits } from '../../core/contracts/node-api.js'
import { NodePace, type TorrentPace } from '../../core/torrent/pace.js'
import type { RateGate } from '../../core/torrent/rate-gate.js'
import type { ClientConfig } from './config.js'
import { clientErrors } from './errors.js'
import { LEAST_RATE, type WrittenLimits } from './limit-options.js'
import { entryAt } from './limit-schedule.js'

const NONE: RateLimits = { down: null, up: null }

interface Limited {
  readonly pace: TorrentPace
  set: RateLimits
}

export class SpeedLimits {
  private readonly pace: NodePace
  private readonly timers = new Map<RateGate, Timer>()
  private readonly torrents = new Map<string, Limited>()
  private set: RateLimits
  private inForce: RateLimits = NONE
  private mode: LimitMode = 'schedule'
  private stopped = false

  constructor(
    private readonly config: Pick<ClientConfig, 'limits' | 'alternativeLimits' | 'schedule'>,
    private readonly clock: Clock,
  ) {
    this.pace = new NodePace(
      () => clock.now(),
      (gate, ms) => this.wake(gate, ms),
    )
    this.set = laidOver(NONE, config.limits)
    this.tick()
  }

  /** Once a second: the hour may call for other limits. */
  tick(): void {
    const next = this.called
    if (next.down === this.inForce.down && next.up === this.inForce.up) return
    this.inForce = next
    this.pace.limit(next)
  }

  /** The limits of a torrent: kept while it is paused, until `forget`. */
  torrent(hash: string, written: WrittenLimits | undefined): TorrentPace {
    const known = this.torrents.get(hash)
    if (known !== undefined) return known.pace
    const set = fit(laidOver(NONE, written))
    const one = { pace: this.pace.torrent(), set }
    this.torrents.set(hash, one)
    one.pace.limit(one.set)
    return one.pace
  }

  forget(hash: string): void {
    this.torrents.get(hash)?.pace.close()
    this.torrents.delete(hash)
  }

  state(hash?: string): LimitState {
    const { mode, inForce } = this
    const set = hash === undefined ? this.set : (this.torrents.get(hash)?.set ?? NONE)
    return { ...set, inForce: hash === undefined ? inForce : set, mode }
  }

  change(change: Partial<RateLimits>, hash?: string): void {
    if (hash === undefined) {
      this.set = fit({ ...this.set, ...change })
      return this.tick()
    }
    const one = this.torrents.get(hash)
    if (one === undefined) return
    one.set = fit({ ...one.set, ...change })
    one.pace.limit(one.set)
  }

  follow(mode: LimitMode): void {
    this.mode = mode
    this.tick()
  }

  stop(): void {
    this.stopped = true
    for (const timer of this.timers.values()) timer.cancel()
    this.timers.clear()
  }

  private get called(): RateLimits {
    const { schedule, alternativeLimits } = this.config
    if (this.mode === 'alternative') return laidOver(this.set, alternativeLimits)
    if (this.mode === 'usual' || schedule.length === 0) return this.set
    const epoch = this.clock.epoch()
    const entry = entryAt(schedule, epoch + (this.clock.utcOffset?.(epoch) ?? 0) * 60_000)
    return entry === undefined ? this.set : laidOver(this.set, entry.limits ?? alternativeLimits)
  }

  private wake(gate: RateGate, ms: number): void {
    if (this.stopped) return
    this.timers.get(gate)?.cancel()
    this.timers.set(
      gate,
      this.clock.after(ms, () => {
        this.timers.delete(gate)
        gate.woken()
      }),
    )
  }
}

function laidOver(below: RateLimits, written: WrittenLimits | undefined): RateLimits {
  const pick = (value: string | number | null | undefined, kept: number | null): number | null =>
    value === undefined ? kept : typeof value === 'string' ? parseByteRate(value) : value
  return { down: pick(written?.down, below.down), up: pick(written?.up, below.up) }
}

function fit(limits: RateLimits): RateLimits {
  for (const value of [limits.down, limits.up]) {
    if (value === null || value >= LEAST_RATE) continue
    throw clientErrors.make(
      'ERR_CLIENT_LIMIT',
      `a limit of ${value} bytes a second is not possible: at least ${LEAST_RATE}, or null for none`,
    )
  }
  return limits
}
