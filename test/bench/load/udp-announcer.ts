// Announces to a UDP tracker from a few addresses: so many in flight at any time, or so many a second whatever comes back. Each answer
// is checked and timed, from its sending to its reading.
import { setTimeout as passed } from 'node:timers/promises'
import { ANNOUNCE_HEAD_LENGTH, CONNECT_LENGTH, UdpAction } from '../../../core/protocol/tracker-udp.js'
import { AnnouncePackets, type AnnouncePlan } from './announce-packets.js'
import { type AnswerTimes, Histogram } from './answer-times.js'
import { ANSWER_ROOM, BATCH, type UdpSockets } from './udp-sockets.js'
import type { Lots } from './workload.js'

export interface UdpAnnouncing extends AnnouncePlan {
  readonly seconds: number
  readonly sources: number
  /** In flight at any time; unused where there is a rate. */
  readonly window: number
  /** A second; 0: as many as are answered. */
  readonly rate: number
  /** Ends early once so many are answered; 0: it does not. */
  readonly most: number
}

export interface UdpAnnounced extends AnswerTimes {
  readonly io: string
  readonly seconds: number
  readonly sent: number
  readonly answered: number
  readonly offeredPerSecond: number
  readonly answeredPerSecond: number
  readonly peersPerReply: number
  /** With a failure reason, of which the last is told. */
  readonly refused: number
  readonly refusal: string
  /** Not what was asked for: another transaction, length or action, or more peers than were wanted. */
  readonly wrong: number
  readonly lost: number
}

/** Announces that are not answered are forgotten after so many later ones. */
const OUTSTANDING = 1 << 20
const CONNECT_TRIES = 50
const CONNECT_MS = 100
/** Kept from sending for longer, a load lets go what it owes: a burst of all that would be its own delay, told as the tracker's. */
const MOST_OWED_MS = 1
/** Until its own code is compiled an even load reads answers late: those of its beginning are counted, and not timed. */
const WARM_MS = 1000
/** After so long without an answer a source takes what it sent as lost. */
const SILENCE_MS = 200
const PEER_BYTES = 6

export class UdpAnnouncer {
  private readonly packets: AnnouncePackets
  private readonly answers: DataView
  private readonly ids: Uint32Array
  private readonly flight: Int32Array
  private readonly heardAt: Float64Array
  private readonly asked = new Uint32Array(OUTSTANDING)
  private readonly askedAt = new Float64Array(OUTSTANDING)
  private readonly times = new Histogram()
  private timedFrom = 0
  private transaction = 1
  private sent = 0
  /** Not sent, because it was late. */
  private forgone = 0
  private answered = 0
  private refused = 0
  private refusal = ''
  private wrong = 0
  private peers = 0

  constructor(
    private readonly sockets: UdpSockets,
    private readonly plan: UdpAnnouncing,
    lots: Lots,
  ) {
    const { incoming, outgoing } = sockets
    this.packets = new AnnouncePackets(outgoing, plan, lots)
    this.answers = new DataView(incoming.buffer, incoming.byteOffset, incoming.byteLength)
    this.ids = new Uint32Array(2 * plan.sources)
    this.flight = new Int32Array(plan.sources)
    this.heardAt = new Float64Array(plan.sources)
  }

  async run(): Promise<UdpAnnounced> {
    for (let source = 0; source < this.plan.sources; source++) await this.connect(source)
    this.packets.lay()
    const { turn, nap } = this.sockets
    const began = performance.now()
    const end = began + this.plan.seconds * 1000
    this.heardAt.fill(began)
    if (this.plan.rate > 0) this.timedFrom = began + Math.min(WARM_MS, (this.plan.seconds * 1000) / 4)
    let now = began
    const most = this.plan.most > 0 ? this.plan.most : Infinity
    for (; now < end && this.answered < most; now = performance.now()) {
      const moved = this.plan.rate > 0 ? this.keepRate(now - began) : this.keepWindow(now)
      if (turn !== null) await turn()
      else if (!moved && this.plan.rate === 0) nap()
    }
    const { sent, answered } = this
    const seconds = (now - began) / 1000
    await this.drain()
    return {
      io: this.sockets.io,
      seconds,
      sent,
      answered,
      offeredPerSecond: sent / seconds,
      answeredPerSecond: answered / seconds,
      peersPerReply: this.answered > 0 ? this.peers / this.answered : 0,
      refused: this.refused,
      refusal: this.refusal,
      wrong: this.wrong,
      lost: sent - this.answered - this.refused,
      ...this.times.summary(),
    }
  }

