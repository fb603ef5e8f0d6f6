// Who is at work, where not all may be at once. One order for all torrents; of those that want to download the first so
// many have a place, and of those that want to seed the first so many. Whoever has had a turn and not used it, or has
// had enough of one, goes to the end while others wait.
import { z } from '../../core/kernel/plugin.js'

export const queueOptions = z.strictObject({
  downloads: z.int().min(1).optional().describe('Torrents that download at once, at most; by default all'),
  seeds: z.int().min(0).optional().describe('Torrents that seed at once, at most; by default all'),
  stalledMinutes: z
    .number()
    .min(0)
    .default(10)
    .describe('A download that got no byte for so long goes behind those that wait; 0: never'),
  turnMinutes: z
    .number()
    .positive()
    .default(30)
    .describe('How long a torrent seeds before the next one that waits has its turn'),
})

export type QueueOptions = z.output<typeof queueOptions>

/** A torrent, as the queue sees it. Nothing of it calls the queue back before it returns. */
export interface Queued {
  /** It would be at work if there were room: neither paused nor failed nor at its goal. */
  readonly willing: boolean
  /** All that is wanted is here, as far as is known. */
  readonly seeding: boolean
  readonly placed: boolean
  /** Since when it has its place, or got its last byte where that is later; milliseconds. */
  readonly idleSince: number
  readonly placedAt: number
  start(): void
  yield(): void
}

export class TorrentQueue<T extends Queued> {
  private order: T[] = []

  constructor(private readonly options: QueueOptions) {}

  /** Whether it matters who is a seed before it is opened. */
  get limited(): boolean {
    return this.options.downloads !== undefined || this.options.seeds !== undefined
  }

  get torrents(): readonly T[] {
    return this.order
  }

  /** At the end. It has no place before it has `changed`. */
  add(torrent: T): void {
    this.order.push(torrent)
  }

  remove(torrent: T): void {
    this.order = this.order.filter(one => one !== torrent)
    this.arrange()
  }

  /** It wants to be at work, or no longer, or at something else. */
  changed(torrent: T): void {
    if (this.limited) this.arrange()
    else this.place(torrent, torrent.willing)
  }

  /** To a place counted from 0; beyond the end is the end. */
  put(torrent: T, place: number): void {
    const others = this.order.filter(one => one !== torrent)
    this.order = [...others.slice(0, place), torrent, ...others.slice(place)]
    this.arrange()
  }

  /** Gives places, and takes them back. */
  private arrange(): void {
    let downloads = this.options.downloads ?? Infinity
    let seeds = this.options.seeds ?? Infinity
    for (const torrent of this.order) {
      this.place(torrent, torrent.willing && (torrent.seeding ? seeds-- : downloads--) > 0)
    }
  }

  private place(torrent: T, room: boolean): void {
    if (room && !torrent.placed) torrent.start()
    else if (!room && torrent.placed) torrent.yield()
  }

  /** Now and then. */
  tick(now: number): void {
    if (!this.limited) return
    const { stalledMinutes, turnMinutes } = this.options
    const stalled = stalledMinutes === 0 ? Infinity : stalledMinutes * 60_000
    const gone = [
      ...this.overdue(torrent => !torrent.seeding && now - torrent.idleSince >= stalled, false),
      ...this.overdue(torrent => torrent.seeding && now - torrent.placedAt >= turnMinutes * 60_000, true),
    ]
    if (gone.length === 0) return
    this.order = [...this.order.filter(one => !gone.includes(one)), ...gone]
    this.arrange()
  }

  /** Those at work whose turn is over, as many as there are others to take it. */
  private overdue(over: (torrent: T) => boolean, seeding: boolean): readonly T[] {
    const kind = this.order.filter(torrent => torrent.willing && torrent.seeding === seeding)
    const waiting = kind.filter(torrent => !torrent.placed).length
    return kind.filter(torrent => torrent.placed && over(torrent)).slice(0, waiting)
  }
}
