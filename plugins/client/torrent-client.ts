// The node as its callers see it: opens torrents from the profile and from NodeApi, ticks them, tells what happens. All
// torrents are in torrent-roll, the work on one is in torrent.ts.
import type { Endpoint } from '../../core/base/address.js'
import { toHex } from '../../core/base/bytes.js'
import type { Timer } from '../../core/base/clock.js'
import { messageOf, NodeError } from '../../core/base/errors.js'
import { Seats } from '../../core/base/seats.js'
import type {
  AddOptions,
  FileSnapshot,
  FileWishes,
  LimitMode,
  LimitState,
  NodeApi,
  NodeEvent,
  NodeSnapshot,
  RateLimits,
  SeedGoal,
} from '../../core/contracts/node-api.js'
import type { TorrentSession } from '../../core/torrent/torrent-session.js'
import { KeptChoices } from './choice-store.js'
import { Dialer } from './dialer.js'
import { clientErrors } from './errors.js'
import { NodeEvents } from './node-events.js'
import { PeerDoor } from './peer-door.js'
import type { ClientParts } from './session-parts.js'
import { SpeedLimits } from './speed-limits.js'
import type { Torrent } from './torrent.js'
import { TorrentOpening } from './torrent-opening.js'
import { TorrentRoll } from './torrent-roll.js'
import { TorrentSource } from './torrent-source.js'
import type { TorrentWork } from './torrent-work.js'

const TICK_MS = 1_000
/** Torrents: what a few open files and threads can bear. */
const OPENED_AT_ONCE = 32

export class TorrentClient implements NodeApi {
  private readonly roll: TorrentRoll
  private readonly events: NodeEvents
  private readonly door: PeerDoor
  private readonly dialer: Dialer
  private readonly source: TorrentSource
  private readonly parts: ClientParts
  private readonly stopping = new AbortController()
  private ticker: Timer | null = null
  private readonly openings: TorrentOpening
  private opened: Promise<unknown> = Promise.resolve()

  constructor(
    parts: Omit<ClientParts, 'port' | 'dial' | 'speed' | 'choices' | 'seeking' | 'awake' | 'openings' | 'checks'>,
  ) {
    this.parts = {
      seeking: new Set(),
      awake: new Set(),
      openings: new Seats(OPENED_AT_ONCE),
      checks: new Seats(1),
      ...parts,
      choices: new KeptChoices(parts.files),
      speed: new SpeedLimits(parts.config, parts.host.clock),
      port: () => this.door.local[0]?.port ?? 0,
      dial: peers => this.dialer.run([peers]),
    }
    const { clock, log } = parts.host
    this.events = new NodeEvents(parts.id, log)
    this.roll = new TorrentRoll(this.parts, event => this.events.say(event), this.stopping.signal)
    this.dialer = new Dialer(
      parts.transport,
      clock,
      parts.config.maxHalfOpen,
      () => parts.config.maxPeersInAll - this.links,
    )
    this.door = new PeerDoor({
      transport: parts.transport,
      names: parts.names,
      find: infoHash => this.roll.find(infoHash)?.swarm ?? null,
      links: () => this.links,
      maxLinks: parts.config.maxPeersInAll,
      now: () => clock.now(),
      ended: (session, reason) => session.swarmEnded(reason),
    })
    this.source = new TorrentSource(this.parts, warning => this.warn(warning))
    this.openings = new TorrentOpening(
      this.source,
      this.stopping.signal,
      plan => this.open(plan),
      error => this.error(error),
    )
  }

  // ---- phases

  async start(): Promise<void> {
    await this.parts.files.makeDir(this.parts.dataDir)
    const { listen, morePorts } = this.parts.config
    for (const at of typeof listen === 'string' ? [listen] : listen) await this.door.listen(at, morePorts)
  }

  ready(): void {
    const { clock } = this.parts.host
    this.ticker = clock.every(TICK_MS, () => this.tick(clock.now()))
    this.opened = this.openings.run()
  }

  async drain(signal: AbortSignal): Promise<void> {
    this.stopping.abort()
    const torrents = this.roll.all
    // One listener for all: a signal warns of a leak when it has many.
    const hurry = (): void => torrents.forEach(torrent => torrent.hurry())
    signal.addEventListener('abort', hurry, { once: true })
    await Promise.all(torrents.map(torrent => torrent.close()))
    await this.opened
  }

  async stop(): Promise<void> {
    this.stopping.abort()
    this.ticker?.cancel()
    this.dialer.close()
    const closing = this.roll.all.map(async torrent => {
      const closed = torrent.close()
      torrent.hurry()
      await closed
    })
    await Promise.all(closing)
    await this.opened
    await this.door.close()
    this.parts.speed.stop()
  }

