// The nets of a tracker server under test: what would come by the wire is handed over directly, from whatever address.
import { endpointOf, formatEndpoint, packEndpoint, parseIp } from '../../core/base/address.js'
import { silentLogger } from '../../core/base/log.js'
import { createRandom } from '../../core/base/random.js'
import { REPLY_LATER } from '../../core/contracts/host.js'
import { TrackerCore } from '../../core/tracker/tracker-core.js'
import { MemoryStore } from '../../plugins/swarm-store-memory/memory-store.js'
import { KitPlace, ManualClock } from '../conformance/index.js'
import type { Endpoint } from '../../core/base/address.js'
import type { Clock } from '../../core/base/clock.js'
import type {
  AnnouncePolicy,
  Answerer,
  Answering,
  BatchedDatagramNet,
  DatagramNet,
  DatagramSocket,
  HttpListener,
  HttpNet,
  HttpReply,
  HttpRequest,
  Names,
} from '../../core/contracts/index.js'
import type { TrackerOptions } from '../../core/tracker/tracker-core.js'

let ports = 40_000

/** Port 0 becomes one that is free. */
function bound(at: Endpoint): Endpoint {
  return at.port === 0 ? endpointOf(at.ip, ports++) : at
}

export class DirectDatagrams implements DatagramNet {
  readonly listening: Endpoint[] = []
  now = 1_000_000
  private answerer: Answerer | null = null
  private readonly waiting = new Map<string, (bytes: Uint8Array) => void>()
  private readonly reply = new Uint8Array(4096)

  bind(): Promise<DatagramSocket> {
    return Promise.reject(new Error('a tracker binds no such socket'))
  }

  serve(at: Endpoint, { make }: Answering): Promise<DatagramSocket> {
    const local = bound(at)
    this.listening.push(local)
    this.answerer = make((bytes, to) => {
      const key = to.join()
      this.waiting.get(key)?.(bytes.slice())
      this.waiting.delete(key)
    })
    return Promise.resolve({
      local,
      traffic: () => [],
      send: () => undefined,
      close: () => {
        this.listening.splice(this.listening.indexOf(local), 1)
        return Promise.resolve()
      },
    })
  }

  /** The answer to a packet; null: none. */
  ask(packet: Uint8Array, from: Endpoint): Promise<Uint8Array | null> {
    const packed = new Uint8Array(18)
    packEndpoint(from, packed)
    const key = packed.join()
    const length = this.answerer?.answer(packet, packet.length, packed, this.now, this.reply) ?? 0
    // Both are the socket's again.
    packet.fill(0xee)
    packed.fill(0xee)
    if (length === REPLY_LATER) return new Promise(resolve => void this.waiting.set(key, resolve))
    return Promise.resolve(length > 0 ? this.reply.slice(0, length) : null)
  }
}

/** The same in threads of which all are here: packets come to one after the other, answers go into slots in turn. */
export class ThreadedDatagrams extends DirectDatagrams implements BatchedDatagramNet {
  unusable: string | null = null
  private answering: Answering | null = null
  private readonly threads = new Map<number, Answerer>()
  private readonly slots = Array.from({ length: 3 }, () => new Uint8Array(1500))
  private turns = 0

  override async serve(at: Endpoint, answering: Answering): Promise<DatagramSocket> {
    const socket = await super.serve(at, answering)
    this.answering = answering
    for (let number = 1; number <= (answering.threads ?? 1); number++) await this.openThread(number)
    return socket
  }

  /** A thread dies and another takes its place. */
  async replace(number: number): Promise<void> {
    this.threads.delete(number)
    this.answering?.threadEnded?.(number)
    await this.openThread(number)
  }

  override ask(packet: Uint8Array, from: Endpoint): Promise<Uint8Array | null> {
    const turn = this.turns++
    const thread = [...this.threads.values()][turn % this.threads.size]
    const slot = this.slots[turn % this.slots.length]
    const packed = new Uint8Array(18)
    packEndpoint(from, packed)
    // Longer than what came, and not clean.
    const room = new Uint8Array(2048).fill(0xee)
    room.set(packet)
    const length = thread?.answer(room, packet.length, packed, this.now, slot ?? room) ?? 0
    if (length < 0) throw new Error('nothing can be sent later from a thread')
    return Promise.resolve(length > 0 && slot !== undefined ? slot.slice(0, length) : null)
  }

  private async openThread(number: number): Promise<void> {
    const portable = this.answering?.inThread
    if (portable === undefined) throw new Error('not to be opened in threads')
    const clock = { now: () => this.now }
    this.threads.set(number, await new KitPlace(number, clock).open(portable))
  }
}

export class DirectHttp implements HttpNet {
  readonly listening: Endpoint[] = []
  private handler: ((request: HttpRequest, respond: (reply: HttpReply) => void) => void) | null = null

  serve(
    at: Endpoint,
    handler: (request: HttpRequest, respond: (reply: HttpReply) => void) => void,
  ): Promise<HttpListener> {
    const local = bound(at)
    this.listening.push(local)
    this.handler = handler
    return Promise.resolve({
      local,
      close: () => {
        this.listening.splice(this.listening.indexOf(local), 1)
        return Promise.resolve()
      },
    })
  }

  get(): Promise<HttpReply> {
    return Promise.reject(new Error('a tracker gets nothing'))
  }

  ask(
    target: string,
    from: string,
    headers: Readonly<Record<string, string>> = {},
    method = 'GET',
  ): Promise<HttpReply> {
    const [path = '', query = ''] = target.split(/\?(.*)/s, 2)
    const request = {
      method,
      path,
      query,
      from: endpointOf(ipOf(from), 33_000),
      header: (name: string) => headers[name],
    }
    return new Promise(resolve => this.handler?.(request, reply => resolve({ ...reply, body: reply.body.slice() })))
  }
}

export const directNames: Names = {
  own: () => [ipOf('192.0.2.50')],
  resolve: host => Promise.resolve([ipOf(host)]),
}

export function ipOf(text: string): Uint8Array {
  const ip = parseIp(text)
  if (ip === null) throw new Error(`${text} is no address`)
  return ip
}

/** A real tracker without servers. */
export function trackerService(
  policies: readonly AnnouncePolicy[] = [],
  over: Partial<TrackerOptions> = {},
  clock: Clock = new ManualClock(),
): TrackerCore {
  const options: TrackerOptions = {
    intervalSeconds: 1800,
    minIntervalSeconds: 60,
    peersPerReply: 50,
    peerTimeoutSeconds: 3600,
    maxSwarms: 1000,
    maxPeers: 10_000,
    maxPeersPerAddress: 1000,
    fullScrape: false,
    ...over,
  }
  const host = { clock, random: createRandom(1), entropy: createRandom(2) }
  const store = MemoryStore.create(16 * 2 ** 20, true, host)
  store.limit(options)
  return new TrackerCore(store, policies, options, clock, createRandom(3), silentLogger)
}

export const textsOf = (peers: readonly Endpoint[]): string[] => peers.map(formatEndpoint).sort()
