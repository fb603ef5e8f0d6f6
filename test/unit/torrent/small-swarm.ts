// A swarm without kernel, sockets or disk: sessions over links that deliver when told to, storage in arrays. For tests of
// the engine alone; whole nodes are simulated in test/swarms.
import { createHash } from 'node:crypto'
import { endpointOf, type Endpoint } from '../../../core/base/address.js'
import { Bitfield } from '../../../core/base/bitfield.js'
import type { NodeError } from '../../../core/base/errors.js'
import { createRandom } from '../../../core/base/random.js'
import type { ChokePolicy } from '../../../core/contracts/choke-policy.js'
import type { PeerLink, PeerSink } from '../../../core/contracts/peer-transport.js'
import { bestScore, type PieceSelectorFactory } from '../../../core/contracts/piece-selector.js'
import type { ReadJob, TorrentStorage } from '../../../core/contracts/storage.js'
import { pieceGeometry, type PieceGeometry } from '../../../core/protocol/geometry.js'
import { infoHashOf, peerIdOf, type InfoHash } from '../../../core/protocol/ids.js'
import { BufferArena } from '../../../core/torrent/buffer-arena.js'
import type { CloseReason } from '../../../core/torrent/close-reason.js'
import { PeerBook } from '../../../core/torrent/peer-book.js'
import { PeerSession } from '../../../core/torrent/peer-session.js'
import type { SessionParts } from '../../../core/torrent/session-parts.js'
import { TorrentSession } from '../../../core/torrent/torrent-session.js'
import { unlimited } from './unlimited.js'

export const rarest: PieceSelectorFactory = {
  create: view => ({ pick: peer => bestScore(view, peer, piece => view.availability[piece] ?? 0) }),
}

export const everyone: ChokePolicy = {
  round: (candidates, slots, _seeding, _round, _random, unchoke) => {
    let left = slots
    candidates.forEach((candidate, i) => {
      if (candidate.interested && left-- > 0) unchoke[i] = 1
    })
  },
}

export class TestLink implements PeerLink {
  sent = 0
  sink: PeerSink | null = null
  other: TestLink | null = null
  paused = false
  closed = false
  /** The other side reads nothing: what is written stays here. */
  deaf = false
  held = 0
  private inbox: Uint8Array[] = []
  private told = false

  constructor(
    readonly remote: Endpoint,
    readonly inbound: boolean,
  ) {}

  open(sink: PeerSink): void {
    this.sink = sink
  }

  write(head: Uint8Array, body?: Uint8Array): boolean {
    if (this.closed) return false
    if (this.deaf) return (this.held += head.length + (body?.length ?? 0)) < 512 * 1024
    for (const part of body === undefined ? [head] : [head, body]) {
      this.other?.inbox.push(part.slice())
      this.sent += part.length
    }
    return true
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  close(): void {
    this.closed = true
  }

  /** Hands over what has come; true if there was anything. */
  deliver(random: () => number): boolean {
    if (this.closed || this.other?.closed) {
      if (this.told) return false
      this.told = true
      this.closed = true
      this.sink?.onClose(null)
      return true
    }
    if (this.inbox.length === 0 || this.sink === null || this.paused) return false
    const bytes = Buffer.concat(this.inbox)
    this.inbox = []
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + 1 + Math.floor(random() * 40_000))
      if (!this.closed) this.sink.onData(bytes.subarray(at, end))
      at = end
    }
    return true
  }
}

/** Pieces in memory; `corrupt` makes reads give wrong bytes. */
export class ArrayStorage implements TorrentStorage {
  writes = 0
  fail: NodeError | null = null

  constructor(
    readonly content: Uint8Array,
    readonly geometry: PieceGeometry,
  ) {}

  read(job: ReadJob): void {
    const from = job.piece * this.geometry.pieceLength + job.begin
    job.into.set(this.content.subarray(from, from + job.into.length))
    queueMicrotask(() => job.done(null))
  }

  async write(piece: number, data: Uint8Array): Promise<void> {
    await Promise.resolve()
    if (this.fail !== null) throw this.fail
    this.writes++
    this.content.set(data, piece * this.geometry.pieceLength)
  }

