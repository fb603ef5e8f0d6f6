// A whole tracker on loopback whose wall clock, secrets and log are in a test's hands, and clients at many addresses.
import { createSocket, type Socket } from 'node:dgram'
import { parseIp } from '../../core/base/address.js'
import { readU32 } from '../../core/base/bytes.js'
import { MetricSources, Tracker, TrackerServers } from '../../core/contracts/index.js'
import { createKernel, type Kernel } from '../../core/kernel/kernel.js'
import { createSystem, systemClock } from '../../core/main/host.js'
import {
  readUdpAnnounceReply,
  readUdpConnectReply,
  readUdpError,
  readUdpScrapeReply,
  udpReplyAction,
  writeUdpAnnounce,
  writeUdpConnect,
  writeUdpScrape,
} from '../../core/protocol/tracker-udp-client.js'
import { UdpAction } from '../../core/protocol/tracker-udp.js'
import { ConnectionIds } from '../../core/tracker/connection-id.js'
import { infoHash } from '../conformance/index.js'
import type { Logger } from '../../core/base/log.js'
import type { UdpAnnounce, UdpAnnounceReply, UdpConnectionId } from '../../core/protocol/tracker-udp-client.js'
import type { TrackerCounts } from '../../core/contracts/index.js'
import type { Given } from '../../core/kernel/kernel.js'
import type { TrackerIo } from './tracker-io.js'

export interface BedWishes {
  readonly io: TrackerIo
  readonly threads?: number
  /** Options of the tracker plugin. */
  readonly tracker?: Readonly<Record<string, unknown>>
  readonly http?: Readonly<Record<string, unknown>>
  /** Further entries of the profile. */
  readonly plugins?: ReadonlyArray<{ readonly use: string; readonly config?: unknown }>
  readonly given?: readonly Given[]
}

export class TrackerBed {
  /** Milliseconds by which the wall clock is wrong. */
  jump = 0
  /** Lines of the log from info on, once the node is up. */
  readonly lines: string[] = []
  private readonly secrets: Uint8Array[] = []
  private readonly sockets: UdpPeer[] = []

  private constructor(readonly kernel: Kernel) {}

  static async start({ io, threads = 1, tracker = {}, http = {}, plugins = [], given = [] }: BedWishes) {
    const entries = [
      { use: 'builtin:host-node' },
      { use: 'builtin:swarm-store-memory', config: { memoryMiB: 16 } },
      { use: 'builtin:tracker', config: tracker },
      ...(io === 'mmsg' ? [{ use: 'builtin:datagrams-mmsg' }] : []),
      { use: 'builtin:tracker-udp', config: { listen: '[::]:0', io, threads } },
      { use: 'builtin:tracker-http', config: { listen: '[::]:0', ...http } },
      ...plugins,
    ]
    const { log: _, ...system } = await createSystem({ level: 'silent', pretty: false, color: false })
    const late: { bed?: TrackerBed } = {}
    const secrets: Uint8Array[] = []
    const line = (message: string, fields?: object): void => {
      late.bed?.lines.push(`${message} ${JSON.stringify(fields)}`)
    }
    const log: Logger = { child: () => log, debug: () => undefined, info: line, warn: line, error: line }
    const kernel = createKernel({
      ...system,
      host: {
        ...system.host,
        log,
        clock: { ...systemClock, epoch: () => systemClock.epoch() + (late.bed?.jump ?? 0) },
        entropy: {
          fill(out) {
            system.host.entropy.fill(out)
            secrets.push(out.slice())
          },
        },
      },
      profile: { name: 'tracker under test', folder: '/', content: { node: { name: 'test' }, plugins: entries } },
      given,
      asked: [Tracker, TrackerServers, MetricSources],
    })
    await kernel.start()
    const bed = (late.bed = new TrackerBed(kernel))
    bed.secrets.push(...secrets)
    return bed
  }

  port(scheme: 'udp:' | 'http:'): number {
    const urls = (this.kernel.find(TrackerServers) ?? []).flatMap(server => server.announceUrls)
    return Number(urls.map(url => new URL(url)).find(url => url.protocol === scheme)?.port)
  }

  async udp(address: string): Promise<UdpPeer> {
    const peer = await UdpPeer.open(address, this.port('udp:'))
    this.sockets.push(peer)
    return peer
  }

