// All torrents of the node: opens them from the profile and from NodeApi, ticks them, tells what happens. The work on one
// torrent is in torrent.ts.
import type { Endpoint } from '../../core/base/address.js'
import { fromHex, toHex } from '../../core/base/bytes.js'
import type { Timer } from '../../core/base/clock.js'
import { messageOf, NodeError } from '../../core/base/errors.js'
import type {
  AddOptions,
  LimitMode,
  LimitState,
  NodeApi,
  NodeEvent,
  NodeSnapshot,
  RateLimits,
} from '../../core/contracts/node-api.js'
import type { TorrentSession } from '../../core/torrent/torrent-session.js'
import { Dialer } from './dialer.js'
import { clientErrors } from './errors.js'
import { PeerDoor } from './peer-door.js'
import type { ClientParts } from './session-parts.js'
import { SpeedLimits } from './speed-limits.js'
import { Torrent } from './torrent.js'
import type { TorrentPeers } from './torrent-peers.js'
import type { TorrentWork } from './torrent-work.js'
import { TorrentSource } from './torrent-source.js'

const TICK_MS = 1_000
/** Events kept for whoever observes first. */
const MOST_KEPT = 1_000

export class TorrentClient implements NodeApi {
  private readonly torrents = new Map<string, Torrent>()
  private readonly listeners = new Set<(event: NodeEvent) => void>()
  private unheard: NodeEvent[] | null = []
  private readonly door: PeerDoor
  private readonly dialer: Dialer
  private readonly source: TorrentSource
  private readonly parts: ClientParts
  private readonly stopping = new AbortController()
  private ticker: Timer | null = null
  private opening = 0
  private opened: Promise<unknown> = Promise.resolve()

  constructor(parts: Omit<ClientParts, 'port' | 'dial' | 'speed'>) {
    this.parts = {
      ...parts,
      speed: new SpeedLimits(parts.config, parts.host.clock),
      port: () => this.door.local[0]?.port ?? 0,
      dial: () => this.dialer.run(this.dialling),
    }
    const { clock } = parts.host
    this.dialer = new Dialer(
      parts.transport,
      clock,
      parts.config.maxHalfOpen,
      () => parts.config.maxPeersInAll - this.links,
    )
    this.door = new PeerDoor({
      transport: parts.transport,
      names: parts.names,
      find: infoHash => this.torrents.get(toHex(infoHash))?.swarm ?? null,
      links: () => this.links,
      maxLinks: parts.config.maxPeersInAll,
      now: () => clock.now(),
      ended: (session, reason) => session.swarmEnded(reason),
    })
    this.source = new TorrentSource(this.parts, warning => this.warn(warning))
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
    this.opened = this.openAll()
  }