  // ---- NodeApi

  get listening(): readonly Endpoint[] {
    return this.door.local
  }

  get opening(): number {
    return this.openings.left
  }

  snapshot(): NodeSnapshot {
    return {
      at: this.parts.host.clock.epoch(),
      opening: this.opening,
      torrents: this.roll.queue.torrents.map((torrent, place) => torrent.snapshot(place)),
    }
  }

  observe(listener: (event: NodeEvent) => void): () => void {
    return this.events.observe(listener)
  }

  async add(
    what: { readonly torrent: Uint8Array } | { readonly path: string },
    options: AddOptions = {},
  ): Promise<string> {
    const plan = await this.source.added(what, options)
    const torrent = await this.roll.enter(plan)
    await torrent.begin(this.looks(plan))
    return torrent.hash
  }

  async pause(infoHash: string): Promise<void> {
    await this.roll.running(infoHash).pause()
  }

  async resume(infoHash: string): Promise<void> {
    await this.roll.running(infoHash).go()
  }

  enqueue(infoHash: string, place: number): void {
    this.roll.queue.put(this.roll.running(infoHash), Math.max(0, Math.floor(place)))
  }

  setSeedGoal(infoHash: string, goal: SeedGoal): void {
    this.roll.running(infoHash).seedUntil(goal)
  }

  async recheck(infoHash: string): Promise<void> {
    await this.roll.running(infoHash).recheck()
  }

  async move(infoHash: string, folder: string): Promise<void> {
    await this.roll.running(infoHash).move(folder)
  }

  async remove(infoHash: string, options: { readonly deleteData?: boolean } = {}): Promise<void> {
    const torrent = this.roll.named(infoHash)
    await torrent.close()
    await torrent.remove(options.deleteData === true)
    this.roll.drop(torrent)
  }

  limits(infoHash?: string): LimitState {
    return this.parts.speed.state(infoHash === undefined ? undefined : this.roll.named(infoHash).hash)
  }

  setLimits(change: Partial<RateLimits>, infoHash?: string): void {
    this.parts.speed.change(change, infoHash === undefined ? undefined : this.roll.named(infoHash).hash)
  }

  setLimitMode(mode: LimitMode): void {
    this.parts.speed.follow(mode)
  }

  async files(infoHash: string): Promise<readonly FileSnapshot[]> {
    return this.roll.named(infoHash).files.list()
  }

  async prioritize(infoHash: string, changes: FileWishes): Promise<void> {
    const torrent = this.roll.running(infoHash)
    await torrent.files.prioritize(changes)
    torrent.rewished()
  }

  async setFirstAndLast(infoHash: string, on: boolean): Promise<void> {
    await this.roll.running(infoHash).files.setFirstAndLast(on)
  }

  checkInvariants(): readonly string[] {
    return this.sessions.flatMap(session => session.checkInvariants())
  }

  // ---- inside

  private get sessions(): readonly TorrentSession[] {
    return [...this.parts.awake].flatMap(keeper => keeper.session ?? [])
  }

  private get links(): number {
    let links = this.door.waiting
    for (const { linkCount } of this.parts.awake) links += linkCount
    return links
  }

  private tick(now: number): void {
    this.parts.speed.tick()
    this.door.tick(now)
    this.roll.tick(now)
    this.dialer.run(this.parts.seeking)
  }

  private async open(plan: TorrentWork): Promise<void> {
    let torrent: Torrent
    try {
      torrent = await this.roll.enter(plan)
    } catch (error) {
      if (!this.stopping.signal.aborted) this.error(error, toHex(plan.metainfo.infoHash))
      return
    }
    // It tells by itself where it fails.
    await torrent.begin(this.looks(plan)).catch(() => {})
  }

  /** Whether it matters what an earlier run left before a torrent has its turn. */
  private looks({ options }: TorrentWork): boolean {
    const { ratio, minutes } = options.seedGoal ?? this.parts.config.seedGoal
    return this.roll.queue.limited || options.paused === true || ratio !== undefined || minutes !== undefined
  }

  private error(error: unknown, infoHash?: string): void {
    const known = NodeError.is(error)
      ? error
      : clientErrors.make('ERR_CLIENT_FAILED', messageOf(error), { cause: error })
    const at = infoHash === undefined ? {} : { infoHash }
    this.events.say({ event: 'error', ...at, code: known.code, blame: known.blame, message: known.message })
  }

  private warn(warning: NodeError): void {
    this.events.say({ event: 'warning', code: warning.code, message: warning.message })
  }
}
