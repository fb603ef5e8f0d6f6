// A client without kernel, sockets or disk: everything it asks for is here, and can be made to wait or to fail.
import { createHash } from 'node:crypto'
import type { Endpoint } from '../../core/base/address.js'
import type { Clock } from '../../core/base/clock.js'
import { silentLogger } from '../../core/base/log.js'
import { createRandom } from '../../core/base/random.js'
import type { FileSystem } from '../../core/contracts/host.js'
import type { NodeEvent } from '../../core/contracts/node-api.js'
import type { DiscoveryListener, PeerDiscovery, TorrentIdentity } from '../../core/contracts/peer-discovery.js'
import type { PeerLink, PeerTransport } from '../../core/contracts/peer-transport.js'
import type { ReadJob, StorageFactory, TorrentStorage } from '../../core/contracts/storage.js'
import type { NamedRegistry, Scope } from '../../core/kernel/plugin.js'
import { encodeBencode } from '../../core/protocol/bencode.js'
import { BufferArena } from '../../core/torrent/buffer-arena.js'
import { PeerBook } from '../../core/torrent/peer-book.js'
import { config, type ClientConfig } from '../../plugins/client/config.js'
import { TorrentClient } from '../../plugins/client/torrent-client.js'
import { everyone, rarest } from '../unit/torrent/small-swarm.js'

export const PIECES = 4
const PIECE = 16384
const content = new Uint8Array(PIECES * PIECE).fill(7)
const digests = Buffer.concat(
  Array.from({ length: PIECES }, () => createHash('sha1').update(content.subarray(0, PIECE)).digest()),
)

/** The same content under any name: a torrent of its own. */
export function torrentNamed(name: string): Uint8Array {
  return encodeBencode({ info: infoNamed(name) })
}

/** It keeps to its tracker (BEP 27). */
export function privateTorrent(announce: string): Uint8Array {
  return encodeBencode({ announce, info: { ...infoNamed('secret'), private: 1 } })
}

function infoNamed(name: string) {
  return { name, 'piece length': PIECE, length: content.length, pieces: digests }
}

export const torrent = torrentNamed('content')

/** A promise and what fulfils it. */
export class Gate {
  open: () => void = () => {}
  readonly passed = new Promise<void>(resolve => (this.open = resolve))
}

class Disk implements TorrentStorage {
  closed = false

  constructor(private readonly bed: ClientBed) {}

  read(job: ReadJob): void {
    job.into.set(content.subarray(0, job.into.length))
    queueMicrotask(() => job.done(null))
  }

  write(): Promise<void> {
    return Promise.resolve()
  }

  async check(): Promise<boolean> {
    this.bed.checked++
    await this.bed.checking?.passed
    return true
  }

  present(): Promise<Uint8Array> {
    return Promise.resolve(Uint8Array.of(this.bed.present))
  }

  stamp(): Promise<string> {
    return Promise.resolve('stamp')
  }

  async want(): Promise<void> {
    await this.bed.wanting?.passed
  }

  async flush(): Promise<void> {
    this.bed.flushes++
    await this.bed.flushing?.passed
  }

  close(): Promise<void> {
    this.closed = true
    return Promise.resolve()
  }
}

export class ClientBed {
  present = 0xf0
  checked = 0
  flushes = 0
  /** Milliseconds; as clocks tell, and as the next `tick` finds it. */
  now = 0
  /** Sessions that were made, told by the selector each of them has. */
  sessions = 0
  storagesOpening = 0
  mostOpening = 0
  opening: Gate | null = null
  checking: Gate | null = null
  wanting: Gate | null = null
  flushing: Gate | null = null
  parting: () => Promise<void> = () => Promise.resolve()
  readonly disks: Disk[] = []
  readonly events: NodeEvent[] = []
  readonly dials: Endpoint[] = []
  readonly watched: TorrentIdentity[] = []
  listener: DiscoveryListener | null = null
  accept: (link: PeerLink) => void = () => {}
  tick: () => void = () => {}
  readonly files: FileSystem
  readonly client: TorrentClient