  async drain(signal: AbortSignal): Promise<void> {
    this.stopping.abort()
    const torrents = [...this.torrents.values()]
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
    const closing = [...this.torrents.values()].map(async torrent => {
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

  snapshot(): NodeSnapshot {
    return {
      at: this.parts.host.clock.epoch(),
      opening: this.opening,
      torrents: [...this.torrents.values()].map(torrent => torrent.snapshot()),
    }
  }

  observe(listener: (event: NodeEvent) => void): () => void {
    this.listeners.add(listener)
    const unheard = this.unheard ?? []
    this.unheard = null
    for (const event of unheard) this.tell(listener, event)
    return () => this.listeners.delete(listener)
  }

  async add(
    what: { readonly torrent: Uint8Array } | { readonly path: string },
    options: AddOptions = {},
  ): Promise<string> {
    const plan = await this.source.added(what, options)
    const torrent = await this.open(plan, options.paused === true)
    return torrent.hash
  }

  async pause(infoHash: string): Promise<void> {
    await this.torrent(infoHash).close()
  }

  async resume(infoHash: string): Promise<void> {
    const torrent = this.torrent(infoHash)
    this.refuseWhenStopping()
    if (torrent.snapshot().phase === 'paused') await torrent.open({ paused: false })
  }

  async remove(infoHash: string, options: { readonly deleteData?: boolean } = {}): Promise<void> {
    const torrent = this.torrent(infoHash)
    await torrent.close()
    await torrent.remove(options.deleteData === true)
    this.torrents.delete(torrent.hash)
    this.parts.speed.forget(torrent.hash)
  }

  limits(infoHash?: string): LimitState {
    return this.parts.speed.state(infoHash === undefined ? undefined : this.torrent(infoHash).hash)
  }

  setLimits(change: Partial<RateLimits>, infoHash?: string): void {
    this.parts.speed.change(change, infoHash === undefined ? undefined : this.torrent(infoHash).hash)
  }

  setLimitMode(mode: LimitMode): void {
    this.parts.speed.follow(mode)
  }

  checkInvariants(): readonly string[] {
    return this.sessions.flatMap(session => session.checkInvariants())
  }

  // ---- inside

  private get sessions(): readonly TorrentSession[] {
    return [...this.torrents.values()].flatMap(torrent => torrent.session ?? [])
  }

  private get dialling(): readonly TorrentPeers[] {
    return [...this.torrents.values()].flatMap(torrent => torrent.peers ?? [])
  }

  private get links(): number {
    return this.sessions.reduce((sum, session) => sum + session.linkCount, this.door.waiting)
  }

  private tick(now: number): void {
    this.parts.speed.tick()
    this.door.tick(now)
    for (const torrent of this.torrents.values()) torrent.tick(now)
    this.parts.dial()
  }

  private async openAll(): Promise<void> {
    const jobs = this.source.jobs()
    this.opening = jobs.length
    for (const job of jobs) {
      if (this.stopping.signal.aborted) return
      try {
        const plans = await job(this.stopping.signal)
        this.opening += plans.length
        for (const plan of plans) {
          await this.openPlanned(plan)
          this.opening--
        }
      } catch (error) {
        if (!this.stopping.signal.aborted) this.error(error)
      }
      this.opening--
    }
  }

  private async openPlanned(plan: TorrentWork): Promise<void> {
    try {
      await this.open(plan, false)
    } catch (error) {
      if (!this.stopping.signal.aborted) this.error(error, toHex(plan.metainfo.infoHash))
    }
  }

  private async open(plan: TorrentWork, paused: boolean): Promise<Torrent> {
    this.refuseWhenStopping()
    const hash = toHex(plan.metainfo.infoHash)
    const known = this.torrents.get(hash)
    if (known !== undefined && known.snapshot().phase !== 'failed') {
      throw clientErrors.make('ERR_CLIENT_TWICE', `torrent ${plan.metainfo.name} (${hash}) is there already`)
    }
    if (known !== undefined) this.parts.speed.forget(hash)
    this.parts.speed.torrent(hash, plan.options.limits)
    const torrent = new Torrent(this.parts, plan, event => this.say(event))
    this.torrents.set(hash, torrent)
    // What failed may still be letting go of its lock.
    await known?.close()
    this.refuseWhenStopping()
    await torrent.open({ paused })
    if (paused) await torrent.close()
    return torrent
  }

  private refuseWhenStopping(): void {
    if (this.stopping.signal.aborted) throw clientErrors.make('ERR_CLIENT_STOPPING', 'the node is stopping')
  }

  private torrent(infoHash: string): Torrent {
    const bytes = fromHex(infoHash)
    const torrent = bytes === null ? undefined : this.torrents.get(toHex(bytes))
    if (torrent === undefined) throw clientErrors.make('ERR_CLIENT_UNKNOWN', `there is no torrent ${infoHash}`)
    return torrent
  }

  private error(error: unknown, infoHash?: string): void {
    const known = NodeError.is(error)
      ? error
      : clientErrors.make('ERR_CLIENT_FAILED', messageOf(error), { cause: error })
    const at = infoHash === undefined ? {} : { infoHash }
    this.say({ event: 'error', ...at, code: known.code, blame: known.blame, message: known.message })
  }

  private warn(warning: NodeError): void {
    this.say({ event: 'warning', code: warning.code, message: warning.message })
  }

  private say(told: NodeEvent): void {
    const trouble = told.event === 'warning' || told.event === 'error'
    const event = trouble ? { ...told, plugin: this.parts.id } : told
    if (this.unheard !== null && this.unheard.length < MOST_KEPT) this.unheard.push(event)
    for (const listener of this.listeners) this.tell(listener, event)
  }

  /** An observer that throws must not end what it was told of. */
  private tell(listener: (event: NodeEvent) => void, event: NodeEvent): void {
    try {
      listener(event)
    } catch (error) {
      this.parts.host.log.error('an observer of the node threw', { event: event.event, error: messageOf(error) })
    }
  }
}
