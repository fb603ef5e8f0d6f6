// A store and a policy that can be opened in any thread: all they know lies in shared memory.
import type { Portable, ThreadPlace } from '../../../core/base/portable.js'
import type {
  AnnouncePolicy,
  AnnounceReply,
  AnnounceRequest,
  ScrapeCounts,
  SwarmStore,
} from '../../../core/contracts/index.js'

interface Data {
  readonly kind: 'store' | 'policy'
  readonly memory: SharedArrayBuffer
}

/** How many announces came, the time of the last in milliseconds, and in which thread. */
const ANNOUNCES = 0
const TIME = 1
const THREAD = 2
/** What a policy refuses: this first byte of an info-hash,. */
const UNWANTED = 3

function portable<T>(kind: Data['kind'], memory: SharedArrayBuffer): Portable<T> {
  return { module: import.meta.url, data: { kind, memory } }
}

export function open({ kind, memory }: Data, place: ThreadPlace): unknown {
  return kind === 'store' ? new CountingStore(memory, place.number) : new FirstBytePolicy(memory)
}

export class CountingStore implements SwarmStore {
  readonly ended: number[] = []
  private readonly words: Int32Array

  constructor(
    private readonly memory = new SharedArrayBuffer(64),
    private readonly thread = 0,
  ) {
    this.words = new Int32Array(memory)
  }

  get inThread(): Portable<SwarmStore> {
    return portable('store', this.memory)
  }

  seen(): { announces: number; time: number; thread: number } {
    return { announces: this.words[ANNOUNCES]!, time: this.words[TIME]!, thread: this.words[THREAD]! }
  }

  limit(): void {
    if (this.thread !== 0) throw new Error('told its limits in a thread')
  }

  announce(request: AnnounceRequest, now: number, reply: AnnounceReply): true {
    this.words[TIME] = Math.round(1000 * now)
    this.words[THREAD] = this.thread
    reply.leechers = ++this.words[ANNOUNCES]!
    reply.seeders = request.urlData?.length ?? 0
    reply.peers.set([1, 2, 3, 4, 5, 6])
    reply.peerBytes = 6
    return true
  }

  scrape(_: Uint8Array, family: 4 | 6, out: ScrapeCounts): boolean {
    out.leechers = this.words[ANNOUNCES]!
    out.seeders = family
    out.completed = out.partialSeeds = 0
    return true
  }

  sweep(): boolean {
    if (this.thread !== 0) throw new Error('swept in a thread')
    return false
  }

  totals(): { swarms: number; peers: number } {
    return { swarms: 0, peers: 0 }
  }

  threadEnded(number: number): void {
    this.ended.push(number)
  }
}

export class FirstBytePolicy implements AnnouncePolicy {
  private readonly words: Int32Array

  constructor(private readonly memory = new SharedArrayBuffer(64)) {
    this.words = new Int32Array(memory)
  }

  get inThread(): Portable<AnnouncePolicy> {
    return portable('policy', this.memory)
  }

  /** From now on, in all threads. */
  refuse(first: number): void {
    this.words[UNWANTED] = first
  }

  admit(request: AnnounceRequest): string | null {
    return request.infoHash[0] === this.words[UNWANTED] ? 'unwanted' : null
  }

  admitScrape(infoHash: Uint8Array): boolean {
    return infoHash[0] !== this.words[UNWANTED]
  }
}
