// Every swarm there is, in one reply. It is made in slices of a few milliseconds, one at a time, kept for a while, and
// given once to an address in that while; so it costs the same however often it is asked for.
import { ScrapeList } from '../../core/protocol/scrape-list.js'
import type { Clock, Timer } from '../../core/base/clock.js'
import type { HttpNet } from '../../core/contracts/host.js'
import type { Refused } from '../../core/contracts/refusal.js'
import type { TrackerService } from '../../core/contracts/tracker.js'

export interface FullScrapeOptions {
  /** How long a reply is kept. */
  readonly seconds: number
  /** Swarms, beyond which there is none. */
  readonly most: number
}

/** A reply that stays as it is. */
export interface Listed {
  readonly body: Uint8Array
  readonly gzipped: boolean
}

type Tell = (answer: Listed | Refused) => void

const SLICE_MS = 2
const PAUSE_MS = 2
/** Of clients that wait for the same reply, and of those that had it. */
const MOST_WAITING = 1000
const MOST_SERVED = 10_000

const OFF: Refused = { reason: 'scrapes of everything are not served: name an info_hash', retryMinutes: 'never' }
const TOO_MANY: Refused = {
  reason: 'there are too many torrents here to list them all: name an info_hash',
  retryMinutes: 'never',
}
const BUSY: Refused = { reason: 'too many ask for everything: try again later', kind: 'busy', retryMinutes: 5 }

export class FullScrape {
  private list: ScrapeList | null = null
  private waiting: { readonly gzip: boolean; readonly tell: Tell }[] = []
  private result: Uint8Array | Refused | null = null
  private packed: Promise<Uint8Array> | null = null
  private timer: Timer | null = null
  /** Addresses that had the result, or wait for it. */
  private readonly served = new Set<string>()
  private readonly again: Refused

  constructor(
    private readonly service: TrackerService,
    private readonly clock: Clock,
    private readonly net: Pick<HttpNet, 'gzip'>,
    private readonly options: FullScrapeOptions,
  ) {
    const minutes = Math.ceil(options.seconds / 60)
    this.again = { reason: 'everything was told to this address a moment ago', kind: 'too_fast', retryMinutes: minutes }
  }

  /** `ip`: the client's, 4 or 16 bytes. `tell` is called once, now or later, or never if this is stopped first. */
  ask(ip: Uint8Array, gzip: boolean, tell: Tell): void {
    const from = String.fromCharCode(...ip.subarray(0, 8))
    if (this.served.has(from)) return tell(this.again)
    if (this.waiting.length >= MOST_WAITING || this.served.size >= MOST_SERVED) return tell(BUSY)
    if (this.result === null && this.list === null && this.service.scrapeAll(0, 0, () => undefined) === null) {
      return tell(OFF)
    }
    this.served.add(from)
    this.waiting.push({ gzip, tell })
    if (this.result !== null) this.give(this.result)
    else if (this.list === null) this.gather((this.list = new ScrapeList()), 0)
  }

  stop(): void {
    this.timer?.cancel()
    this.waiting = []
  }

  /** A slice of asking the tracker. */
  private gather(list: ScrapeList, cursor: number): void {
    const end = this.clock.now() + SLICE_MS
    let at: number | null = cursor
    do {
      at = this.service.scrapeAll(at, end - this.clock.now(), (infoHash, ...counts) => {
        if (list.size <= this.options.most) list.add(infoHash, ...counts)
      })
    } while (at !== null && at !== 0 && list.size <= this.options.most && this.clock.now() < end)
    const next = at
    if (next === null) this.done(OFF)
    else if (list.size > this.options.most) this.done(TOO_MANY)
    else if (next !== 0) this.timer = this.clock.after(PAUSE_MS, () => this.gather(list, next))
    else this.write(list.write())
  }

  /** A slice of putting them in order and writing them down. */
  private write(body: Generator<void, Uint8Array, void>): void {
    const end = this.clock.now() + SLICE_MS
    do {
      const step = body.next()
      if (step.done === true) return this.done(step.value)
    } while (this.clock.now() < end)
    this.timer = this.clock.after(PAUSE_MS, () => this.write(body))
  }

  private done(result: Uint8Array | Refused): void {
    this.list = null
    this.result = result
    this.timer = this.clock.after(this.options.seconds * 1000, () => {
      this.result = null
      this.packed = null
      this.served.clear()
    })
    this.give(result)
  }

  private give(result: Uint8Array | Refused): void {
    for (const { gzip, tell } of this.waiting.splice(0)) {
      if (!(result instanceof Uint8Array)) tell(result)
      else if (!gzip || this.net.gzip === undefined) tell({ body: result, gzipped: false })
      else {
        this.packed ??= this.net.gzip(result)
        this.packed.then(
          body => tell({ body, gzipped: true }),
          () => tell({ body: result, gzipped: false }),
        )
      }
    }
  }
}

/** Does an Accept-Encoding header take gzip? */
export function takesGzip(accept: string | undefined): boolean {
  return accept !== undefined && /(^|,)\s*(x-)?gzip\s*(;\s*q=(1|0\.0*[1-9])[\d.]*\s*)?(,|$)/i.test(accept)
}
