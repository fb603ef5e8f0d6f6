// Answers UDP tracker packets (BEP 15), one by one, without allocating. Nothing is said to a wrong connection id, and
// what is said without one is no longer than what came.
import { isMapped } from '../../core/base/address.js'
import { readU16 } from '../../core/base/bytes.js'
import { NO_REPLY, REPLY_LATER } from '../../core/contracts/host.js'
import { isRefusal } from '../../core/contracts/refusal.js'
import { MAX_UDP_REPLY_BYTES } from '../../core/protocol/limits.js'
import {
  ANNOUNCE_HEAD_LENGTH,
  CONNECT_LENGTH,
  NO_REQUEST,
  readUdpAnnounce,
  readUdpScrape,
  SCRAPE_ENTRY_LENGTH,
  SCRAPE_HEAD_LENGTH,
  UdpAction,
  udpRequestKind,
  udpTransaction,
  writeUdpAnnounceHead,
  writeUdpConnectReply,
  writeUdpError,
  writeUdpScrapeEntry,
  writeUdpScrapeHead,
} from '../../core/protocol/tracker-udp.js'
import { Incoming } from '../../core/tracker/incoming.js'
import type { Later } from '../../core/base/later.js'
import type { Answerer, SendLater } from '../../core/contracts/host.js'
import type { Refusal, Refused } from '../../core/contracts/refusal.js'
import type { AnnounceReply } from '../../core/contracts/swarm-store.js'
import type { TrackerService } from '../../core/contracts/tracker.js'
import type { InfoHash } from '../../core/protocol/ids.js'
import type { ConnectionIds } from '../../core/tracker/connection-id.js'

/** No request is longer: a scrape of 74 hashes has 1,496 bytes, an announce may carry a long URL. */
const MOST_BYTES = 1500
const PEERS_ROOM = MAX_UDP_REPLY_BYTES - ANNOUNCE_HEAD_LENGTH

/** What came in since the start, by what became of it. */
export const noCounts = {
  connects: 0,
  announces: 0,
  scrapes: 0,
  refused: 0,
  /** No request at all: too short, too long, unknown action, sender without a port. */
  malformed: 0,
  badIds: 0,
}

export type UdpCounts = typeof noCounts

export class UdpTracker implements Answerer {
  private readonly request = new Incoming()
  private readonly v4 = new Uint8Array(4)
  private readonly v6 = new Uint8Array(16)
  /** `reply.peers` is a view of this buffer, made anew when the socket brings another. */
  private buffer: Uint8Array = new Uint8Array(0)
  private readonly reply: AnnounceReply = {
    interval: 0,
    minInterval: 0,
    seeders: 0,
    leechers: 0,
    peers: this.buffer,
    peerBytes: 0,
  }

  constructor(
    private readonly service: TrackerService,
    private readonly ids: ConnectionIds,
    private readonly counts: UdpCounts,
    private readonly send: SendLater,
  ) {}

  answer(bytes: Uint8Array, length: number, from: Uint8Array, now: number, reply: Uint8Array): number {
    const packet = length === bytes.length ? bytes : bytes.subarray(0, length)
    const kind = packet.length > MOST_BYTES ? NO_REQUEST : udpRequestKind(packet)
    if (kind === NO_REQUEST || readU16(from, 16) === 0) {
      this.counts.malformed++
      return NO_REPLY
    }
    const transaction = udpTransaction(packet)
    if (kind === UdpAction.Connect) {
      this.counts.connects++
      return this.connect(transaction, from, now, reply)
    }
    if (!this.ids.check(from, now, packet, 0)) {
      this.counts.badIds++
      return NO_REPLY
    }
    if (kind === UdpAction.Announce) return this.announce(packet, transaction, from, reply)
    return this.scrape(packet, transaction, from, reply)
  }

  private connect(transaction: number, from: Uint8Array, now: number, reply: Uint8Array): number {
    writeUdpConnectReply(reply, transaction, 0, 0)
    this.ids.write(from, now, reply, 8)
    return CONNECT_LENGTH
  }

  private announce(packet: Uint8Array, transaction: number, from: Uint8Array, out: Uint8Array): number {
    const { request, reply } = this
    this.counts.announces++
    const fault = readUdpAnnounce(packet, request)
    if (fault !== null) return this.refuse(out, transaction, fault)
    this.locate(from)
    if (out !== this.buffer) {
      this.buffer = out
      reply.peers = out.subarray(ANNOUNCE_HEAD_LENGTH, ANNOUNCE_HEAD_LENGTH + PEERS_ROOM)
    }
    const answer = this.service.announce(request, reply)
    if (answer === null) {
      return writeUdpAnnounceHead(out, transaction, reply.interval, reply.leechers, reply.seeders) + reply.peerBytes
    }
    if (isRefusal(answer)) return this.refuse(out, transaction, answer)
    this.announceLater(answer, transaction, from.slice())
    return REPLY_LATER
  }

  private announceLater(answer: Later<AnnounceReply | Refused>, transaction: number, to: Uint8Array): void {
    answer.settle(reply => {
      const out = new Uint8Array(MAX_UDP_REPLY_BYTES)
      let length: number
      if (isRefusal(reply)) length = this.refuse(out, transaction, reply)
      else {
        const peers = reply.peers.subarray(0, Math.min(reply.peerBytes, PEERS_ROOM))
        out.set(peers, ANNOUNCE_HEAD_LENGTH)
        length = peers.length
        length += writeUdpAnnounceHead(out, transaction, reply.interval, reply.leechers, reply.seeders)
      }
      if (length !== NO_REPLY) this.send(out.subarray(0, length), to)
    })
  }

  private scrape(packet: Uint8Array, transaction: number, from: Uint8Array, reply: Uint8Array): number {
    this.counts.scrapes++
    const family = this.locate(from)
    const refused = this.service.admitScraper?.(this.request.from.ip) ?? null
    if (refused !== null) return this.refuse(reply, transaction, refused)
    const hashes = readUdpScrape(packet) as InfoHash[]
    const length = SCRAPE_HEAD_LENGTH + hashes.length * SCRAPE_ENTRY_LENGTH
    let out = reply
    // What no policy admits stays zero: a UDP reply has no keys, so each hash keeps its place.
    out.fill(0, 0, length)
    const late = this.service.scrape(hashes, family, (index, seeders, completed, leechers) => {
      writeUdpScrapeEntry(out, index, seeders, completed, leechers)
    })
    writeUdpScrapeHead(out, transaction)
    if (late === null) return length
    // Room for a refusal as well.
    out = reply.slice(0, MAX_UDP_REPLY_BYTES)
    const to = from.slice()
    late.settle(answer => {
      const end = answer === true ? length : this.refuse(out, transaction, answer)
      this.send(out.subarray(0, end), to)
    })
    return REPLY_LATER
  }

  /** Only for senders whose connection id was right. */
  private refuse(out: Uint8Array, transaction: number, refusal: Refusal): number {
    this.counts.refused++
    if (typeof refusal === 'string') return writeUdpError(out, transaction, refusal)
    return refusal.quiet === true ? NO_REPLY : writeUdpError(out, transaction, refusal.reason)
  }

  /** The sender becomes the request's address; gives its family. */
  private locate(from: Uint8Array): 4 | 6 {
    const { request, v4, v6 } = this
    const source = request.from
    source.port = request.port
    if (isMapped(from)) {
      for (let i = 0; i < 4; i++) v4[i] = from[12 + i]!
      source.ip = v4
      return (source.family = 4)
    }
    for (let i = 0; i < 16; i++) v6[i] = from[i]!
    source.ip = v6
    return (source.family = 6)
  }
}
