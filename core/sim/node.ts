// One machine of a simulated world: clock, randomness, ports, lanes, disk. A kernel runs on it as on a real host; when
// that kernel has stopped, nothing may be held any more.
import { endpointOf, isLoopback } from '../base/address.js'
import type { Endpoint } from '../base/address.js'
import type { Clock, Timer } from '../base/clock.js'
import type { Host } from '../base/host.js'
import { silentLogger } from '../base/log.js'
import type { Logger, LogLevel } from '../base/log.js'
import { token } from '../base/token.js'
import type { HttpReply, HttpRequest } from '../contracts/host.js'
import type { PeerLink } from '../contracts/peer-transport.js'
import { SimDisk } from './disk.js'
import type { DiskSpeed } from './disk.js'
import { Lane } from './network.js'
import type { Passage } from './network.js'
import { Ports } from './ports.js'
import type { Happening } from './timeline.js'
import type { World } from './world.js'

export interface NodeSettings {
  /** Its own, without loopback, IPv4 first. */
  readonly addresses: readonly Uint8Array[]
  /** One way, to the middle of the network: from node to node it is the sum of both. */
  readonly latencyMs: number
  readonly upBytesPerSecond: number
  readonly downBytesPerSecond: number
  /** Of datagrams, from 0 to 1, on the way out as on the way in. */
  readonly loss: number
  readonly disk: DiskSpeed
  /** Minutes by which its local time is ahead of UTC, at a moment of its wall clock. */
  readonly utcOffset: (epoch: number) => number
  /** Collected lines are kept in `lines`; by default a node says nothing. */
  readonly log: 'collected' | 'silent'
}

/** What listens on a stream port: for peers, or for HTTP requests. */
export interface StreamService {
  accept?(link: PeerLink): void
  request?(request: HttpRequest, respond: (reply: HttpReply) => void): void
}

export type DatagramService = (bytes: Uint8Array, from: Endpoint) => void

export interface LogLine {
  readonly at: number
  readonly level: LogLevel
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** Monotonic clocks of different machines have nothing to do with each other: this is the most they differ by. */
const CLOCK_SPREAD_MS = 1_000_000
/** Wall-clock time at which every world begins: the first moment of 2025, UTC. */
const EPOCH_MS = 1_735_689_600_000

export class SimNode {
  readonly host: Host
  readonly addresses: readonly Uint8Array[]
  readonly latencyMs: number
  readonly loss: number
  readonly up: Lane
  readonly down: Lane
  readonly disk: SimDisk
  readonly streams: Ports<StreamService>
  readonly datagrams: Ports<DatagramService>
  readonly lines: LogLine[] = []
  private readonly held = new Map<symbol, string>()

  constructor(
    readonly world: World,
    readonly name: string,
    settings: NodeSettings,
  ) {
    this.addresses = settings.addresses
    this.latencyMs = settings.latencyMs
    this.loss = settings.loss
    this.up = new Lane(settings.upBytesPerSecond)
    this.down = new Lane(settings.downBytesPerSecond)
    this.disk = new SimDisk(world.timeline, settings.disk, run => this.act(run))
    const hold = (what: string): (() => void) => this.hold(what)
    this.streams = new Ports<StreamService>(this.addresses, hold, 'stream port')
    this.datagrams = new Ports<DatagramService>(this.addresses, hold, 'datagram port')
    const random = world.random.fork(`node ${name}`)
    this.host = {
      clock: this.clock(random.fork('clock').below(CLOCK_SPREAD_MS), settings.utcOffset),
      random,
      entropy: random.fork('entropy'),
      log: settings.log === 'silent' ? silentLogger : this.logger({}),
    }
  }

  /** Remembers that something is in use until the returned function is called. */
  hold(what: string): () => void {
    const key = Symbol(what)
    this.held.set(key, what)
    return () => void this.held.delete(key)
  }

  /** What is in use now: timers, ports, links, locks, open storages. */
  inUse(): readonly string[] {
    return [...this.held.values()]
  }

  /** Does something in this machine's turn: all that runs on it goes through here. */
  act(run: () => void): void {
    this.world.acting = this
    run()
  }

  /** In a later event. */
  later(ms: number, run: () => void): Happening {
    return this.world.timeline.after(ms, () => this.act(run))
  }

  note(what: string): void {
    this.world.log.add(this.name, what)
  }

  carry(to: SimNode, bytes: number, passage: Passage): void {
    this.world.network.carry(this, to, bytes, passage)
  }

  /** Where what this node sends to `to` seems to come from; null where it has no address of that family. */
  source(to: Endpoint, port: number): Endpoint | null {
    if (isLoopback(to.ip)) return endpointOf(to.ip, port)
    const ip = this.addresses.find(one => one.length === to.ip.length)
    return ip === undefined ? null : endpointOf(ip, port)
  }

  private clock(offset: number, utcOffset: NodeSettings['utcOffset']): Clock {
    const { timeline } = this.world
    const after = (ms: number, run: () => void): Timer => {
      const letGo = this.hold(`timer of ${ms} ms set at ${timeline.now}`)
      const happening = this.later(ms, () => {
        letGo()
        run()
      })
      return {
        cancel: () => {
          happening.cancel()
          letGo()
        },
      }
    }
    return {
      now: () => timeline.now + offset,
      epoch: () => EPOCH_MS + timeline.now,
      utcOffset,
      after,
      every(ms, run) {
        let timer = after(ms, beat)
        let ended = false
        function beat(): void {
          run()
          if (!ended) timer = after(ms, beat)
        }
        return {
          cancel: () => {
            ended = true
            timer.cancel()
          },
        }
      },
    }
  }

  private logger(bound: Readonly<Record<string, unknown>>): Logger {
    const at = (level: LogLevel) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
      this.lines.push({ at: this.world.timeline.now, level, message, fields: { ...bound, ...fields } })
    }
    return {
      child: fields => this.logger({ ...bound, ...fields }),
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
    }
  }
}

/** How the `sim-*` plugins reach the machine they run on: given to the kernel by whoever starts it. */
export const Machine = token.one<SimNode>('sim-machine')