  private async connect(source: number): Promise<void> {
    for (let attempt = 0; attempt < CONNECT_TRIES; attempt++) {
      this.sockets.sendOne(source, this.packets.writeConnect(source))
      for (const until = performance.now() + CONNECT_MS; performance.now() < until; await passed(1)) {
        if (this.sockets.receive(source) === 0) continue
        if ((this.sockets.lengths[0] ?? 0) < CONNECT_LENGTH || this.answers.getUint32(0) !== UdpAction.Connect) continue
        this.ids[2 * source] = this.answers.getUint32(8)
        this.ids[2 * source + 1] = this.answers.getUint32(12)
        return
      }
    }
    throw new Error('the tracker gave no connection id')
  }

  /** Whether anything was sent or read. */
  private keepWindow(now: number): boolean {
    const { sources, window } = this.plan
    const share = Math.max(1, Math.floor(window / sources))
    let moved = false
    for (let source = 0; source < sources; source++) {
      const count = this.send(source, share - this.flight[source]!)
      this.flight[source]! += count
      const came = this.receive(source)
      if (came > 0) this.heardAt[source] = now
      else if (this.flight[source]! >= share && now - this.heardAt[source]! > SILENCE_MS) {
        this.flight[source] = 0
        this.heardAt[source] = now
      }
      moved ||= count > 0 || came > 0
    }
    return moved
  }

  private keepRate(ms: number): boolean {
    const { sources, rate } = this.plan
    let due = Math.floor((ms * rate) / 1000) - this.sent - this.forgone
    const most = Math.ceil((MOST_OWED_MS * rate) / 1000)
    if (due > most) {
      this.forgone += due - most
      due = most
    }
    // In turn, so that each source sends its share when there is less to send than there are sources.
    const first = this.sent
    for (let i = 0; i < sources; i++) {
      const source = (first + i) % sources
      due -= this.send(source, due)
      this.receive(source)
    }
    return true
  }

  /** At most a batch. */
  private send(source: number, wanted: number): number {
    const count = Math.min(wanted, BATCH)
    if (count <= 0) return 0
    const { ids, asked, askedAt } = this
    const first = this.transaction
    for (let i = 0; i < count; i++) this.packets.write(i, ids[2 * source]!, ids[2 * source + 1]!, (first + i) >>> 0)
    const now = performance.now()
    const taken = this.sockets.send(source, count)
    for (let i = 0; i < taken; i++) {
      const place = (first + i) & (OUTSTANDING - 1)
      asked[place] = first + i
      askedAt[place] = now
    }
    this.transaction = (first + taken) >>> 0
    this.sent += taken
    return taken
  }

  private receive(source: number): number {
    const count = this.sockets.receive(source)
    if (count === 0) return 0
    const now = performance.now()
    for (let i = 0; i < count; i++) this.take(i * ANSWER_ROOM, this.sockets.lengths[i]!, now)
    this.flight[source] = Math.max(0, this.flight[source]! - count)
    return count
  }

  private take(at: number, length: number, now: number): void {
    const { answers, asked } = this
    const transaction = length < 8 ? 0 : answers.getUint32(at + 4)
    const place = transaction & (OUTSTANDING - 1)
    if (transaction === 0 || asked[place] !== transaction) return void this.wrong++
    asked[place] = 0
    const action = answers.getUint32(at)
    if (action === UdpAction.Error) {
      this.refused++
      if (this.refusal === '')
        this.refusal = new TextDecoder().decode(new Uint8Array(answers.buffer, at + 8, length - 8).slice())
      return
    }
    const peers = (length - ANNOUNCE_HEAD_LENGTH) / PEER_BYTES
    if (action !== UdpAction.Announce || peers < 0 || peers !== Math.floor(peers) || peers > this.plan.numWant) {
      this.wrong++
      return
    }
    this.answered++
    this.peers += peers
    const askedAt = this.askedAt[place]!
    if (askedAt >= this.timedFrom) this.times.add(now - askedAt)
  }

  /** What is still on its way. */
  private async drain(): Promise<void> {
    const { sources } = this.plan
    for (let heard = performance.now(); performance.now() - heard < SILENCE_MS; await passed(1)) {
      for (let source = 0; source < sources; source++) while (this.receive(source) > 0) heard = performance.now()
    }
  }
}
