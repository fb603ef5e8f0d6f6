// The opening of all that the profile names: its .torrent files are read and its content is made into torrents, several
// at once, and each torrent is entered in the order of the profile.
import { Seats } from '../../core/base/seats.js'
import type { SourceJob, TorrentSource } from './torrent-source.js'
import type { TorrentWork } from './torrent-work.js'

/** .torrent files: what a few open files can bear. */
const READ_AT_ONCE = 8

export class TorrentOpening {
  /** What is not at work yet, as far as is known. */
  left = 0

  constructor(
    private readonly source: TorrentSource,
    private readonly signal: AbortSignal,
    private readonly open: (plan: TorrentWork) => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  async run(): Promise<void> {
    const { listed, made } = this.source.jobs()
    this.left = listed.length + made.length
    const reading = new Seats(READ_AT_ONCE)
    const hashing = new Seats(1)
    const found = [...listed.map(job => this.find(job, reading)), ...made.map(job => this.find(job, hashing))]
    const opened: Promise<void>[] = []
    // Whatever is found first: their order in the queue is that of the profile.
    for (const plans of found) {
      for (const plan of await plans) opened.push(this.open(plan).then(() => void this.left--))
      this.left--
    }
    await Promise.all(opened)
  }

  private async find(job: SourceJob, seats: Seats): Promise<readonly TorrentWork[]> {
    const { signal } = this
    await seats.take()
    try {
      const plans = signal.aborted ? [] : await job(signal)
      this.left += plans.length
      return plans
    } catch (error) {
      if (!signal.aborted) this.failed(error)
      return []
    } finally {
      seats.leave()
    }
  }
}
