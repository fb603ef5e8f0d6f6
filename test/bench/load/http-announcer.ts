// Announces to an HTTP tracker: as many as are answered, over so many connections, each of which has `pipeline` requests on
// their way. Each answer is checked and timed, from its sending to its reading. The sockets are somebody else's.
import { escapeBytes } from '../../../core/protocol/query-bytes.js'
import { type AnswerTimes, Histogram } from './answer-times.js'
import { hashOf, type Lots } from './workload.js'

export interface HttpAnnouncing {
  readonly seconds: number
  readonly connections: number
  readonly pipeline: number
  /** Else a connection for each announce. */
  readonly keepAlive: boolean
  readonly swarms: number
  readonly numWant: number
}

export interface HttpAnnounced extends AnswerTimes {
  readonly io: string
  readonly seconds: number
  readonly sent: number
  readonly answered: number
  readonly answeredPerSecond: number
  readonly peersPerReply: number
  /** A status but 200, a failure reason, more peers than were wanted, or none of what a reply is. */
  readonly wrong: number
  /** Connections that were opened. */
  readonly opened: number
  /** Connections that ended with an announce on its way. */
  readonly broken: number
}

/** One of them, and what is on its way: when each was sent, the oldest first, as a ring. */
export interface HttpConnection {
  readonly sentAt: Float64Array
  waiting: number
  oldest: number
  /** The beginning of a reply. */
  kept: Buffer | null
}

const LEAST_PORT = 10_000
/** All announces come from one address, of which Shoal takes a thousand ports in one torrent, unless told otherwise. */
const PORTS = 990
const HEAD_END = Buffer.from('\r\n\r\n')
const PEERS = Buffer.from('5:peers')
const DIGIT_0 = 48
const DIGIT_9 = 57

/** A whole reply, or what is known of it so far. */
interface Reply {
  /** Of head and body; 0: not all has come. */
  readonly length: number
  /** -1: wrong. */
  readonly peers: number
  readonly last: boolean
}

const partial: Reply = { length: 0, peers: -1, last: false }

export class HttpAnnouncer {
  private readonly times = new Histogram()
  private readonly heads: string[]
  private readonly tail: string
  private sent = 0
  private answered = 0
  private wrong = 0
  private opened = 0
  private broken = 0
  private peers = 0

  constructor(
    port: number,
    private readonly plan: HttpAnnouncing,
    private readonly lots: Lots,
  ) {
    const close = plan.keepAlive ? '' : 'Connection: close\r\n'
    this.heads = Array.from(
      { length: plan.swarms },
      (_, n) => `GET /announce?info_hash=${escapeBytes(hashOf(n))}&port=`,
    )
    this.tail = `&uploaded=0&downloaded=0&left=1000&compact=1&numwant=${plan.numWant} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${close}\r\n`
  }

  /** Once the time is up. */
  summary(seconds: number, io: string): HttpAnnounced {
    const { sent, answered, wrong, opened, broken } = this
    const answeredPerSecond = answered / seconds
    const peersPerReply = answered > 0 ? this.peers / answered : 0
    const counts = { sent, answered, answeredPerSecond, peersPerReply, wrong, opened, broken }
    return { io, seconds, ...counts, ...this.times.summary() }
  }

  connected(): HttpConnection {
    this.opened++
    return { sentAt: new Float64Array(this.plan.pipeline), waiting: 0, oldest: 0, kept: null }
  }

  closed({ waiting }: HttpConnection): void {
    if (waiting > 0) this.broken++
  }

  /** Requests to be sent now. */
  ask(connection: HttpConnection, count: number): string {
    const { pipeline } = this.plan
    let text = ''
    const now = performance.now()
    for (let i = 0; i < count; i++) {
      text += this.request()
      connection.sentAt[(connection.oldest + connection.waiting++) % pipeline] = now
    }
    this.sent += count
    return text
  }

  /** Bytes that came, valid during the call. Gives requests to be sent, or null: the connection is to be closed. */
  take(connection: HttpConnection, chunk: Buffer): string | null {
    const { pipeline, keepAlive } = this.plan
    const bytes = connection.kept === null ? chunk : Buffer.concat([connection.kept, chunk])
    const now = performance.now()
    let at = 0
    let done = 0
    let last = false
    while (at < bytes.length) {
      const reply = this.reply(bytes, at)
      if (reply.length === 0) break
      at += reply.length
      last ||= reply.last
      if (connection.waiting === 0) {
        this.wrong++
        return null
      }
      this.count(reply, now - connection.sentAt[connection.oldest]!)
      connection.oldest = (connection.oldest + 1) % pipeline
      connection.waiting--
      done++
    }
    connection.kept = at < bytes.length ? Buffer.from(bytes.subarray(at)) : null
    if (done > 0 && (!keepAlive || last)) return null
    return done === 0 ? '' : this.ask(connection, done)
  }

  private request(): string {
    const port = LEAST_PORT + this.lots.below(PORTS)
    const hash = this.heads[this.lots.below(this.heads.length)] ?? ''
    return `${hash}${port}&peer_id=-LG0001-0000000${port}${this.tail}`
  }

  private count({ peers }: Reply, ms: number): void {
    if (peers < 0) return void this.wrong++
    this.answered++
    this.peers += peers
    this.times.add(ms)
  }

  private reply(bytes: Buffer, at: number): Reply {
    const end = bytes.indexOf(HEAD_END, at)
    if (end < 0) return partial
    const head = bytes.toString('latin1', at, end)
    const told = /content-length: *(\d+)/i.exec(head)
    // Without a length the connection says where the body ends: such a reply counts when its list of peers is whole.
    const body = end + HEAD_END.length
    const until = told === null ? bytes.length : body + Number(told[1])
    if (until > bytes.length) return partial
    const right = /^HTTP\/1\.[01] 200/.test(head)
    const asksToStay = /connection: *keep-alive/i.test(head)
    const last = told === null || (head.startsWith('HTTP/1.0') && !asksToStay) || /connection: *close/i.test(head)
    const peers = right ? this.peersOf(bytes, body, until) : -1
    if (told === null && peers < 0) return partial
    return { length: until - at, peers, last }
  }

  /** How many IPv4 peers; -1: no announce reply. */
  private peersOf(bytes: Buffer, from: number, until: number): number {
    const at = bytes.indexOf(PEERS, from)
    if (at < 0 || at >= until) return -1
    let length = 0
    let digit = at + PEERS.length
    for (; bytes[digit]! >= DIGIT_0 && bytes[digit]! <= DIGIT_9; digit++) length = length * 10 + bytes[digit]! - DIGIT_0
    const peers = length / 6
    return peers === Math.floor(peers) && peers <= this.plan.numWant && digit + 1 + length <= until ? peers : -1
  }
}
