// How many peers are uploaded to at once. With n slots each is to carry 2 n KiB a second: few fast ones where there is
// little, many where there is much. What can be carried is the configured limit, else what was carried lately. Where
// peers wait that could be served beyond that, a few more slots are tried: they stay if the total grows by them, as it
// does while the peers are the slow side, and go if they only take from one another.

/** Bytes a second that each slot is to carry for each slot there is. */
const SLOT_RATE = 2048
const LEAST = 4
/** With a limit that cannot feed four. */
const LEAST_LIMITED = 2
/** What was carried is believed for so many seconds, and only if it was for two on end: the system's buffers fill in one. */
const MEMORY_SECONDS = 60
/** Slots on trial have to add this part of what the others carry on average. */
const WORTH = 1 / 3
/** After a trial in vain, or a slump, so many rounds pass before the next. */
const REST_ROUNDS = 6
const SLUMP = 0.7

export class UploadSlots {
  count = LEAST
  private readonly carried = new Float64Array(MEMORY_SECONDS)
  private seconds = 0
  private latest = 0
  private best = 0
  private limit = Infinity
  /** Slots that have proved themselves, or are on trial. */
  private tried = 0
  private trial: { readonly rate: number; readonly slots: number } | null = null
  private provedAt = 0
  private rest = 0

  constructor(private readonly most: number) {
    this.settle(Infinity)
  }

  /** Once a second: bytes a second since the last time, and the limit. */
  tick(rate: number, limit: number): void {
    const steady = Math.min(rate, this.latest)
    this.latest = rate
    if (steady === 0 && this.best === 0 && limit === this.limit) return
    this.carried[this.seconds++ % MEMORY_SECONDS] = steady
    this.best = Math.max(...this.carried)
    this.settle(limit)
  }

  /** Every round: bytes a second since the last, and whether peers wait though all slots are in use. */
  round(rate: number, wanting: boolean, limit: number): void {
    this.rest = Math.max(0, this.rest - 1)
    if (this.trial !== null) this.judge(this.trial, rate)
    else if (this.tried > 0 && rate < this.provedAt * SLUMP) this.giveUp()
    if (limit !== Infinity) this.tried = 0
    else if (wanting && this.rest === 0 && this.count < this.most) {
      this.trial = { rate, slots: this.count }
      this.tried = this.count + Math.max(1, this.count >> 2)
    }
    this.settle(limit)
  }

  private judge(trial: { readonly rate: number; readonly slots: number }, rate: number): void {
    this.trial = null
    const opened = this.tried - trial.slots
    const worth = (trial.rate / trial.slots) * opened * WORTH
    if (rate - trial.rate >= Math.max(1, worth)) {
      this.provedAt = rate
      return
    }
    this.tried = trial.slots
    this.rest = REST_ROUNDS
  }

  private giveUp(): void {
    this.tried = 0
    this.rest = REST_ROUNDS
  }

  private settle(limit: number): void {
    this.limit = limit
    const capacity = limit === Infinity ? this.best : limit
    const fed = Math.floor(Math.sqrt(capacity / SLOT_RATE))
    const least = limit === Infinity ? LEAST : LEAST_LIMITED
    this.count = Math.max(1, Math.min(this.most, Math.max(least, fed, this.tried)))
  }
}
