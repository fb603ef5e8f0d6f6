// One torrent at its trackers: lets its asker say what its announcer finds due, from `started` to `stopped`.
import type { Clock } from '../../core/base/clock.js'
import { NodeError } from '../../core/base/errors.js'
import type { Seats } from '../../core/base/seats.js'
import type { DiscoveryHandle, Progress } from '../../core/contracts/peer-discovery.js'
import type { Announcer, Attempt } from './announcer.js'
import type { Asker } from './asker.js'
import type { Due } from './due-queue.js'
import { errors } from './errors.js'

/** On leaving, what is under way may finish for this long, so that a tracker just reached is not left with a ghost. */
const GRACE_MS = 1000
/** Goodbyes take no longer than this, whatever the caller allows: a tracker forgets who falls silent anyway. */
const GOODBYES_MS = 5000

/** What a torrent asks and tells of those it shares the trackers with. */
export interface Company {
  /** Something of it may have fallen due. */
  changed(): void
  /** An announce is under way, or is not any more. */
  begun(): void
  ended(): void
  /** It falls silent but for its goodbyes. */
  gone(): void
  /** For goodbyes. */
  readonly seats: Seats
}

export class WatchedTorrent implements DiscoveryHandle, Due {
  dueAt = Infinity
  place = -1
  /** It wants data, and may be in a hurry; as of its last announce, or of the last news of it. */
  wanting: boolean
  /** Ends what is under way; there only while something is. */
  private cut: AbortController | null = null
  private readonly flights = new Set<Promise<void>>()
  private leaving: Promise<void> | null = null

  constructor(
    private readonly announcer: Announcer,
    private readonly asker: Asker,
    private readonly progress: () => Progress,
    private readonly clock: Clock,
    private readonly company: Company,
  ) {
    this.wanting = wants(progress())
  }

  /** It has said goodbye, or is about to. */
  get left(): boolean {
    return this.leaving !== null
  }

  nextDue(): number {
    return this.announcer.nextDue()
  }

  /** Sends what is due; says how many announces that were. */
  tick(now: number): number {
    const progress = this.progress()
    this.wanting = wants(progress)
    const attempts = this.announcer.tick(now, progress)
    for (const attempt of attempts) {
      this.cut ??= new AbortController()
      this.company.begun()
      const flight = this.send(attempt, this.cut.signal).then(() => {
        this.flights.delete(flight)
        if (this.flights.size === 0) this.cut = null
        this.company.ended()
        this.company.changed()
      })
      this.flights.add(flight)
    }
    return attempts.length
  }

  event(): void {
    this.announcer.completed()
    this.news()
  }

  refresh(): void {
    this.announcer.refresh()
    this.news()
  }

  stop(signal: AbortSignal): Promise<void> {
    this.leaving ??= this.leave(signal)
    return this.leaving
  }

  private news(): void {
    this.wanting = wants(this.progress())
    this.company.changed()
  }

  private async leave(deadline: AbortSignal): Promise<void> {
    this.company.gone()
    this.asker.leaving = true
    // One deadline may be shared by all torrents of a node: none of them hangs its listeners on that itself.
    const enough = new AbortController()
    const signal = AbortSignal.any([deadline, enough.signal])
    await this.within(GRACE_MS, signal, [...this.flights])
    this.cut?.abort(stopped())
    const farewells = this.announcer.farewells()
    if (farewells.length > 0) await this.within(GOODBYES_MS, signal, [this.goodbyes(farewells, signal)])
    enough.abort(stopped())
  }

  private async goodbyes(farewells: readonly Attempt[][], signal: AbortSignal): Promise<void> {
    if (!(await this.company.seats.take(signal))) return
    const said = farewells.map(async attempts => {
      for (const attempt of attempts) await this.send(attempt, signal)
    })
    await Promise.all(said)
    this.company.seats.leave()
  }

  private async send(attempt: Attempt, ending: AbortSignal): Promise<void> {
    const { results, error } = await this.asker.ask(attempt, ending)
    const now = this.clock.now()
    const [first] = results
    if (first === undefined) this.announcer.failed(attempt, retryIn(error), now)
    else this.announcer.answered(attempt, first.interval, first.minInterval, now)
  }

  /** Resolves with all of the work, after so long, or with the signal, whichever is first. */
  private within(ms: number, signal: AbortSignal, work: readonly Promise<unknown>[]): Promise<void> {
    if (signal.aborted || work.length === 0) return Promise.resolve()
    return new Promise(resolve => {
      const timer = this.clock.after(ms, end)
      function end(): void {
        timer.cancel()
        signal.removeEventListener('abort', end)
        resolve()
      }
      signal.addEventListener('abort', end, { once: true })
      void Promise.all(work).then(end)
    })
  }
}

function wants({ left, partialSeed }: Progress): boolean {
  return left > 0 && partialSeed !== true
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
