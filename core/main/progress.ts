// How far a node's torrents are, told once a second: bars on a terminal, rows with --json, else a plain line now and then.
import type { MultiBar, SingleBar } from 'cli-progress'
import type { Timer } from '../base/clock.js'
import type { NodeApi, NodeSnapshot, TorrentSnapshot } from '../contracts/node-api.js'
import { systemClock } from './host.js'
import { counted, rate, size, span } from './quantity.js'
import type { Shell } from './shell.js'

const MOST_BARS = 20
/** Seconds between plain lines about one torrent. */
const PLAIN_EVERY = 5
const FORMAT = '{name} [{bar}] {percentage}% {done}  down {down}  up {up}  {peers}  {left}'

export class ProgressReport {
  private readonly last = new Map<string, { text: string; at: number }>()
  private readonly bars = new Map<string, SingleBar>()
  private multi: MultiBar | undefined
  private timer: Timer | undefined
  private seconds = 0

  constructor(
    private readonly shell: Shell,
    private readonly api: NodeApi,
  ) {}

  async begin(): Promise<void> {
    if (this.shell.terminal && !this.shell.quiet) {
      const { default: progress } = await import('cli-progress')
      const options = { format: FORMAT, hideCursor: true, clearOnComplete: false, barsize: 20, stream: process.stdout }
      this.multi = new progress.MultiBar(options, progress.Presets.legacy)
      // Drawn at once: what waits for the next frame is lost when the bars end before it.
      this.shell.divert(text => {
        this.multi?.log(`${text}\n`)
        this.multi?.update()
      })
    }
    this.timer = systemClock.every(1000, () => this.tick())
  }

  end(): void {
    this.timer?.cancel()
    this.tick()
    this.multi?.stop()
    this.shell.divert(null)
  }

  private tick(): void {
    this.seconds++
    const snapshot: NodeSnapshot = this.api.snapshot()
    for (const torrent of snapshot.torrents) {
      if (this.shell.json) this.row(torrent)
      else if (this.multi !== undefined) this.bar(torrent, this.multi)
      else this.line(torrent)
    }
  }

  private row(torrent: TorrentSnapshot): void {
    const { infoHash, have, pieces, bytesDone, bytes, bytesWanted, bytesLeft, down, up, peers } = torrent
    // What of it can change: no row is made for thousands of torrents that stand still.
    const text = `${have} ${bytesDone} ${bytesWanted} ${bytesLeft} ${Math.round(down)} ${Math.round(up)} ${peers}`
    if (!this.changed(torrent, text)) return
    this.shell.record({
      event: 'progress',
      infoHash,
      have,
      pieces,
      bytesDone,
      bytes,
      bytesWanted,
      bytesLeft,
      down: Math.round(down),
      up: Math.round(up),
      peers,
    })
  }

  private bar(torrent: TorrentSnapshot, multi: MultiBar): void {
    let bar = this.bars.get(torrent.infoHash)
    if (bar === undefined) {
      if (this.bars.size >= MOST_BARS) return
      bar = multi.create(1, 0, this.payload(torrent))
      this.bars.set(torrent.infoHash, bar)
    }
    bar.setTotal(Math.max(1, torrent.bytesWanted))
    bar.update(torrent.bytesLeft === 0 ? Math.max(1, torrent.bytesWanted) : wantedDone(torrent), this.payload(torrent))
  }

  private payload(torrent: TorrentSnapshot): Record<string, string | number> {
    const { name, bytesWanted, bytesLeft, down, up, peers } = torrent
    const short = this.shell.clean(name.length > 30 ? `${name.slice(0, 29)}~` : name)
    const left = bytesLeft === 0 ? 'whole' : `${span(bytesLeft / down)} left`
    const done = `${size(wantedDone(torrent))} of ${size(bytesWanted)}`
    return { name: short, done, down: rate(down), up: rate(up), peers: counted(peers, 'peer'), left }
  }

  private line(torrent: TorrentSnapshot): void {
    if (this.shell.quiet || (torrent.bytesLeft === 0 && torrent.up === 0)) return
    const { name, done, down, up, peers, left } = this.payload(torrent)
    const percent = torrent.bytesLeft === 0 ? 100 : Math.floor((100 * wantedDone(torrent)) / torrent.bytesWanted)
    const text = `${name}: ${percent}% ${done}, down ${down}, up ${up}, ${peers}, ${left}`
    if (this.changed(torrent, text, PLAIN_EVERY)) this.shell.print(text)
  }

  private changed(torrent: TorrentSnapshot, text: string, every = 1): boolean {
    const before = this.last.get(torrent.infoHash)
    if (before !== undefined && (before.text === text || this.seconds - before.at < every)) return false
    this.last.set(torrent.infoHash, { text, at: this.seconds })
    return true
  }
}

/** Of what is wanted. A piece that nobody wants any more may be on its way to the disk still. */
function wantedDone({ bytesWanted, bytesLeft }: TorrentSnapshot): number {
  return Math.max(0, bytesWanted - bytesLeft)
}
