// One torrent at its trackers: lets its asker say what its announcer finds due, from `started` to `stopped`.
import type { Clock } from '../../core/base/clock.js'
import { NodeError } from '../../core/base/errors.js'
import type { DiscoveryHandle, Progress } from '../../core/contracts/peer-discovery.js'
import type { Announcer, Attempt } from './announcer.js'
import type { Asker } from './asker.js'
import { errors } from './errors.js'

/** On leaving, what is under way may finish for this long, so that a tracker just reached is not left with a ghost. */
const GRACE_MS = 1000
/** Goodbyes take no longer than this, whatever the caller allows: a tracker forgets who falls silent anyway. */
const GOODBYES_MS = 5000

export class WatchedTorrent implements DiscoveryHandle {
  private readonly cut = new AbortController()
  private readonly flights = new Set<Promise<void>>()
  private leaving: Promise<void> | null = null

  constructor(
    private readonly announcer: Announcer,
    private readonly asker: Asker,
    private readonly progress: () => Progress,
    private readonly clock: Clock,
    /** Something may have fallen due. */
    private readonly wake: () => void,
    private readonly gone: () => void,
  ) {}

  /** Sends what is due; says how many announces that were. */
  tick(now: number): number {
    const attempts = this.announcer.tick(now, this.progress())
    for (const attempt of attempts) {
      const flight = this.send(attempt, this.cut.signal).then(() => {
        this.flights.delete(flight)
        this.wake()
      })
      this.flights.add(flight)
    }
    return attempts.length
  }

  event(): void {
    this.announcer.completed()
    this.wake()
  }

  refresh(): void {
    this.announcer.refresh()
    this.wake()
  }

  stop(signal: AbortSignal): Promise<void> {
    this.leaving ??= this.leave(signal)
    return this.leaving
  }

  private async leave(deadline: AbortSignal): Promise<void> {
    // One deadline is shared by all torrents of a node: none of them hangs its listeners on that itself.
    const enough = new AbortController()
    const signal = AbortSignal.any([deadline, enough.signal])
    this.gone()
    this.asker.leaving = true
    await this.within(GRACE_MS, signal, Promise.all(this.flights))
    this.cut.abort(stopped())
    const goodbyes = this.announcer.farewells().map(async attempts => {
      for (const attempt of attempts) await this.send(attempt, signal)
    })
    await this.within(GOODBYES_MS, signal, Promise.all(goodbyes))
    enough.abort(stopped())
  }

  private async send(attempt: Attempt, ending: AbortSignal): Promise<void> {
    const { results, error } = await this.asker.ask(attempt, ending)
    const now = this.clock.now()
    const [first] = results
    if (first === undefined) this.announcer.failed(attempt, retryIn(error), now)
    else this.announcer.answered(attempt, first.interval, first.minInterval, now)
  }

  /** Resolves with the work, after so long, or with the signal, whichever is first. */
  private within(ms: number, signal: AbortSignal, work: Promise<unknown>): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    return new Promise(resolve => {
      const timer = this.clock.after(ms, end)
      function end(): void {
        timer.cancel()
        signal.removeEventListener('abort', end)
        resolve()
      }
      signal.addEventListener('abort', end, { once: true })
      void work.then(end)
    })
  }
}

function stopped(): NodeError {
  return errors.make('ERR_DISCOVERY_STOPPED', 'the torrent was stopped')
}

// What is the operator's to mend is not mended by asking again.
function retryIn(error: unknown): number | 'never' | undefined {
  if (!NodeError.is(error)) return undefined
  const given = error.details['retryIn']
  if (typeof given === 'number' || given === 'never') return given
  return error.blame === 'operator' ? 'never' : undefined
}