  /** The id that the tracker gave to this peer so many seconds ago, or would have given. */
  async formerId(peer: UdpPeer, seconds: number): Promise<UdpConnectionId> {
    const now = systemClock.now()
    const from = new Uint8Array(18)
    from.set(mapped(peer.address))
    const present = bytesOf(await peer.connect())
    for (const secret of this.secrets.filter(one => one.length === 16)) {
      const ids = new ConnectionIds(secret)
      if (!ids.check(from, systemClock.now(), present, 0)) continue
      const id = new Uint8Array(8)
      ids.write(from, now - seconds * 1000, id, 0)
      return { high: readU32(id, 0), low: readU32(id, 4) }
    }
    throw new Error('the ids of this tracker hang on nothing that it was given as a secret')
  }

  async stop(): Promise<void> {
    for (const peer of this.sockets) peer.close()
    await this.kernel.stop()
  }
}

const none = new Uint8Array(0)
const AGAIN_MS = 300

const usual: UdpAnnounce = {
  infoHash: infoHash(1),
  peerId: infoHash(2),
  event: 0,
  left: 1,
  uploaded: 0,
  downloaded: 0,
  numWant: 50,
  key: 1,
  port: 6881,
}

/** A UDP client at an address of its own. */
export class UdpPeer {
  private readonly socket: Socket
  private readonly heard: Uint8Array[] = []
  private transaction = 0x5a000000
  private mark: { readonly transaction: number; readonly reached: (reply: Uint8Array) => void } | null = null

  private constructor(readonly address: string) {
    this.socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
    // That nobody is there any more.
    this.socket.on('error', () => undefined)
    this.socket.on('message', bytes => {
      const { mark } = this
      if (mark !== null && bytes.length === 16 && readU32(bytes, 4) === mark.transaction) mark.reached(bytes)
      else this.heard.push(bytes)
    })
  }

  static async open(address: string, tracker: number): Promise<UdpPeer> {
    const peer = new UdpPeer(address)
    await new Promise<void>(resolve => peer.socket.bind(0, address, resolve))
    await new Promise<void>(resolve =>
      peer.socket.connect(tracker, address.includes(':') ? '::1' : '127.0.0.1', resolve),
    )
    return peer
  }

  get family(): 4 | 6 {
    return this.address.includes(':') ? 6 : 4
  }

  /** All that comes back for these packets: what has not come before a request that followed them is answered never comes. */
  async told(...packets: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
    this.heard.length = 0
    for (const packet of packets) this.tell(packet)
    await this.connect()
    return this.heard.splice(0)
  }

  /** Whatever comes of it. */
  tell(packet: Uint8Array): void {
    this.socket.send(packet.slice())
  }

  async connect(): Promise<UdpConnectionId> {
    const transaction = ++this.transaction
    const packet = new Uint8Array(16)
    let again: NodeJS.Timeout | undefined
    writeUdpConnect(packet, transaction)
    const reply = await new Promise<Uint8Array>(reached => {
      this.mark = { transaction, reached }
      this.socket.send(packet)
      // What a thread had read when it died is lost.
      again = setInterval(() => this.socket.send(packet), AGAIN_MS)
    })
    clearInterval(again)
    const id = readUdpConnectReply(reply)
    if (id === null) throw new Error('no connection id')
    return id
  }

  packet(id: UdpConnectionId, over: Partial<UdpAnnounce> = {}): Uint8Array {
    const packet = new Uint8Array(98)
    writeUdpAnnounce(packet, id, ++this.transaction, { ...usual, ...over }, none)
    return packet
  }

  scrapePacket(id: UdpConnectionId, hashes: readonly Uint8Array[]): Uint8Array {
    const packet = new Uint8Array(16 + 20 * hashes.length)
    writeUdpScrape(packet, id, ++this.transaction, hashes)
    return packet
  }

  /** A text: why it was refused. */
  async announce(over: Partial<UdpAnnounce> = {}): Promise<UdpAnnounceReply | string> {
    const [reply = none] = await this.told(this.packet(await this.connect(), over))
    if (udpReplyAction(reply) === UdpAction.Error) return readUdpError(reply)
    return readUdpAnnounceReply(reply, this.family) ?? 'no reply'
  }

  async scrape(...hashes: readonly Uint8Array[]): Promise<readonly TrackerCounts[] | string> {
    const [reply = none] = await this.told(this.scrapePacket(await this.connect(), hashes))
    if (udpReplyAction(reply) === UdpAction.Error) return readUdpError(reply)
    return readUdpScrapeReply(reply, hashes.length) ?? 'no reply'
  }

  close(): void {
    this.socket.close()
  }
}

export function bytesOf(id: UdpConnectionId): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setUint32(0, id.high)
  new DataView(bytes.buffer).setUint32(4, id.low)
  return bytes
}

function mapped(address: string): Uint8Array {
  const ip = parseIp(address)
  if (ip === null) throw new Error(`${address} is no address`)
  return ip.length === 16 ? ip : Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...ip)
}