  present(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array((this.geometry.pieceCount + 7) >> 3).fill(255))
  }

  stamp(): Promise<string> {
    return Promise.resolve('')
  }

  flush(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

export interface Node {
  readonly session: TorrentSession
  readonly storage: ArrayStorage
  readonly arena: BufferArena
  readonly book: PeerBook
  completed: number
  kept: number[]
  warnings: NodeError[]
  failures: NodeError[]
  ends: CloseReason[]
}

export class SmallSwarm {
  readonly geometry: PieceGeometry
  readonly content: Uint8Array
  readonly digests: Uint8Array
  readonly infoHash: InfoHash
  readonly nodes: Node[] = []
  readonly links: TestLink[] = []
  now = 0
  private readonly random = createRandom(7)

  constructor(total: number, pieceLength: number) {
    this.geometry = pieceGeometry(total, pieceLength)
    this.content = new Uint8Array(total)
    createRandom(1).fill(this.content)
    this.digests = new Uint8Array(20 * this.geometry.pieceCount)
    for (let i = 0; i < this.geometry.pieceCount; i++) {
      const bytes = this.content.subarray(i * pieceLength, (i + 1) * pieceLength)
      this.digests.set(createHash('sha1').update(bytes).digest(), 20 * i)
    }
    this.infoHash = infoHashOf(new Uint8Array(20).fill(9))!
  }

  async add(seed: boolean, options: Partial<SessionParts> & { readonly bufferBytes?: number } = {}): Promise<Node> {
    const index = this.nodes.length
    const storage = new ArrayStorage(seed ? this.content.slice() : new Uint8Array(this.content.length), this.geometry)
    const arena = new BufferArena(options.bufferBytes ?? 8 << 20)
    const book = new PeerBook(() => 0)
    const node: Node = {
      session: null!,
      storage,
      arena,
      book,
      completed: 0,
      kept: [],
      warnings: [],
      failures: [],
      ends: [],
    }
    const session = new TorrentSession({
      infoHash: this.infoHash,
      peerId: peerIdOf(new Uint8Array(20).fill(index + 1))!,
      geometry: this.geometry,
      digests: this.digests,
      info: new Uint8Array(100),
      port: 1000 + index,
      storage,
      hashing: {
        verify: (data, digest) => Promise.resolve(createHash('sha1').update(data).digest().equals(digest)),
        digests: () => Promise.reject(new Error('not here')),
      },
      arena,
      selector: { name: 'rarest', factory: rarest, options: {} },
      choke: everyone,
      book,
      random: createRandom(index),
      maxPeers: 40,
      maxPeersPerAddress: 8,
      uploadSlots: 8,
      pace: unlimited(),
      now: this.now,
      events: {
        pieceFull: () => null,
        pieceKept: piece => node.kept.push(piece),
        pieceLost: () => {},
        completed: () => node.completed++,
        warning: error => node.warnings.push(error),
        failed: error => node.failures.push(error),
      },
      ...options,
    })
    Object.assign(node, { session })
    const all = new Bitfield(this.geometry.pieceCount)
    if (seed) all.fill()
    await session.restore(all, new Bitfield(this.geometry.pieceCount), new AbortController().signal)
    this.nodes.push(node)
    return node
  }

  /** A link on which nobody of ours sits at the far end: the test speaks for it. */
  pair(address: string): readonly [TestLink, TestLink] {
    const ip = Uint8Array.from(address.split('.').map(Number))
    const near = new TestLink(endpointOf(ip, 1), true)
    const far = new TestLink(endpointOf(ip, 2), false)
    near.other = far
    far.other = near
    this.links.push(near, far)
    return [near, far]
  }

  /** `from` dials `to`. Each node has an address of its own. */
  connect(from: Node, to: Node): readonly [TestLink, TestLink] {
    const at = (node: Node): Endpoint => endpointOf(Uint8Array.from([10, 0, 0, this.nodes.indexOf(node) + 1]), 1000)
    const out = new TestLink(at(to), false)
    const incoming = new TestLink(at(from), true)
    out.other = incoming
    incoming.other = out
    this.links.push(out, incoming)
    this.accept(incoming, to)
    from.session.greet(out)
    return [out, incoming]
  }

  accept(link: TestLink, to: Node): PeerSession {
    const session = new PeerSession(
      link,
      null,
      hash => (hash.every((byte, i) => byte === this.infoHash[i]) ? to.session : null),
      (ended, reason) => {
        to.ends.push(reason)
        to.session.ended(ended, reason)
      },
      this.now,
    )
    session.begin()
    return session
  }

  /** Delivers until nothing moves, checking what must always hold. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3;) {
      let moved = false
      for (const link of this.links) moved = link.deliver(() => this.random.u32() / 2 ** 32) || moved
      for (let i = 0; i < 8; i++) await Promise.resolve()
      this.check()
      quiet = moved ? 0 : quiet + 1
    }
  }

  async tick(seconds = 1): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      this.now += 1000
      for (const node of this.nodes) node.session.tick(this.now)
      await this.settle()
    }
  }

  check(): void {
    for (const [i, node] of this.nodes.entries()) {
      const wrong = node.session.checkInvariants()
      if (wrong.length > 0) throw new Error(`node ${i}: ${wrong.join('; ')}`)
    }
  }
}
