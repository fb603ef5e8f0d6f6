// Announces and scrapes over UDP (BEP 15): a connection id first, then the request; silence is met by asking again
// after 15, 30, 60 ... 3840 seconds.
import { unlessAborted } from '../../core/base/abort.js'
import { endpointOf, type Endpoint } from '../../core/base/address.js'
import type { Clock } from '../../core/base/clock.js'
import type { Names } from '../../core/contracts/host.js'
import { AnnounceEvent } from '../../core/contracts/swarm-store.js'
import type {
  AnnounceResult,
  TrackerAnnounce,
  TrackerClient,
  TrackerCounts,
} from '../../core/contracts/tracker-client.js'
import type { InfoHash } from '../../core/protocol/ids.js'
import { MAX_SCRAPE_HASHES } from '../../core/protocol/limits.js'
import { reachablePeers, saneInterval } from '../../core/protocol/tracker-reply.js'
import {
  readUdpAnnounceReply,
  readUdpConnectReply,
  readUdpScrapeReply,
  writeUdpAnnounce,
  writeUdpConnect,
  writeUdpScrape,
  type UdpConnectionId,
} from '../../core/protocol/tracker-udp-client.js'
import { UdpAction } from '../../core/protocol/tracker-udp.js'
import { maskText, maskUrl, trackerUrlFault } from '../../core/protocol/tracker-url.js'
import { ConnectionIds } from './connection-ids.js'
import { errors } from './errors.js'
import { cutShort, type Answer, type UdpExchange } from './exchange.js'

const FIRST_WAIT_MS = 15_000
const LAST_DOUBLING = 8
/** The largest request: a scrape of 74 hashes. */
const PACKET_BYTES = 1500

interface Request<T> {
  readonly action: number
  write(out: Uint8Array, id: UdpConnectionId, transaction: number): number
  read(reply: Uint8Array, family: 4 | 6): T | null
}

export class UdpTrackerClient implements TrackerClient {
  private readonly ids = new ConnectionIds()

  constructor(
    private readonly exchange: UdpExchange,
    private readonly names: Names,
    private readonly clock: Clock,
  ) {}

  async announce({ url, request }: TrackerAnnounce, signal: AbortSignal): Promise<AnnounceResult> {
    const urlData = urlDataOf(url)
    // There are trackers that refuse an event which BEP 15 does not know.
    const event = request.event === AnnounceEvent.Paused ? AnnounceEvent.None : request.event
    const told = { ...request, event }
    const reply = await this.perform(url, request.family ?? 0, signal, {
      action: UdpAction.Announce,
      write: (out, id, transaction) => writeUdpAnnounce(out, id, transaction, told, urlData),
      read: readUdpAnnounceReply,
    })
    return { ...reply, interval: saneInterval(reply.interval), peers: reachablePeers(reply.peers) }
  }

  async scrape(url: URL, hashes: readonly InfoHash[], signal: AbortSignal): Promise<readonly TrackerCounts[]> {
    const counts: TrackerCounts[] = []
    for (let from = 0; from < hashes.length; from += MAX_SCRAPE_HASHES) {
      const some = hashes.slice(from, from + MAX_SCRAPE_HASHES)
      const reply = await this.perform(url, 0, signal, {
        action: UdpAction.Scrape,
        write: (out, id, transaction) => writeUdpScrape(out, id, transaction, some),
        read: packet => readUdpScrapeReply(packet, some.length),
      })
      counts.push(...reply)
    }
    return counts
  }

