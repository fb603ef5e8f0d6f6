// Answers UDP tracker packets (BEP 15), one by one, without allocating for an announce. Nothing is said to a wrong
// connection id, and what is said without one is no longer than what came.
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
import { FAULT_OF_OURS } from '../../core/tracker/errors.js'
import { Incoming } from '../../core/tracker/incoming.js'
import { UdpCount } from './counts.js'
import { PEERS_ROOM, ReplySlots } from './reply-slots.js'
import type { Later } from '../../core/base/later.js'
import type { Answerer, SendLater } from '../../core/contracts/host.js'
import type { Refusal, Refused } from '../../core/contracts/refusal.js'
import type { AnnounceReply } from '../../core/contracts/swarm-store.js'
import type { TrackerService } from '../../core/contracts/tracker.js'
import type { InfoHash } from '../../core/protocol/ids.js'
import type { ConnectionIds } from '../../core/tracker/connection-id.js'

/** No request is longer: a scrape of 74 hashes has 1,496 bytes, an announce may carry a long URL. */
const MOST_BYTES = 1500

export class UdpTracker implements Answerer {
  private readonly request = new Incoming()
  private readonly v4 = new Uint8Array(4)
  private readonly v6 = new Uint8Array(16)
  private readonly slots = new ReplySlots()

  /** `counts`: this thread's row. `send`: null where nothing can be sent later. */
  constructor(
    private readonly service: TrackerService,
    private readonly ids: ConnectionIds,
    private readonly counts: Float64Array,
    private readonly send: SendLater | null,
  ) {}

  answer(packet: Uint8Array, length: number, from: Uint8Array, now: number, reply: Uint8Array): number {
    const { counts } = this
    counts[UdpCount.bytesIn]! += length
    const kind = length > MOST_BYTES ? NO_REQUEST : udpRequestKind(packet, length)
    if (kind === NO_REQUEST || readU16(from, 16) === 0) {
      counts[UdpCount.malformed]!++
      return NO_REPLY
    }
    const transaction = udpTransaction(packet)
    let replied: number
    if (kind === UdpAction.Connect) replied = this.connect(transaction, from, now, reply)
    else if (!this.ids.check(from, now, packet, 0)) {
      counts[UdpCount.badIds]!++
      return NO_REPLY
    } else if (kind === UdpAction.Announce) replied = this.announce(packet, length, transaction, from, reply)
    else replied = this.scrape(packet, length, transaction, from, reply)
    if (replied > 0) counts[UdpCount.bytesOut]! += replied
    return replied
  }

  private connect(transaction: number, from: Uint8Array, now: number, reply: Uint8Array): number {
    this.counts[UdpCount.connects]!++
    writeUdpConnectReply(reply, transaction, 0, 0)
    this.ids.write(from, now, reply, 8)
    return CONNECT_LENGTH
  }

  private announce(packet: Uint8Array, length: number, transaction: number, from: Uint8Array, out: Uint8Array): number {
    const { request } = this
    this.counts[UdpCount.announces]!++
    const fault = readUdpAnnounce(packet, request, length)
    if (fault !== null) {
      this.counts[UdpCount.badFields]!++
      return writeUdpError(out, transaction, fault)
    }
    this.locate(from)
    const reply = this.slots.of(out)
    const answer = this.service.announce(request, reply)
    if (answer === null) {
      return writeUdpAnnounceHead(out, transaction, reply.interval, reply.leechers, reply.seeders) + reply.peerBytes
    }
    if (isRefusal(answer)) return this.refuse(out, transaction, answer)
    if (this.send === null) return this.refuse(out, transaction, FAULT_OF_OURS)
    this.announceLater(answer, transaction, from.slice(), this.send)
    return REPLY_LATER
  }

  private announceLater(
    answer: Later<AnnounceReply | Refused>,
    transaction: number,
    to: Uint8Array,
    send: SendLater,
  ): void {
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
      this.sendLate(out, length, to, send)
    })
  }

  private scrape(packet: Uint8Array, length: number, transaction: number, from: Uint8Array, reply: Uint8Array): number {
    this.counts[UdpCount.scrapes]!++
    const { send } = this
    const family = this.locate(from)
    const refused = this.service.admitScraper?.(this.request.from.ip) ?? null
    if (refused !== null) return this.refuse(reply, transaction, refused)
    const hashes = readUdpScrape(packet, length) as InfoHash[]
    const end = SCRAPE_HEAD_LENGTH + hashes.length * SCRAPE_ENTRY_LENGTH
    let out = reply
    // What no policy admits stays zero: a UDP reply has no keys, so each hash keeps its place.
    out.fill(0, 0, end)
    const late = this.service.scrape(hashes, family, (index, seeders, completed, leechers) => {
      writeUdpScrapeEntry(out, index, seeders, completed, leechers)
    })
    writeUdpScrapeHead(out, transaction)
    if (late === null) return end
    if (send === null) return this.refuse(out, transaction, FAULT_OF_OURS)
    // Room for a refusal as well.
    out = reply.slice(0, MAX_UDP_REPLY_BYTES)
    const to = from.slice()
    late.settle(answer => {
      this.sendLate(out, answer === true ? end : this.refuse(out, transaction, answer), to, send)
    })
    return REPLY_LATER
  }

  private sendLate(out: Uint8Array, length: number, to: Uint8Array, send: SendLater): void {
    if (length === NO_REPLY) return
    this.counts[UdpCount.bytesOut]! += length
    send(out.subarray(0, length), to)
  }

  /** Only for senders whose connection id was right. */
  private refuse(out: Uint8Array, transaction: number, refusal: Refusal): number {
    if (typeof refusal === 'object' && refusal.quiet === true) {
      this.counts[UdpCount.silenced]!++
      return NO_REPLY
    }
    this.counts[refusal === FAULT_OF_OURS ? UdpCount.faults : UdpCount.refused]!++
    return writeUdpError(out, transaction, typeof refusal === 'string' ? refusal : refusal.reason)
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