  constructor(
    options: Partial<ClientConfig> = {},
    /** What an earlier run left in the data folder. */
    readonly saved = new Map<string, Uint8Array>(),
  ) {
    this.files = this.fileSystem()
    this.client = new TorrentClient({
      config: { ...config.parse({ listen: '127.0.0.1:1' }), ...options },
      host: { clock: this.clock(), random: createRandom(1), entropy: createRandom(2), log: silentLogger },
      id: 'client',
      dataDir: '/data',
      files: this.files,
      hashing: { verify: () => Promise.resolve(true), digests: () => Promise.reject(new Error('not here')) },
      names: undefined,
      storages: registry<StorageFactory>({
        open: async () => {
          this.mostOpening = Math.max(this.mostOpening, ++this.storagesOpening)
          await this.opening?.passed
          this.storagesOpening--
          const disk = new Disk(this)
          this.disks.push(disk)
          return disk
        },
      }),
      selectors: registry({
        create: (...given: Parameters<typeof rarest.create>) => {
          this.sessions++
          return rarest.create(...given)
        },
      }),
      choke: everyone,
      transport: this.transport(),
      discoveries: [this.discovery()],
      trackers: [],
      catalog: undefined,
      arena: new BufferArena(1 << 20),
      openScope: scope,
      peerBook: () => new PeerBook(() => 0),
    })
    this.client.observe(event => this.events.push(event))
  }

  get phase(): string | undefined {
    return this.client.snapshot().torrents[0]?.phase
  }

  /** By name. */
  get phases(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.client.snapshot().torrents.map(({ name, phase }) => [name, phase]))
  }

  /** Lets time pass, second by second. */
  async passes(minutes: number): Promise<void> {
    for (let second = 0; second < minutes * 60; second++) {
      this.now += 1_000
      this.tick()
      await settled()
    }
  }

  private clock(): Clock {
    return {
      now: () => this.now,
      epoch: () => 0,
      after: () => ({ cancel: () => {} }),
      every: (_ms, run) => {
        this.tick = run
        return { cancel: () => {} }
      },
    }
  }

  private discovery(): PeerDiscovery {
    return {
      origin: 'tracker',
      watch: (torrent, _progress, listener) => {
        this.watched.push(torrent)
        this.listener = listener
        return { event: () => {}, refresh: () => {}, stop: () => this.parting() }
      },
    }
  }

  private transport(): PeerTransport {
    return {
      dial: (to, signal) => {
        this.dials.push(to)
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')))
        })
      },
      listen: (at, accept) => {
        this.accept = accept
        return Promise.resolve({ local: at, close: () => Promise.resolve() })
      },
    }
  }

  private fileSystem(): FileSystem {
    const { saved } = this
    return {
      read: path => Promise.resolve(saved.get(path) ?? new Uint8Array(0)),
      writeAtomic: (path, bytes) => Promise.resolve(void saved.set(path, bytes.slice())),
      append: (path, bytes) =>
        Promise.resolve(void saved.set(path, Buffer.concat([saved.get(path) ?? new Uint8Array(0), bytes]))),
      stat: path => Promise.resolve(saved.has(path) ? { directory: false, length: 1, mtimeMs: 0 } : null),
      list: () => Promise.resolve([]),
      walk: () => Promise.resolve([]),
      rename: () => Promise.resolve(),
      remove: path => Promise.resolve(void saved.delete(path)),
      makeDir: () => Promise.resolve(),
      lock: path => {
        if (saved.has(path)) return Promise.reject(new Error(`${path} is locked`))
        saved.set(path, new Uint8Array(0))
        return Promise.resolve({ release: () => Promise.resolve(void saved.delete(path)) })
      },
    }
  }
}

function registry<T>(one: T): NamedRegistry<T> {
  return { get: () => one, has: () => true, names: () => ['one'] }
}

function scope(): Scope {
  const releases: (() => void | Promise<void>)[] = []
  return {
    provide: () => {},
    construct: cls => new cls(),
    onClose: release => void releases.push(release),
    close: async () => {
      for (const release of releases.splice(0).reverse()) await release()
    },
  }
}

/** Lets every chain of promises come to its end. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 100; i++) await Promise.resolve()
}