  private async perform<T>(url: URL, family: 0 | 4 | 6, signal: AbortSignal, request: Request<T>): Promise<T> {
    const trackers = await unlessAborted(this.addressesOf(url, family), signal, cutShort)
    const connecting = this.exchange.transaction()
    const requesting = this.exchange.transaction()
    // Each goes on from where its own silence led, and starts over where it was answered.
    const unanswered = { connecting: 0, requesting: 0 }
    let refused = false
    // A late reply to an earlier sending counts: the transaction stays the same from one to the next.
    for (let turn = 0; unanswered.connecting <= LAST_DOUBLING && unanswered.requesting <= LAST_DOUBLING;) {
      const to = trackers[turn % trackers.length]!
      const known: UdpConnectionId | null = refused ? null : this.ids.get(to, this.clock.now())
      const id: UdpConnectionId | null =
        known ?? (await this.connect(to, connecting, waitAfter(unanswered.connecting), url, signal))
      refused = false
      if (id === null) {
        unanswered.connecting++
        turn++
        continue
      }
      if (known === null) unanswered.connecting = 0
      const answer: Answer<T> = await this.put(request, to, id, requesting, waitAfter(unanswered.requesting), signal)
      if (answer === null) {
        unanswered.requesting++
        turn++
      } else {
        // It may have forgotten the id (a restart, a shorter memory): a refusal counts only with one just given.
        refused = known !== null && 'refusal' in answer
        if (!refused) return accepted(answer, url)
        this.ids.drop(to)
      }
    }
    throw errors.make('ERR_ANNOUNCE_UDP_TIMEOUT', `${maskUrl(url)} did not answer`)
  }

  private put<T>(
    request: Request<T>,
    to: Endpoint,
    id: UdpConnectionId,
    transaction: number,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<Answer<T>> {
    const packet = new Uint8Array(PACKET_BYTES)
    const length = request.write(packet, id, transaction)
    const read = (reply: Uint8Array): T | null => request.read(reply, to.family)
    const question = { to, action: request.action, transaction, packet: packet.subarray(0, length), read }
    return this.exchange.ask(question, waitMs, signal)
  }

  private async connect(
    to: Endpoint,
    transaction: number,
    waitMs: number,
    url: URL,
    signal: AbortSignal,
  ): Promise<UdpConnectionId | null> {
    const packet = new Uint8Array(PACKET_BYTES)
    const length = writeUdpConnect(packet, transaction)
    const answer = await this.exchange.ask(
      { to, action: UdpAction.Connect, transaction, packet: packet.subarray(0, length), read: readUdpConnectReply },
      waitMs,
      signal,
    )
    if (answer === null) return null
    const id = accepted(answer, url)
    this.ids.put(to, id, this.clock.now())
    return id
  }

  /** Those of a family that this machine has. To ask the system for that costs more than all else in an announce. */
  private near(found: readonly Uint8Array[]): readonly Uint8Array[] {
    if (found.every(ip => ip.length === found[0]?.length)) return found
    const own = new Set(this.names.own().map(ip => ip.length))
    return found.filter(ip => own.has(ip.length))
  }

  /** Never empty. Where the family is the system's choice, one that this machine has goes before one it lacks. */
  private async addressesOf(url: URL, family: 0 | 4 | 6): Promise<Endpoint[]> {
    const fault = url.protocol === 'udp:' ? trackerUrlFault(url) : 'it is no udp URL'
    if (fault !== null) throw errors.make('ERR_ANNOUNCE_UDP_URL', `${maskUrl(url)} is not asked: ${fault}`)
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const found = await this.names.resolve(host, family)
    const near = this.near(found)
    const trackers: Endpoint[] = []
    for (const ip of near.length > 0 ? near : found) {
      const tracker = endpointOf(ip, Number(url.port))
      if (await this.exchange.speaks(tracker.family)) trackers.push(tracker)
    }
    if (trackers.length > 0) return trackers
    throw errors.make('ERR_ANNOUNCE_UDP_UNREACHABLE', `this machine cannot send to ${maskUrl(url)}`)
  }
}

function waitAfter(silences: number): number {
  return FIRST_WAIT_MS * 2 ** silences
}

function accepted<T>(answer: NonNullable<Answer<T>>, url: URL): T {
  if ('value' in answer) return answer.value
  throw errors.make('ERR_ANNOUNCE_UDP_REFUSED', `the tracker said: ${maskText(answer.refusal, url)}`)
}

/** BEP 41: what stands behind host and port, for trackers that keep a pass key there. */
function urlDataOf(url: URL): Uint8Array {
  const text = url.pathname + url.search
  return new TextEncoder().encode(text === '/' ? '' : text)
}
